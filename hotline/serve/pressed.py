"""Between queues' AMI link and agi's tapes: every key a caller presses, so that none is lost between two AGI commands."""

from __future__ import annotations

from collections.abc import Callable

import structlog

from agi.keys import WAKE_KEY, Keys
from queues.ami import AmiLink
from queues.errors import AmiError
from queues.event import Event

log = structlog.get_logger(__name__)


def follow_keys(link: AmiLink, keys: Keys) -> None:
    """Before link.start()."""

    def follow(name: str, tell: Callable[[str, str], None]) -> None:
        def told(event: Event) -> None:
            if event["Direction"] == "Received":
                tell(event["Uniqueid"], event["Digit"])

        link.subscribe(name, told, urgent=True)  # agi believes no report that comes later than keys.REPORT_SECONDS

    follow("DTMFBegin", keys.began)
    follow("DTMFEnd", keys.heard)
    link.subscribe("Hangup", lambda event: keys.gone(event["Uniqueid"]), urgent=True)
    link.on_change(keys.connected)


async def press(link: AmiLink, channel: str) -> None:
    """Ends an Ask whose key was lost, with a tone no telephone makes, as if the caller had pressed it. Raises nothing."""
    try:
        await link.action({"Action": "PlayDTMF", "Channel": channel, "Digit": WAKE_KEY, "Receive": "true"})
    except AmiError as error:
        log.warning("an ask was not woken", reason=str(error))
