"""What a citizen hears of their matter on the telephone: prompts for the stage, and until when it is to be done. Pure.

Each thing that can be said is a recording of the city's own; dates are a month and a day, in the order of the language.
"""

from __future__ import annotations

from datetime import datetime, timedelta, tzinfo

OF_STAGE = {  # tickets/moves.py has more stages than a citizen needs words
    "pending": "registered",
    "to_dispatch": "registered",
    "returned": "registered",
    "dispatched": "dispatched",
    "handling": "handling",
    "extended": "extended",
    "supervised": "supervised",
    "replied": "replied",
    "completed": "completed",
    "to_revisit": "completed",
    "rated": "completed",
    "filed": "completed",
    "answered_at_once": "answered",
    "not_accepted": "not-accepted",
}
WITH_A_DATE = frozenset(("dispatched", "handling", "extended", "supervised"))  # the deadlines before are the hotline's own
MONTH_FIRST = frozenset(("zh",))
ASKS = ("progress-number", "progress-pin", "progress-again", "progress-wrong", "progress-enough", "progress-locked", "progress-restricted", "progress-away")
"""Said by the dialplan (dialplans/asterisk/progress.conf.j2)."""
DATES = (*(f"month-{month}" for month in range(1, 13)), *(f"day-{day}" for day in range(1, 32)))
PROMPTS = (*ASKS, *(f"progress-{word}" for word in dict.fromkeys(OF_STAGE.values())), "progress-until", "progress-late", *DATES)
"""What a city needs that has a node of the kind progress."""


def said(stage: str, due_at: datetime | None, now: datetime, zone: tzinfo, language: str) -> tuple[str, ...]:
    """办理中，办理期限到十一月三十日. Raises KeyError for a stage that is none."""
    words = (f"progress-{OF_STAGE[stage]}",)
    if due_at is None or stage not in WITH_A_DATE:
        return words
    if due_at <= now:
        return (*words, "progress-late")
    last = (due_at - timedelta(seconds=1)).astimezone(zone)  # until midnight is until the day before
    date = (f"month-{last.month}", f"day-{last.day}")
    return (*words, "progress-until", *(date if language in MONTH_FIRST else date[::-1]))
