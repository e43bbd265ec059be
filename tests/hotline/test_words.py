"""From the ears to the menu: a tap for the caller who is asked where somebody listens, and nothing where nobody does."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from hotline.serve.words import CallerWords, listens
from ivr.events import Listen, Spoke
from ivr.speaking import Wish
from speech.live import NobodyListens, NoRoom
from tests.ivr.cities import good_city
from tests.ivr.speaking import city

MENU = Listen((Wish("1", ("投诉",), "confirm"),), ("speak-hint",))


class Ears:
    """Listens, or refuses."""

    def __init__(self, refusal: Exception | None = None) -> None:
        self.refusal = refusal
        self.asked: list[tuple[int, Any]] = []
        self.closed = 0
        self.told: Callable[[dict[str, Any]], None] = lambda said: None

    def open(self, sides: Sequence[str], told: Callable[[dict[str, Any]], None]) -> Any:
        if self.refusal:
            raise self.refusal
        self.told = told
        ears = self

        class Tap:
            name, port = "name", 4711

            def ask(self, turn: int, wishes: Any) -> None:
                ears.asked.append((turn, wishes))

            def close(self) -> None:
                ears.closed += 1

        return Tap()


def test_one_tap_for_all_questions_of_a_menu_and_none_for_others() -> None:
    ears, begun = Ears(), []
    words = CallerWords(ears, begun.append)  # type: ignore[arg-type]
    assert words.listen(MENU) and words.listen(Listen())
    assert ears.asked == [(1, [("1", ("投诉",))]), (2, None)]
    assert len(begun) == 1
    assert not words.listen(None), "a menu of keys"
    assert ears.closed == 1
    assert words.listen(MENU)
    assert len(begun) == 2
    words.close()
    words.close()
    assert ears.closed == 2


def test_what_is_told_reaches_the_question_it_answers() -> None:
    ears = Ears()
    words = CallerWords(ears, lambda tap: None)  # type: ignore[arg-type]
    words.listen(MENU)
    ears.told({"speaking": "name", "turn": 1, "on": True})
    assert words.speaking
    ears.told({"spoke": "name", "turn": 0, "meant": "choice", "key": "1", "sure": True})
    assert words.take() is None
    ears.told({"spoke": "name", "turn": 1, "meant": "anything", "key": "1", "sure": True})
    assert words.take() is None
    ears.told({"spoke": "name", "turn": 1, "meant": "choice", "key": "1", "sure": False})
    assert words.take() == Spoke("choice", "1")
    ears.told({"over": "name", "why": "lost"})
    assert not words.speaking
    words.close()
    assert ears.closed == 0, "it is closed already"


def test_without_a_listener_or_room_it_is_a_menu_of_keys() -> None:
    for refusal in (NobodyListens("loading"), NoRoom("2 of 2")):
        words = CallerWords(Ears(refusal), lambda tap: None)  # type: ignore[arg-type]
        assert not words.listen(MENU)
        words.close()


def test_which_cities_need_a_listener() -> None:
    assert listens(city())
    assert not listens(good_city())
