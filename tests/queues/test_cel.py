"""Lines of the channel event log: what a real Asterisk wrote, and what a hostile caller would like it to say."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from queues.cel import FIELDS, CelEvent, age

REAL = (
    '"HANGUP","1795323044.871981","hotline12345-1795323043.3","hotline12345-1795323042.2","PJSIP/agent-1001-00000003","hotline-phones","s",'
    '"AppQueue","(Outgoing Line)","","","{""hangupcause"":16,""hangupsource"":""PJSIP/trunk-00000002"",""dialstatus"":""""}"'
)
OURS = (
    '"HotlineDecided","1795323042.053123","hotline12345-1795323042.2","hotline12345-1795323042.2","PJSIP/trunk-00000002","hotline-decided","s",'
    '"CELGenUserEvent","HotlineDecided,queue|complaints|12345-1-1|complaint","","HotlineDecided","{""extra"":""queue|complaints|12345-1-1|complaint""}"'
)


def test_a_line_of_a_real_asterisk() -> None:
    event = CelEvent.parse(REAL + "\n")
    assert event is not None
    assert (event.event, event.at, event.phone, event.ours) == ("HANGUP", 1795323044.871981, "agent-1001", False)
    assert event.extra["hangupsource"] == "PJSIP/trunk-00000002"
    ours = CelEvent.parse(OURS)
    assert ours is not None
    assert (ours.ours, ours.phone, ours.words()) == (True, "", ("queue", "complaints", "12345-1-1", "complaint"))


@pytest.mark.parametrize(
    "line",
    ["", "\n", REAL[:-1], REAL[:40], REAL[1:], REAL + ",", REAL + REAL, REAL.replace("1795323044.871981", "yesterday"),
     REAL.replace('"hotline12345-1795323042.2"', '""'), ",".join(['""'] * FIELDS), '"' + "x" * 9_000],
)  # fmt: skip
def test_what_is_no_whole_line_is_none(line: str) -> None:
    assert CelEvent.parse(line) is None


@given(st.text(max_size=200))
def test_a_field_can_say_anything_and_begins_no_line_of_its_own(text: str) -> None:
    written = io.StringIO()
    fields = ["CHAN_START", "1795323044.871981", "a-1.1", "a-1.1", "PJSIP/trunk-1", "c", text, "", "", "", "", ""]
    csv.writer(written, quoting=csv.QUOTE_ALL, lineterminator="\n").writerow(fields)
    read = [event for line in written.getvalue().split("\n")[:-1] if (event := CelEvent.parse(line))]
    assert [event.exten for event in read] in ([text], []), "the line as it was, or none"


def test_a_forged_line_inside_a_field_is_not_taken() -> None:
    forged = "\n" + REAL.replace("HANGUP", "ANSWER") + "\n"
    written = io.StringIO()
    fields = ["CHAN_START", "1795323044.871981", "a-1.1", "a-1.1", "PJSIP/trunk-1", "c", forged, "", "", "", "", ""]
    csv.writer(written, quoting=csv.QUOTE_ALL, lineterminator="\n").writerow(fields)
    assert [CelEvent.parse(line) for line in written.getvalue().split("\n")] == [None] * 4


def test_calls_are_as_old_as_asterisk_says() -> None:
    names = ["hotline12345-1795323042.10", "hotline12345-1795323042.9", "hotline12345-1795323041.11", "1795323040.1"]
    assert sorted(names, key=age) == names[::-1]
    assert age("nonsense") == (0, 0)
