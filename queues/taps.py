"""Taps: two legs of our own that carry a call's sound to whoever recognises it (listening.conf, ADR 0093).

Nothing here waits for a recogniser, and a tap that does not come about costs only the words: the call goes on as it was.
"""

from __future__ import annotations

import structlog

from queues.errors import AmiError
from queues.live_legs import Link, own_id

TAP = "tap-"
CALLER, BOTH = "o", "D"
COME_MILLISECONDS = 5000

log = structlog.get_logger()


async def begin(link: Link, linkedid: str, spied: str, how: str, name: str, port: int) -> bool:
    """`spied` is a channel's unique id; `name` and `port` are where its sound is wanted. Raises nothing."""
    leg = own_id(TAP, linkedid)
    try:
        await link.action({
            "Action": "Originate", "Channel": "Local/sound@hotline-tap/n", "Context": "hotline-tap", "Exten": "ear", "Priority": "1",
            "Async": "true", "Timeout": COME_MILLISECONDS, "ChannelId": leg, "OtherChannelId": f"{leg}-sound",
            "Variable": [f"HOTLINE_EAR={spied}", f"HOTLINE_EAR_HOW={how}", f"__HOTLINE_TAP={name}", f"__HOTLINE_TAP_PORT={port}"],
        })  # fmt: skip
    except AmiError as error:
        log.warning("a call is not listened to", linkedid=linkedid, reason=str(error))
        return False
    return True
