"""The part of bench-speech that needs no model."""

from __future__ import annotations

from bench import speech
from hotline.settings import DIALPLANS
from speech.text import gazetteer


def test_general_mandarin_stays_and_a_minute_is_cheap() -> None:
    (row,) = speech.general_text(gazetteer.of_city(DIALPLANS / "12345"))
    assert row["general_characters"] >= 2000
    assert row["wrong_replacements"] == 0
    assert row["minute_characters"] > 250
    assert row["minute_ms"] < 1000  # the aim of 50 ms is the bench's, on a quiet machine
