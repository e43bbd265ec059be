"""`hotline check` and `hotline walk`: what an administrator sees before anything is published."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.ivr import speaking
from tests.ivr.cities import GOOD, replaced
from tests.ivr.editor import city, hotline


def test_check_says_no_faults_or_one_line_for_each(home: Path, tmp_path: Path) -> None:
    assert (hotline("check").exit_code, hotline("check").output) == (0, "no faults\n")
    assert hotline("check", str(GOOD)).exit_code == 0
    city(tmp_path, replaced("numbers", '"12366":', "12366:"))
    wrong = hotline("check")
    assert (wrong.exit_code, wrong.output) == (1, 'numbers.yaml:6: numbers/12366: must stand in quotes: "12366"\n')
    assert hotline("check", str(tmp_path / "nowhere")).exit_code == 1


def test_check_reads_what_is_no_text_at_all(home: Path, tmp_path: Path) -> None:
    (tmp_path / "city" / "menus.yaml").write_bytes("名称".encode("gbk"))
    wrong = hotline("check")
    assert wrong.exit_code == 1
    assert "menus.yaml: 'utf-8' codec can't decode" in wrong.output


def test_walk_with_keys_prints_the_story(home: Path) -> None:
    told = hotline("walk", "12345", "1", "silence", "1", "--at", "2026-11-23 10:00")
    assert told.exit_code == 0
    assert [line.split("#")[0].strip() for line in told.output.splitlines()] == [
        '"12345 1 silence 1":', '- at: "2026-11-23 10:00"', '- dials: "12345"', "- hears: welcome", "- hears: main-menu", '- presses: "1"',
        "- hears: matters", "- is_silent", "- hears: noinput", "- hears: matters", '- presses: "1"', "- reaches: complaints",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "words", [["1", "1"], ["1"], ["0"], ["silence", "silence"], ["9", "*", "#", "silence", "2"], ["1", "2", "--at", "2026-11-22 03:00"]], ids=" ".join
)
def test_what_walk_prints_is_pasted_and_comes_true(home: Path, tmp_path: Path, words: list[str]) -> None:
    told = hotline("walk", "12345", *words)
    assert told.exit_code == 0
    (tmp_path / "city" / "stories").mkdir()
    pasted = tmp_path / "city" / "stories" / "walked.yaml"
    pasted.write_text(told.output, encoding="utf-8")
    assert hotline("check").output == "no faults\n"
    pasted.write_text(told.output.replace('- dials: "12345"', '- dials: "12366"'), encoding="utf-8")
    assert "the story breaks here" in hotline("check").output


def test_walk_takes_words_where_a_menu_listens(home: Path, tmp_path: Path) -> None:
    city(tmp_path, speaking.texts())
    told = hotline("walk", "12345", "1", "我要投诉", "--at", "2026-11-23 10:00")
    assert told.exit_code == 0
    assert [line.strip() for line in told.output.splitlines()][-2:] == ["- says: 我要投诉                # key 1", "- reaches: complaints       # 12345-1-1 Complaint, complaint 投诉"]
    typed = hotline("walk", "12345", typed="我要投诉\n1\n投苏\n是的\n")
    assert "nobody listens here" in typed.output and "key or words (Enter: silence, q: hang up)" in typed.output
    assert "-> complaints" in typed.output
    (tmp_path / "city" / "stories").mkdir()
    (tmp_path / "city" / "stories" / "walked.yaml").write_text(told.output, encoding="utf-8")
    assert hotline("check").output.endswith("no faults\n")
    assert hotline("publish", "-m", "in words").exit_code == 0


def test_walk_talks_in_the_terminal(home: Path) -> None:
    told = hotline("walk", "12345", typed="x\n\n3\n")
    assert told.exit_code == 0
    assert "您好，这里是12345。" in told.output
    assert '"x" is not on a telephone' in told.output
    assert "没有收到按键。" in told.output
    assert "-> voicemail" in told.output
    assert hotline("walk", "12345", typed="q\n").output.rstrip().endswith("- hangs_up")


def test_walk_says_what_cannot_be_walked(home: Path) -> None:
    for words, reason in (
        (["12399"], "12399 is no number of this hotline"),
        (["12345", "1", "1", "1"], "the menu is over: the caller has reached complaints"),
        (["12345", "x"], '"x" is not on a telephone'),
        (["12345", "--at", "soon"], '"soon" is not a moment'),
        (["12345", "--published"], "nothing was published yet"),
    ):
        result = hotline("walk", *words)
        assert result.exit_code == 1
        assert reason in result.output


def test_check_names_what_no_person_has_recorded(home: Path, tmp_path: Path) -> None:
    (home / "sounds/zh/welcome.wav").unlink()
    assert hotline("check").output == (
        "prompts.yaml:1: file: warning: no person has recorded welcome: until then a machine speaks, or nobody\nno faults\n"
    )
    recording = tmp_path / "city" / "recordings" / "zh" / "welcome.wav"
    recording.parent.mkdir(parents=True)
    recording.touch()
    assert hotline("check").output == "no faults\n"
