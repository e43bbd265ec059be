"""A version's native contexts and sounds live until its last call has ended; then Asterisk need not keep them any longer.

Which versions have calls, Asterisk itself says: each call joins the group of its version (extensions.conf,
[hotline-enter]) and leaves it at its end, whatever becomes of it in between.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable

import structlog

from hotline.asterisk import Asterisk, AsteriskFailed
from hotline.menus import PublishError, Store

log = structlog.get_logger(__name__)

LOOK_SECONDS = 60.0
SETTLING_SECONDS = 60.0  # after a publish: a call that was let in just before it has joined its group by then
GROUP = "hotline-version"
_JOINED = re.compile(rf"^\S+ +([0-9]+) +{GROUP} *$", re.M)


class Retirement:
    """The old versions of one hotline. `now` is the clock, in Unix seconds, so that tests need not wait."""

    def __init__(self, store: Store, asterisk: Asterisk, now: Callable[[], float] = time.time) -> None:
        self._store = store
        self._asterisk = asterisk
        self._now = now
        self._next = 0.0

    def look(self) -> None:
        """To be called often; looks once a minute. What refuses is asked again then."""
        if self._now() < self._next:
            return
        self._next = self._now() + LOOK_SECONDS
        try:
            if self._now() - self._store.current_since() > SETTLING_SECONDS:
                self._forget_idle()
        except (OSError, PublishError, AsteriskFailed) as error:
            log.warning("old versions stay", reason=str(error))

    def _forget_idle(self) -> None:
        retired = self._store.retired()
        running = bool(retired) and self._asterisk.process() is not None
        idle = retired - (in_use(self._asterisk) if running else set())
        if not idle:
            return
        self._store.forget(idle)
        if running:
            self._asterisk.reload("dialplan reload")
        log.info("old versions have left Asterisk", versions=sorted(idle))


def in_use(asterisk: Asterisk) -> set[int]:
    """The versions that calls are in now. Raises AsteriskFailed."""
    return {int(version) for version in _JOINED.findall(asterisk.cli("group show channels"))}
