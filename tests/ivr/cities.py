"""Cities for tests: the small good one of tests/ivr/good, and the same with some of its files changed."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from pathlib import Path

from ivr.loading import load
from ivr.model import City
from ivr.prompts import REQUIRED

GOOD = Path(__file__).parent / "good"
FUYANG = Path(__file__).parent / "fuyang"
CHINA = timezone(timedelta(hours=8))
MONDAY = datetime(2026, 11, 23, 10, 0, tzinfo=CHINA)
MONDAY_NIGHT = datetime(2026, 11, 23, 3, 0, tzinfo=CHINA)


def good_texts(**changed: str) -> dict[str, str]:
    """`good_texts(menus="…")` replaces menus.yaml."""
    texts = {path.name: path.read_text(encoding="utf-8") for path in GOOD.glob("*.yaml")}
    return texts | {f"{name}.yaml": text for name, text in changed.items()}


def good_city(**changed: str) -> City:
    return load(good_texts(**changed))


def fuyang_texts() -> dict[str, str]:
    """The city whose hotlines were merged, with the prompts that every hotline needs."""
    texts = {path.name: path.read_text(encoding="utf-8") for path in FUYANG.glob("*.yaml")}
    needed = "".join(f"{prompt}: {prompt}\n" for prompt in REQUIRED if f"\n{prompt}:" not in texts["prompts.yaml"])
    return texts | {"prompts.yaml": texts["prompts.yaml"] + needed}


def replaced(file: str, old: str, new: str) -> dict[str, str]:
    """The good texts with one piece of one file replaced."""
    text = good_texts()[f"{file}.yaml"]
    assert text.count(old) == 1, f"{old!r} stands {text.count(old)} times in {file}.yaml"
    return good_texts(**{file: text.replace(old, new)})


def put_sounds(home: Path, texts: dict[str, str]) -> None:
    """A sound for each prompt, as if a person had recorded it."""
    city = load(texts)
    for language in ("zh", *city.languages):
        folder = home / "sounds" / language
        folder.mkdir(parents=True)
        for prompt in city.prompts:
            (folder / f"{prompt}.wav").touch()
