"""How well a recogniser and what follows it do on a corpus, in figures that can be compared.

The normalisation behind the error rate stands in `speech.cer`. `bare` is the engine's own text without the gazetteer.
"""

from __future__ import annotations

import contextlib
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from speech import aftercare
from speech.cer import Edits, parts
from speech.choice import Choice
from speech.corpus import Clip, places_of
from speech.pool import Pool
from speech.recogniser import NoSpeech, Recognition
from speech.text import gazetteer, vocabulary
from speech.text.gazetteer import DEPARTMENT, PLACE, TERM, Name
from speech.text.places import Corrector

BAD_RATE = 0.10  # a transcript with more errors than this, a wrong phone or a wrong place, ought to be reviewed
Hear = Callable[[Path], Recognition | NoSpeech]
Names = Callable[[str], tuple[Name, ...]]


@dataclass
class Result:
    """The sums over a corpus."""

    clips: int = 0
    silent: int = 0
    edits: Edits = field(default_factory=Edits)
    bare: Edits = field(default_factory=Edits)
    places: int = 0
    places_right: int = 0
    places_bare: int = 0
    phones: int = 0
    phones_right: int = 0
    replacements: int = 0
    false_replacements: int = 0
    bad: int = 0
    flagged: int = 0
    bad_flagged: int = 0
    audio_seconds: float = 0.0
    seconds: float = 0.0
    scores: list[tuple[float, float]] = field(default_factory=list)  # (score, error rate)

    def row(self, name: str) -> dict[str, Any]:
        """A line of the table."""
        return {
            "setting": name, "clips": self.clips, "characters": self.edits.characters, "cer": round(self.edits.rate, 4),
            "substituted": self.edits.substituted, "deleted": self.edits.deleted, "inserted": self.edits.inserted,
            "cer_bare": round(self.bare.rate, 4), "places": f"{self.places_right}/{self.places}", "places_bare": self.places_bare,
            "phones": f"{self.phones_right}/{self.phones}", "replaced": self.replacements, "false": self.false_replacements,
            "no_speech": self.silent, "review": f"{self.flagged}/{self.clips}", "review_hits": f"{self.bad_flagged}/{self.bad}",
            "x_real_time": round(self.seconds / self.audio_seconds, 3) if self.audio_seconds else None,
        }  # fmt: skip


def measure(clips: Iterable[Clip], hear: Hear, known: Sequence[Name], result: Result) -> None:
    """Adds the clips of one city to the result. Raises RecognitionError where the recogniser itself is at fault."""
    for clip in clips:
        began = time.perf_counter()
        heard = hear(clip.path)
        result.seconds += time.perf_counter() - began
        result.audio_seconds += heard.seconds
        _count(clip, heard, known, result)


def false_replacements(text: str, known: Iterable[Name]) -> int:
    """How many places a text is given that it does not speak of."""
    return sum(change.applied for change in Corrector([*known, *vocabulary.terms()]).correct(text)[1])


def with_engine(choice: Choice, clips: Sequence[Clip], names: Names) -> Result:
    """The whole corpus through a recogniser's process, one core, each city with its own gazetteer."""
    result = Result()
    for city, together in groupby(sorted(clips, key=lambda clip: clip.city), key=lambda clip: clip.city):
        known, group = names(city), list(together)
        with _folder(known) as folder, Pool(replace(choice, city=folder, threads=1)) as pool:
            pool.transcribe(group[0].path)  # loads the model, which is not to be measured
            measure(group, pool.transcribe, known, result)
    return result


def _count(clip: Clip, heard: Recognition | NoSpeech, known: Sequence[Name], result: Result) -> None:
    recognised = heard if isinstance(heard, Recognition) else None
    text = recognised.text if recognised else ""
    bare = aftercare.written(recognised.findings.get("first") or recognised.raw) if recognised else ""
    edits, wanted = parts(clip.text, text), places_of(clip, known)
    right = sum(place in text for place in wanted)
    made = [change for change in recognised.findings.get("changes", ()) if change["applied"]] if recognised else []
    phone_right = bool(clip.phone) and clip.phone in text
    result.clips += 1
    result.silent += recognised is None
    result.edits += edits
    result.bare += parts(clip.text, bare)
    result.places += len(wanted)
    result.places_right += right
    result.places_bare += sum(place in bare for place in wanted)
    result.phones += bool(clip.phone)
    result.phones_right += phone_right
    result.replacements += len(made)
    result.false_replacements += sum(change["after"] not in clip.text for change in made)
    bad = edits.rate > BAD_RATE or right < len(wanted) or (bool(clip.phone) and not phone_right)
    flagged = recognised is None or recognised.needs_review
    result.bad += bad
    result.flagged += flagged
    result.bad_flagged += bad and flagged
    if recognised:
        result.scores.append((recognised.score, round(edits.rate, 4)))


@contextlib.contextmanager
def _folder(known: Sequence[Name]) -> Iterator[str]:
    """A city's folder that holds nothing but these names, as a recogniser's process wants it."""
    if not known:
        yield ""
        return
    sections = {"places": PLACE, "departments": DEPARTMENT, "terms": TERM}
    tree = {section: [name.text for name in known if name.kind == kind] for section, kind in sections.items()}
    with tempfile.TemporaryDirectory(prefix="hotline-city-") as folder:
        with (Path(folder) / gazetteer.FILE).open("w", encoding="utf-8") as file:
            YAML(typ="safe", pure=True).dump(tree, file)
        yield folder
