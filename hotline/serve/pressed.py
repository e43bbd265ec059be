"""Between queues' AMI link and agi's tapes: every key a caller presses, so that none is lost between two AGI commands."""

from __future__ import annotations

import structlog

from agi.keys import WAKE_KEY, Keys
from queues.ami import AmiLink
from queues.errors import AmiError
from queues.event import Event

log = structlog.get_logger(__name__)


def follow_keys(link: AmiLink, keys: Keys) -> None:
    """Before link.start()."""
    dropped = 0

    def pressed(event: Event) -> None:
        if event["Direction"] == "Received":
            keys.heard(event["Uniqueid"], event["Digit"])

    def connected() -> None:
        """Also called at each resync; only a gap in the events makes the tapes untrustworthy."""
        nonlocal dropped
        if link.dropped != dropped:
            dropped = link.dropped
            keys.connected(False)
        keys.connected(True)

    link.subscribe("DTMFEnd", pressed)
    link.on_connected(connected)
    link.on_lost(lambda: keys.connected(False))


async def press(link: AmiLink, channel: str) -> None:
    """Ends an Ask whose key was lost, with a tone no telephone makes, as if the caller had pressed it. Raises nothing."""
    try:
        await link.action({"Action": "PlayDTMF", "Channel": channel, "Digit": WAKE_KEY, "Receive": "true"})
    except AmiError as error:
        log.warning("an ask was not woken", reason=str(error))
