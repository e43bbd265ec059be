"""What a waiting caller is told: only what the queue wants said, and nothing of time where nobody can know."""

from __future__ import annotations

from dataclasses import replace

import pytest

from queues.event import Answer, Event
from queues.state import Picture
from queues.waiting import Announcer, Standing, standing, told
from tests.ivr.cities import good_city
from tests.queues.conftest import queue
from tests.queues.test_skills import MENUS, QUEUES, WAITING

KEYS = {"1": "message"}


@pytest.mark.parametrize(
    ("say", "keys", "seconds", "first", "expected"),
    [
        ("both", KEYS, 250.0, True, ("position-3", "wait-5", "waiting-keys")),
        ("both", KEYS, 250.0, False, ("position-3", "wait-5")),
        ("both", {}, None, True, ("position-3",)),
        ("wait", {}, 9999.0, True, ("wait-long",)),
        ("position", KEYS, 10.0, False, ("position-3",)),
        ("nothing", KEYS, 10.0, True, ("waiting-keys",)),
        ("nothing", {}, 10.0, True, ()),
    ],
)
def test_a_caller_is_told_what_the_queue_says(say: str, keys: dict[str, str], seconds: float | None, first: bool, expected: tuple[str, ...]) -> None:
    assert told(replace(queue("general"), say=say, keys=keys), 3, seconds, first=first) == expected


class Link:
    """Takes subscriptions, for nothing is sent here."""

    connected = True

    def subscribe(self, name: str, callback: object) -> None: ...


def member(name: str, section: str, penalty: int = 0, status: str = "2", paused: str = "0", reason: str = "") -> Event:
    return Event.of(
        {
            "Event": "QueueMember", "Queue": section, "Interface": f"PJSIP/{name}", "Status": status, "Paused": paused,
            "PausedReason": reason, "Penalty": str(penalty),
        }
    )  # fmt: skip


def test_the_estimate_reckons_with_those_who_can_and_are_there() -> None:
    city = good_city(menus=MENUS, queues=QUEUES, waiting=WAITING)
    announcer = Announcer(Link(), Picture(), lambda: city)  # type: ignore[arg-type]
    section = "hotline-complaints+cantonese+tax"
    caller = Standing("1.1", "PJSIP/trunk-1", section, 2, 10)
    there = (
        member("able", section, 0), member("also", section, 3, paused="1", reason="in_call"), member("other", section, 9),
        member("lunch", section, 0, paused="1", reason="lunch"), member("gone", section, 0, status="5"),
    )  # fmt: skip
    asked = Answer(Event.of({"Response": "Success"}), there)
    guess = announcer.expected(asked, {section}, caller, replace(city.queues["complaints"], handle_seconds=100))
    assert guess == 2 * 100 / 2  # two who can and are there


def test_callers_are_read_from_queue_status() -> None:
    entry = {"Event": "QueueEntry", "Queue": "hotline-general+tax", "Position": "2", "Channel": "PJSIP/trunk-2", "Uniqueid": "1.2", "Wait": "40"}
    answer = Answer(Event.of({"Response": "Success"}), (Event.of(entry), Event.of({**entry, "Queue": "somebody-elses"})))
    assert list(standing(answer)) == [Standing("1.2", "PJSIP/trunk-2", "hotline-general+tax", 2, 40)]
