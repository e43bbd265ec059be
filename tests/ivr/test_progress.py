"""What a citizen hears of their matter: the words of the stage, and a date as it is said in Chinese and in English."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from hotline import menus
from hotline.settings import DIALPLANS
from ivr import progress, say
from ivr.loading import load
from tests.ivr.cities import CHINA, MONDAY
from tickets.moves import STAGES

CITY = load(menus.texts(DIALPLANS / "12345"))


def test_every_stage_has_words_in_both_languages() -> None:
    assert progress.OF_STAGE.keys() == STAGES.keys()
    for language in ("zh", "en"):
        for prompt in progress.PROMPTS:
            assert CITY.text(prompt, language if language == "en" else "")


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("day", [datetime(2026, 12, 1), datetime(2027, 1, 11), datetime(2026, 12, 31), datetime(2027, 2, 22)])
def test_a_date_is_said_as_the_language_says_it(language: str, day: datetime) -> None:
    due = day.replace(tzinfo=CHINA) + timedelta(days=1)  # midnight at the end of that day
    _, until, *date = progress.said("handling", due, MONDAY, CHINA, language)
    assert until == "progress-until"
    text = [CITY.text(prompt, "" if language == "zh" else language) for prompt in date]
    spoken = ("" if language == "zh" else " ").join(text)
    whole = say.spoken_date(day.date(), language)
    assert whole.endswith(spoken) if language == "zh" else whole.startswith(spoken), (spoken, whole)


def test_a_deadline_is_said_only_while_somebody_handles_it_and_a_missed_one_is_said_to_be_missed() -> None:
    due = MONDAY + timedelta(days=2)
    assert progress.said("pending", due, MONDAY, CHINA, "zh") == ("progress-registered",)
    assert progress.said("completed", None, MONDAY, CHINA, "zh") == ("progress-completed",)
    assert progress.said("extended", due, due, CHINA, "zh") == ("progress-extended", "progress-late")
