"""Who hears whom: everybody says something of their own at the same moment, and each listener's sound is searched for each of it."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Mapping

from telephone import sound
from telephone.caller import Caller
from telephone.phone import Phone

Ear = Caller | Phone

CLIP_SECONDS = 0.4
LATER_SAMPLES = 2400  # what was said has arrived by then
# Of two who are heard together each is like its half of the sum, a frame that slips halves that; strangers stay below 0.18 (measured).
LIKE = 0.3
UNLIKE = 0.2
_clips = itertools.count(1)


async def hears(**ears: Ear) -> dict[str, set[str]]:
    """All speak at once; who heard whom. Neither clearly heard nor clearly not fails."""
    clips = {name: sound.babble(CLIP_SECONDS, seed=10_000 + next(_clips)) for name in ears}
    before = {name: ear.leg.samples_heard for name, ear in ears.items()}
    await asyncio.gather(*(ear.speaks(clips[name]) for name, ear in ears.items()))
    found: dict[str, set[str]] = {}
    for name, ear in ears.items():
        await ear.leg.has_heard(before[name] + len(clips[name]) + LATER_SAMPLES, 2)
        heard = ear.leg.heard(before[name])
        likeness = {speaker: sound.match(heard, clip).correlation for speaker, clip in clips.items() if speaker != name}
        assert all(like >= LIKE or like <= UNLIKE for like in likeness.values()), f"{name} half heard somebody: {likeness}"
        found[name] = {speaker for speaker, like in likeness.items() if like >= LIKE}
    return found


def everybody(*names: str) -> dict[str, set[str]]:
    """All hear all."""
    return {name: set(names) - {name} for name in names}


async def soon(wanted: Mapping[str, set[str]], seconds: float = 8, **ears: Ear) -> None:
    """Waits until exactly these hear each other."""
    last: object = None
    try:
        async with asyncio.timeout(seconds):
            while (last := await _hears_once(**ears)) != dict(wanted):
                pass
    except TimeoutError:
        raise AssertionError(f"heard: {last}, not {dict(wanted)}") from None


async def _hears_once(**ears: Ear) -> dict[str, set[str]] | str:
    """As `hears`; while something changes, half heard is not heard."""
    try:
        return await hears(**ears)
    except AssertionError as half:
        return str(half)
