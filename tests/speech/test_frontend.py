"""Chinese text becomes clauses of phones with pauses."""

from __future__ import annotations

from speech.frontend import LONGEST_CLAUSE, clauses, readable, unspeakable

SYLLABLES = {"ni": ("n", "i"), "hao": ("h", "ao"), "yao": ("^", "iao"), "en": ("^", "en"), "yi": ("^", "i"), "shi": ("sh", "iii"), "bu": ("b", "u")}


def test_a_greeting_has_its_tones_as_they_are_spoken() -> None:
    (clause,) = clauses("你好", SYLLABLES)
    assert clause.phones == ("sil", "n", "i2", "#0", "h", "ao3", "sil")  # two third tones: the first one rises


def test_a_comma_is_a_shorter_pause_than_a_full_stop() -> None:
    first, second = clauses("你好，你好。", SYLLABLES)
    assert 0 < first.pause_seconds < second.pause_seconds


def test_an_endless_sentence_is_given_breath() -> None:
    said = clauses("好" * (2 * LONGEST_CLAUSE + 1), SYLLABLES)
    assert [sum(phone == "h" for phone in clause.phones) for clause in said] == [LONGEST_CLAUSE, LONGEST_CLAUSE, 1]


def test_a_syllable_the_voice_does_not_know_is_left_out_and_the_rest_is_said() -> None:
    (clause,) = clauses("你妞好", SYLLABLES)
    assert clause.phones == ("sil", "n", "i3", "#0", "h", "ao3", "sil")


def test_letters_are_spelt_and_signs_between_words_are_silent() -> None:
    assert readable("“爱山东”APP") == "爱山东诶屁屁"
    assert unspeakable("“爱山东”APP (2.0)") == []


def test_what_nobody_can_say_is_named_once() -> None:
    assert unspeakable("好😀的😀Ω") == ["😀", "Ω"]
    assert clauses("😀", SYLLABLES) == []
