"""What queue_log says of a call that was passed to a department: where to, that they answered, how it ended."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from queues.happenings import AgentAnswered, Happening, PassAccepted, PassedOn, PassEnded
from queues.records import Ledger, Record

AT = datetime.fromtimestamp(1795311586, UTC)
PASS = "1795311586|a-1.1|NONE|12366|HOTLINEPASS|a-1.0|12366|consultation|13800001234|12366|tax|TX-7|sub-centre"
ACCEPT = "1795311586|a-1.1|NONE|12366|HOTLINEACCEPT|a-1.0|sub-centre"
END = "1795311586|a-1.1|NONE|12366|HOTLINEPASSEND|a-1.0|sub-centre|ANSWER|35"


def told(*lines: str) -> list[Happening]:
    return Ledger().follow(record for line in lines if (record := Record.parse(line)))


def test_a_pass_is_told_with_everything_its_ticket_needs() -> None:
    assert told(PASS, ACCEPT, END) == [
        PassedOn(
            linkedid="a-1.0", where="12366", mode="sub-centre", path="12366", type="consultation", caller="13800001234",
            called="12366", at=AT, category="tax", reference="TX-7",
        ),
        PassAccepted("a-1.0", "12366", AT),
        PassEnded("a-1.0", "12366", "answered", AT, 35),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("status", "result"),
    [("ANSWER", "answered"), ("BUSY", "busy"), ("NOANSWER", "no_answer"), ("CANCEL", "caller_left"), ("CHANUNAVAIL", "failed"), ("", "failed")],
)
def test_each_way_it_can_end_has_a_name(status: str, result: str) -> None:
    assert told(END.replace("ANSWER", status)) == [PassEnded("a-1.0", "12366", result, AT, 35)]


def test_an_agent_who_does_not_wait_for_the_department_has_cancelled() -> None:
    warm = "1795311586|a-1.0|NONE|12366|HOTLINEPASSEND|a-1.0|warm|CANCEL|"
    assert told(warm, warm.replace("CANCEL", "ANSWER")) == [
        PassEnded("a-1.0", "12366", "cancelled", AT, 0, True), PassEnded("a-1.0", "12366", "answered", AT, 0, True),
    ]  # fmt: skip


def test_the_category_and_another_centres_number_reach_the_agents_ticket() -> None:
    begins = "1795311586|a-1.1|hotline-general|NONE|HOTLINE|a-1.0|12345-0|help|13800001234|12349|civil-affairs|MZ-2026-9"
    (answered,) = told(begins, "1795311589|a-1.1|hotline-general|1001|CONNECT|3|a-1.2|2")
    assert isinstance(answered, AgentAnswered)
    assert (answered.category, answered.reference, answered.called) == ("civil-affairs", "MZ-2026-9", "12349")


def test_half_a_line_breaks_nothing() -> None:
    assert told("1795311586|a-1.1|NONE|12366|HOTLINEPASS") == [PassedOn("a-1.1", "12366", "", "", "", "", "", AT)]
