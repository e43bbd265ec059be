"""How callers wait, as Asterisk gets it: needs by node and language, ways elsewhere, keys, and what may be called back."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ivr.loading import load
from ivr.model import City
from ivr.queueing import CallBacks, Overflow
from ivr.waiting_dialplan import compile_waiting
from tests.ivr.cities import good_city, good_texts

QUEUES = good_texts()["queues.yaml"] + (
    '  languages: {en: english}\n  relax: ["0 7", "20 1", "60 0"]\n  priority: 2\n  keys: {"1": message, "*": menu}\n'
    "  overflows: [above 20 to number 05468888888, outside office to voicemail 12345-3, nobody to queue complaints, after 30 to queue complaints]\n"
)
WAITING = "skills: {tax: 税务, english: 英语}\nagain: {hours: 4, priority: 3}\n"
MENUS = good_texts()["menus.yaml"].replace("queue: general", "queue: general\n    skills: [tax]\n    priority: 5", 1)


@pytest.fixture
def lines() -> list[str]:
    prompts = good_texts()["prompts.yaml"] + "waiting-keys: 留言请按1。\n"
    english = {"prompts.en.yaml": "welcome: Hello.\n"}
    city = load(good_texts(queues=QUEUES, waiting=WAITING, menus=MENUS, prompts=prompts) | english)
    return compile_waiting(city).splitlines()


def extension(lines: list[str], context: str, name: str) -> list[str]:
    """The steps of one extension."""
    begin = lines.index(f"[{context}]")
    rest = lines[begin + 1 :]
    here = rest[: next((at for at, line in enumerate(rest) if line.startswith("[")), len(rest))]
    at = next(at for at, line in enumerate(here) if line.startswith(f"exten => {name},1,"))
    steps = [here[at].split(",1,", 1)[1]]
    for line in here[at + 1 :]:
        if not line.startswith(" same => n,"):
            break
        steps.append(line.removeprefix(" same => n,"))
    return steps


def test_what_a_node_needs_and_what_its_language_adds(lines: list[str]) -> None:
    (node,) = {line.split(" => ")[1].split(",")[0] for line in lines if "HOTLINE_NEED=tax," in line}
    assert extension(lines, "hotline-needs", node) == [
        "MSet(HOTLINE_NEED=tax,HOTLINE_PRIORITY=5)",
        'ExecIf($["${HOTLINE_LANGUAGE}"="en"]?Set(HOTLINE_NEED=english+tax))',
        "Return()",
    ]


def test_ways_elsewhere(lines: list[str]) -> None:
    arrive = extension(lines, "hotline-queue-general", "arrive")
    waiting = "${QUEUE_WAITING_COUNT(hotline-general)} + ${QUEUE_WAITING_COUNT(hotline-general+english)} + ${QUEUE_WAITING_COUNT(hotline-general+english+tax)}"
    assert arrive[0].startswith(f"ExecIf($[{waiting}") and arrive[0].endswith(" >= 20]?Return(number-05468888888))")
    assert arrive[1:] == ["Gosub(hotline-hours-office,s,1)", 'ExecIf($["${GOSUB_RETVAL}"!="open"]?Return(voicemail-12345-3))', "Return()"]
    assert extension(lines, "hotline-queue-general", "nobody") == ["Return(queue-complaints)"]
    settings = extension(lines, "hotline-queue-general", "settings")[0]
    assert "HOTLINE_AFTER=30,HOTLINE_AFTER_TO=queue-complaints,HOTLINE_STRICT=2" in settings
    assert extension(lines, "hotline-hours-office", "open") == ["Return(open)"]


def test_keys_stand_in_a_context_of_the_queue(lines: list[str]) -> None:
    assert extension(lines, "hotline-keys-general", "*") == ["Goto(hotline-key,menu,1)"]
    assert "[hotline-keys-complaints]" not in lines


def test_nothing_but_what_was_listed_is_called_back(lines: list[str]) -> None:
    begin = lines.index("[hotline-callback-numbers]") + 1
    patterns = lines[begin : lines.index("", begin)]
    assert patterns == [f"exten => _{pattern},1,Return(ok)" for pattern in CallBacks().numbers]


@pytest.mark.parametrize("target", ["general)\nexten", "a,b", "${SHELL(x)}", "x|y", "x;y"])
def test_nothing_hostile_becomes_dialplan(target: str) -> None:
    city = good_city()
    hostile = replace(city.queues["general"], overflows=(Overflow("nobody", 0, "", "number", target),))
    with pytest.raises(ValueError, match="must not become dialplan"):
        compile_waiting(replace(city, queues={"general": hostile}, nodes={}))


def test_a_city_that_says_nothing_of_it_has_it_plain() -> None:
    city: City = good_city()
    text = compile_waiting(city)
    assert "[hotline-needs]\n\n" in text and "hotline-keys-" not in text
