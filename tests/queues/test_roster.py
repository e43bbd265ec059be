"""Lists of people: YAML and CSV say the same, and what is no list is refused with its place."""

from __future__ import annotations

import pytest

from queues.roster import RosterRefused, read

YAML = """
- login: li
  name: 李明
  work_number: "0024"
  skills: {tax: 7, law: 3}
  dialects: [cantonese]
  level: 3
  pin: "4711"
- {login: wang, name: 王芳, work_number: 1025, active: false}
"""
BY_LOGIN = """
li: {name: 李明, work_number: "0024", skills: {tax: 7, law: 3}, dialects: [cantonese], level: 3, pin: "4711"}
wang: {name: 王芳, work_number: 1025, active: false}
"""
CSV = """\ufefflogin,name,work_number,skills,dialects,level,pin,active
li,李明,0024,tax:7 law:3,cantonese,3,4711,
wang,王芳,1025,,,,,no
"""
PEOPLE = [
    ("li", {"name": "李明", "work_number": "0024", "skills": {"tax": 7, "law": 3}, "dialects": ["cantonese"], "level": 3}, "4711"),
    ("wang", {"name": "王芳", "work_number": "1025", "active": False}, None),
]


@pytest.mark.parametrize(("text", "is_csv"), [(YAML, False), (BY_LOGIN, False), (CSV, True)])
def test_every_form_says_the_same(text: str, is_csv: bool) -> None:
    assert read(text, is_csv=is_csv) == PEOPLE


@pytest.mark.parametrize(
    ("text", "is_csv", "why"),
    [
        ("- login: li\n- login: li\n", False, "entry 2: the login li stands here twice"),
        ("- name: li\n", False, "entry 1: no login"),
        ("- li\n", False, "entry 1: must be names"),
        ("42", False, "a list of people"),
        ("a: [", False, "expected the node content"),
        ("- !!python/object:os.system {}\n", False, "could not determine a constructor"),
        ("login,name\nli\n", True, "line 2: not as many cells"),
        ("login,skills\nli,tax\n", True, "line 2: skills are written"),
        ("login,level\nli,high\n", True, "line 2: level is a whole number"),
        ('login,name\nli,"x\n', True, "line"),
        ("login,name\n" + "x,y\n" * 20_001, True, "20001 people"),
        ("x" * 5_000_001, False, "larger than"),
    ],
)
def test_what_is_no_list_is_refused_with_its_place(text: str, is_csv: bool, why: str) -> None:
    with pytest.raises(RosterRefused) as no:
        read(text, is_csv=is_csv)
    assert why in str(no.value)
