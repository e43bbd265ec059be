"""Records of calls from the logs that a real Asterisk wrote of them."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from queues.call_record import CallKind, Left, Outcome, SegmentKind
from tests.queues.logs_of import LOGS, House, lines, whole

STORIES = sorted(path.name for path in LOGS.iterdir())


@pytest.fixture
def simple(tmp_path: Path) -> House:
    return whole("simple", tmp_path)


def test_a_call_that_an_agent_ended(simple: House) -> None:
    call = simple.of("13800000001")
    assert (call.kind, call.outcome, call.ended_by, call.cause) == (CallKind.INBOUND, Outcome.ANSWERED, "agent", 16)
    assert (call.called, call.path, call.type) == ("1234511", "12345-1-1", "complaint")
    assert [segment.kind for segment in call.segments] == [SegmentKind.QUEUE, SegmentKind.TALK]
    assert (call.visits[0].queue, call.visits[0].how, call.visits[0].agent) == ("complaints", Left.ANSWERED, "agent-1001")
    talk = call.talks[0]
    assert (talk.agent, talk.phone, talk.how) == ("agent-1001", "agent-1001", "agent")
    assert call.ended_at is not None and 2.5 < call.ended_at - call.began_at < 3.5
    assert 1.0 < talk.seconds < 1.5


def test_a_call_that_its_caller_ended(simple: House) -> None:
    call = simple.of("13800000002")
    assert (call.outcome, call.ended_by, call.talks[0].how) == (Outcome.ANSWERED, "caller", "caller")


def test_a_caller_who_gave_up(simple: House) -> None:
    call = simple.of("13800000003")
    assert (call.outcome, call.ended_by, [visit.how for visit in call.visits], call.talks) == (Outcome.ABANDONED, "caller", [Left.ABANDONED], ())


def test_a_message_after_nobody_answered(simple: House) -> None:
    call = simple.of("13800000004")
    assert (call.outcome, [segment.how for segment in call.visits]) == (Outcome.VOICEMAIL, [Left.TIMEOUT])
    assert call.visits[0].seconds == pytest.approx(5, abs=0.5)
    assert call.segments[-1].kind is SegmentKind.VOICEMAIL and call.segments[-1].seconds > 2


def test_a_caller_who_left_the_menu(simple: House) -> None:
    call = next(call for call in simple.records.values() if call.called == "12345")
    assert (call.outcome, call.path, call.visits) == (Outcome.LEFT_MENU, "12345", ())


def test_hold_is_the_time_apart_and_a_call_passed_on_is_one_record(tmp_path: Path) -> None:
    house = whole("passed_on", tmp_path)
    held, passed = house.of("13800000001"), house.of("13800000002")
    assert held.talks[0].hold_seconds == pytest.approx(1.5, abs=0.2)
    assert held.talks[0].seconds == pytest.approx(8.8, abs=0.2), "on hold and back it was one conversation"
    assert [(talk.agent, talk.how) for talk in passed.talks] == [("agent-1001", "transfer"), ("agent-1002", "caller")]
    assert len(house.records) == 4, "no leg made a call of its own"


@pytest.mark.parametrize("story", STORIES)
def test_however_the_logs_are_cut_the_records_are_the_same(story: str, tmp_path: Path) -> None:
    """Read line by line in any order between the two logs, with a restart of ours between any two."""
    want = whole(story, tmp_path / "whole").records
    for seed in range(5):
        dice = random.Random(seed)
        house = House(tmp_path / str(seed))
        rest = {log: lines(story, log) for log in ("cel.csv", "queue_log")}
        journal = house.journal()
        while any(rest.values()):
            log = dice.choice([log for log, left in rest.items() if left])
            for _ in range(dice.randint(1, 12)):
                if rest[log]:
                    house.write(log, rest[log].pop(0))
            house.now = max([house.now, *(float(line.split('"')[3]) for line in rest["cel.csv"][:1])])
            house.read(journal)
            if dice.random() < 0.3:
                journal.keep()
            if dice.random() < 0.3:
                journal = house.journal()
        house.read(journal, house.now + 3600)
        assert house.records == want


@pytest.mark.parametrize("story", STORIES)
def test_rotation_loses_no_line(story: str, tmp_path: Path) -> None:
    want = whole(story, tmp_path / "whole").records
    house = House(tmp_path / "turned")
    events, log = lines(story, "cel.csv"), lines(story, "queue_log")
    house.write("cel.csv", "".join(events[:10]))
    house.write("queue_log", "".join(log[:3]))
    journal = house.journal()
    house.read(journal, 0.0)
    house.write("cel.csv", "".join(events[10:15]))
    house.write("queue_log", "".join(log[3:5]))
    for name in ("cel.csv", "queue_log"):
        (house.folder / name).rename(house.folder / f"{name}.0")
    house.write("cel.csv", "".join(events[15:]))
    house.write("queue_log", "".join(log[5:]))
    house.read(journal, 0.0)
    assert house.records == want
    assert journal.missed == 0


def test_asterisk_that_dies_in_mid_call_leaves_no_call_open(tmp_path: Path) -> None:
    events, log = lines("simple", "cel.csv"), lines("simple", "queue_log")
    cut = next(place for place, line in enumerate(events) if "BRIDGE_EXIT" in line)
    house = House(tmp_path)
    house.write("cel.csv", "".join(events[:cut]))
    house.write("queue_log", "".join(log[:4]))
    journal = house.journal()
    house.read(journal, 1795323041.0)
    call = house.of("13800000001")
    assert (call.outcome, call.ended_at) == (Outcome.ANSWERED, None), "it goes on"
    house.write("queue_log", "1795323042|NONE|NONE|NONE|QUEUESTART|\n" + "".join(log[5:]))
    house.write("cel.csv", "".join(events[cut + 20 :]))
    house.read(journal, 1795323060.0)
    call = house.of("13800000001")
    assert (call.ended_by, call.talks[0].how, call.ended_at) == ("asterisk", "asterisk", pytest.approx(1795323040.8, abs=0.1))
    assert house.of("13800000004").outcome is Outcome.VOICEMAIL, "whoever came afterwards is another call"


def test_a_restart_in_the_second_of_a_new_call_ends_only_the_old_one(tmp_path: Path) -> None:
    events = [line for line in lines("simple", "cel.csv") if "CHAN_END" not in line and "HANGUP" not in line and "LINKEDID_END" not in line]
    house = House(tmp_path)
    house.write("cel.csv", "".join(line for line in events if "1795323039.0" in line or "1795323042.2" in line))
    house.write("queue_log", "1795323042|NONE|NONE|NONE|QUEUESTART|\n")
    house.read(house.journal(), 1795323043.0)
    ended = {name.rpartition("-")[2]: call.ended_by for name, call in house.records.items()}
    assert ended == {"1795323039.0": "asterisk", "1795323042.2": ""}


def test_a_call_nobody_heard_of_for_a_day_is_over(tmp_path: Path) -> None:
    house = House(tmp_path)
    house.write("cel.csv", lines("simple", "cel.csv")[0])
    journal = house.journal()
    house.read(journal, 1795323040.0)
    assert not next(iter(house.records.values())).ended_by
    house.read(journal, 1795323040.0 + 2 * 86_400)
    assert next(iter(house.records.values())).outcome is Outcome.LOST
    house.read(journal, 1795323040.0 + 3 * 86_400)
    assert journal.waiting()["calls"] == 0


def test_two_calls_that_a_transfer_made_one_are_one_record(tmp_path: Path) -> None:
    """An agent's second call, whose leg then has the first call's linkedid: Asterisk keeps the older name."""
    def cel(name: str, at: float, channel: str, uniqueid: str, linkedid: str) -> str:
        fields = [name, f"{1795000000 + at:.6f}", uniqueid, linkedid, channel, "c", "s", "", "", "", "", ""]
        return ",".join(f'"{field}"' for field in fields) + "\n"

    house = House(tmp_path)
    journal = house.journal()
    first, second, far = ("PJSIP/trunk-00000001", "h-1795000000.1"), ("PJSIP/1001-00000002", "h-1795000005.2"), ("PJSIP/trunk-00000003", "h-1795000006.3")
    house.write("cel.csv", cel("CHAN_START", 0, *first, first[1]) + cel("CHAN_START", 5, *second, second[1]) + cel("CHAN_START", 6, *far, second[1]))
    house.read(journal, 1795000007.0)
    assert set(house.records) == {first[1], second[1]}
    house.write("cel.csv", cel("BRIDGE_ENTER", 8, *far, first[1]))
    house.read(journal, 1795000009.0)
    assert set(house.records) == {first[1]}, "the younger is no call of its own any more"
    assert house.records[first[1]].joined == (second[1],)
    house.write("cel.csv", "".join(cel("CHAN_END", 10, *leg, first[1]) for leg in (first, second, far)))
    house.read(journal, 1795000011.0)
    assert house.records[first[1]].ended_at == 1795000010.0
    house.read(journal, 1795000100.0)
    assert journal.waiting()["calls"] == 0
