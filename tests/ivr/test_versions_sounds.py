"""Sounds belong to a version: a rollback says what was said then, nothing is kept twice, and what no call needs goes."""

from __future__ import annotations

import stat
import time
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from hotline.asterisk import AsteriskFailed
from hotline.menus import Store
from hotline.retired import LOOK_SECONDS, SETTLING_SECONDS, Retirement
from tests.ivr.cities import good_texts

NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path)


def say(home: Path, **sounds: str) -> None:
    """`say(home, welcome="first")`: what is prepared for the next version; a __ in a name is a language before it."""
    for name, words in sounds.items():
        language, _, prompt = name.rpartition("__")
        place = home / "sounds" / (language or "zh") / f"{prompt}.wav"
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(words)


def heard(home: Path, language: str, prompt: str = "welcome") -> str:
    """As Asterisk looks for it: the language, then without what follows each `_` (main/file.c)."""
    while language:
        place = home / "asterisk/data/sounds" / language / "hotline" / f"{prompt}.wav"
        if place.is_file():
            return place.read_text()
        language = language.rpartition("_")[0]
    return "what is prepared"


def publish(store: Store, note: str = "n") -> tuple[str, ...]:
    return store.publish(good_texts(), note, "wang", NOW).changes


def test_a_version_says_what_it_said_when_it_was_published(store: Store, tmp_path: Path) -> None:
    say(tmp_path, welcome="first", goodbye="bye")
    assert publish(store) == ()
    say(tmp_path, welcome="second")  # over the file itself, as `cp` does
    assert heard(tmp_path, "zh_v1") == "first"
    assert publish(store) == ("sounds of zh recorded anew: welcome",)
    assert (heard(tmp_path, "zh_v1"), heard(tmp_path, "zh_v2")) == ("first", "second")
    store.rollback()
    say(tmp_path, welcome="third")
    assert (heard(tmp_path, "zh_v1"), heard(tmp_path, "zh_v2")) == ("first", "second")


def test_no_sound_is_kept_twice_and_none_can_be_written(store: Store, tmp_path: Path) -> None:
    say(tmp_path, welcome="one", goodbye="one", en__welcome="hello")
    for _ in range(3):
        publish(store)
    kept = list((tmp_path / "menus/sounds").iterdir())
    assert sorted(path.read_text() for path in kept) == ["hello", "one"]
    assert {stat.S_IMODE(path.stat().st_mode) for path in kept} == {0o444}


def test_languages_and_slow_prompts_belong_to_the_version_too(store: Store, tmp_path: Path) -> None:
    say(tmp_path, welcome="first", goodbye="bye", en__welcome="hello", zh_slow__welcome="f i r s t")
    publish(store)
    say(tmp_path, en__welcome="good morning", zh_slow__welcome="x")
    assert [heard(tmp_path, language) for language in ("zh_v1", "en_v1", "zh_v1_slow")] == ["first", "hello", "f i r s t"]
    assert heard(tmp_path, "zh_v1_slow", "goodbye") == "bye", "what has no slow one is heard as usual"


def test_a_prompt_without_a_sound_is_heard_as_soon_as_it_has_one(store: Store, tmp_path: Path) -> None:
    say(tmp_path, welcome="first")
    publish(store)
    assert heard(tmp_path, "zh_v1", "goodbye") == "what is prepared"
    say(tmp_path, goodbye="bye")
    assert store.unpublished_sounds() == ("sounds of zh new: goodbye",)
    assert publish(store) == ("sounds of zh new: goodbye",)
    assert store.unpublished_sounds() == ()


def test_what_asterisk_lost_is_linked_again(store: Store, tmp_path: Path) -> None:
    say(tmp_path, welcome="first")
    publish(store)
    link = tmp_path / "asterisk/data/sounds/zh_v1/hotline/welcome.wav"
    link.unlink()
    store.refresh()
    assert heard(tmp_path, "zh_v1") == "first"


def test_a_version_of_before_speaks_what_is_prepared(store: Store, tmp_path: Path) -> None:
    """Published by a release that did not keep sounds."""
    say(tmp_path, welcome="first")
    publish(store)
    (tmp_path / "menus/1/sounds.json").unlink()
    store.forget({1})
    store.refresh()
    assert publish(store) == ()
    assert store.unpublished_sounds() == ()


# ---- what no call needs any longer


class Calls:
    """An Asterisk with calls in some versions."""

    def __init__(self) -> None:
        self.versions: list[int] = []
        self.commands: list[str] = []
        self.answers = True

    def process(self) -> object:
        return SimpleNamespace(pid=1)

    def cli(self, command: str) -> str:
        if not self.answers:
            raise AsteriskFailed("busy")
        lines = [f"PJSIP/trunk-0000000{number}       {version}                    hotline-version     " for number, version in enumerate(self.versions)]
        return "\n".join(["Channel                    Group                 Category            ", *lines, f"{len(lines)} active channels\n"])

    def reload(self, *commands: str) -> None:
        self.commands += commands


def compiled(home: Path) -> list[str]:
    etc, sounds = home / "asterisk/etc/menus", home / "asterisk/data/sounds"
    return sorted(path.name for path in (*etc.glob("v*"), *sounds.glob("*_v*")))


@pytest.fixture
def three(store: Store, tmp_path: Path) -> Store:
    for number in range(3):
        say(tmp_path, welcome=str(number))
        publish(store)
    return store


def retirement(store: Store, calls: Any, after: float = SETTLING_SECONDS) -> Retirement:
    return Retirement(store, calls, lambda: time.time() + after + 1)


def test_a_version_stays_until_its_last_call_has_ended(three: Store, tmp_path: Path) -> None:
    calls = Calls()
    calls.versions = [1, 3, 1]
    retirement(three, calls).look()
    assert compiled(tmp_path) == ["v1.conf", "v3.conf", "zh_v1", "zh_v3"]
    assert calls.commands == ["dialplan reload"]
    calls.versions = [3]
    retirement(three, calls).look()
    assert compiled(tmp_path) == ["v3.conf", "zh_v3"]
    retirement(three, calls).look()
    assert calls.commands == ["dialplan reload"] * 2, "nothing is reloaded where nothing went"


def test_what_has_gone_comes_back_with_a_rollback(three: Store, tmp_path: Path) -> None:
    retirement(three, Calls()).look()
    three.rollback(1)
    assert (heard(tmp_path, "zh_v1"), compiled(tmp_path)) == ("0", ["v1.conf", "v3.conf", "zh_v1", "zh_v3"])
    assert three.retired() == {3}


def test_just_after_a_publish_nothing_goes(three: Store, tmp_path: Path) -> None:
    """A call that was let in by the number table of before may not have joined its group yet."""
    retirement(three, Calls(), after=SETTLING_SECONDS - 10).look()
    assert len(compiled(tmp_path)) == 6


def test_an_asterisk_that_does_not_answer_loses_nothing_and_is_asked_again_later(three: Store, tmp_path: Path) -> None:
    calls = Calls()
    calls.answers = False
    clock = [time.time() + SETTLING_SECONDS + 1]
    looking = Retirement(three, calls, lambda: clock[0])  # type: ignore[arg-type]
    looking.look()
    calls.answers = True
    looking.look()
    assert len(compiled(tmp_path)) == 6
    clock[0] += LOOK_SECONDS
    looking.look()
    assert len(compiled(tmp_path)) == 2


def test_where_nothing_was_published_there_is_nothing_to_look_at(store: Store) -> None:
    retirement(store, Calls()).look()
