"""Numbers that Asterisk remembered for a day or two are forgotten: who called before, who has been promised a call-back.

The dialplan counts them by the day in Asterisk's own database (waiting.conf: hotline-again-DAY, hotline-back-DAY), also
while the service is away, and asks for today's and yesterday's only. Older days go here, whether or not anybody calls.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime, timedelta

import structlog

from hotline.asterisk import Asterisk, AsteriskFailed

log = structlog.get_logger(__name__)

LOOK_SECONDS = 3600.0
FAMILIES = ("hotline-again", "hotline-back")
KEPT_DAYS = 2  # before today: the dialplan asks for yesterday, and a wrong clock may be put right


class Remembered:
    """The numbers that one Asterisk remembers. `now` is the clock, in Unix seconds, so that tests need not wait."""

    def __init__(self, asterisk: Asterisk, now: Callable[[], float] = time.time) -> None:
        self._asterisk, self._now = asterisk, now
        self._next = 0.0

    def look(self) -> None:
        """To be called often; looks once an hour, from the first time Asterisk runs on. What refuses is asked again then."""
        if self._now() < self._next or self._asterisk.process() is None:
            return
        self._next = self._now() + LOOK_SECONDS
        oldest = (datetime.fromtimestamp(self._now()).astimezone() - timedelta(days=KEPT_DAYS)).strftime("%Y%m%d")
        try:
            for family in FAMILIES:
                old = f"key > '/{family}-0' AND key < '/{family}-{oldest}'"
                self._asterisk.cli(f'database query "DELETE FROM astdb WHERE {old}"')
        except AsteriskFailed as error:
            log.warning("old numbers stay", reason=str(error))
