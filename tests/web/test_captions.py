"""Who gets captions of a call: supervisors, and the agents who are in it."""

from __future__ import annotations

from queues.events import Events, Line
from tests.web.conftest import Hotline
from tests.web.test_events import listen, server
from web.access import Reader
from web.events import _concerns

__all__ = ["server"]
SAID = {"linkedid": "1.1", "agents": ["wang"], "what": "said", "side": "caller", "text": "我家漏水了"}


def test_only_those_whom_it_concerns() -> None:
    caption, call = Line(1, "caption", "", SAID), Line(1, "call", "", {})
    for role, agent, may in (
        ("supervisor", "", True), ("administrator", "", True), ("agent", "wang", True), ("agent", "li", False), ("agent", "", False),
        ("integration", "", False), ("integration", "wang", True),
    ):  # fmt: skip
        assert _concerns(Reader("t", role, agent), caption) is may, (role, agent)
        assert _concerns(Reader("t", role, agent), call)
    assert not _concerns(Reader("t", "agent", "wang"), Line(1, "caption", "", {"text": "of nobody's call"}))


def test_a_supervisor_reads_along_and_an_agent_of_another_call_does_not(server: str, hotline: Hotline) -> None:
    def say() -> None:
        events = Events(hotline.home)
        events.say("caption", SAID)
        events.say("message", {"text": "hello", "from": "x", "queue": ""})
        events.close()

    (caption,) = listen(server, hotline, 1, say, role="supervisor", query="?kind=caption&kind=message")
    assert (caption["kind"], caption["text"]) == ("caption", "我家漏水了")
    (message,) = listen(server, hotline, 1, say, query="?kind=caption&kind=message")
    assert message["kind"] == "message"
