"""How often, and for how long, a delivery that could not be made is tried again."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(frozen=True)
class Patience:
    """How long to wait between attempts, and when to stop."""

    first_seconds: float = 5.0
    longest_seconds: float = 3600.0
    give_up_days: float = 3.0

    def next_attempt(self, attempts: int, since: datetime, now: datetime) -> datetime | None:
        """When to try again after `attempts` failures; None when it has been tried long enough.

        Twice as long each time, a random half of it taken off so that a returning case system is not run over.
        """
        if now - since >= timedelta(days=self.give_up_days):
            return None
        pause = min(self.first_seconds * 2 ** min(attempts - 1, 30), self.longest_seconds)
        return now + timedelta(seconds=pause * random.uniform(0.5, 1.0))
