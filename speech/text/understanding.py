"""From an engine's raw words to what a ticket keeps: the text, every change, the fields, and whether a person must look."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from speech import aftercare
from speech.text import categories, fields, gazetteer, review, vocabulary
from speech.text.categories import Category
from speech.text.fields import Fields
from speech.text.gazetteer import Name
from speech.text.phones import phones
from speech.text.places import Change, Corrector
from speech.text.review import Evidence

LEAST_LENGTH, MOST_LENGTH = 0.9, 1.15  # of the first hearing's characters


@dataclass(frozen=True)
class Understood:
    """`changes` count characters in `simplified`, the raw words in simplified characters."""

    raw: str
    simplified: str
    text: str
    changes: tuple[Change, ...]
    fields: Fields
    reasons: tuple[str, ...]
    first: str = ""  # what was heard before it was heard again with likely places in mind

    @property
    def needs_review(self) -> bool:
        return bool(self.reasons)

    def as_json(self) -> dict[str, Any]:
        return {"simplified": self.simplified, "changes": [asdict(change) for change in self.changes], "fields": self.fields.as_json(), "reasons": list(self.reasons), "first": self.first}


class Understanding:
    """One city's; made once, used for each message."""

    def __init__(self, names: Iterable[Name] = (), categories: tuple[Category, ...] = ()) -> None:
        self._corrector = Corrector([*names, *vocabulary.terms()])
        self._categories = categories

    @classmethod
    def of_city(cls, city: Path) -> Understanding:
        """Raises gazetteer.GazetteerError, categories.CategoriesError."""
        return cls(gazetteer.of_city(city), categories.of_city(city))

    def likely(self, raw: str) -> tuple[str, ...]:
        """Places that may have been said where something else was understood."""
        return self._corrector.likely(aftercare.simplified(raw))

    def gains(self, first: str, second: str) -> bool:
        """Whether a second hearing holds every place of the first, more besides, and about as many words: engines that were told
        what to expect leave out what stands beside it, or say it over and over."""
        texts = [self._corrector.correct(aftercare.simplified(raw))[0] for raw in (first, second)]
        before, after = ({name.text for _, name in self._corrector.known(text) if name.kind == gazetteer.PLACE} for text in texts)
        lengths = [sum(map(str.isalnum, text)) for text in texts]
        return before < after and LEAST_LENGTH * lengths[0] <= lengths[1] <= MOST_LENGTH * lengths[0]

    def understand(self, raw: str, evidence: Evidence, language: str = "zh") -> Understood:
        """Other languages than Mandarin are kept as they were heard."""
        if language != "zh":
            text = aftercare.written(raw, language)
            return Understood(raw, text, text, (), fields.NOTHING, ())
        simplified = aftercare.simplified(" ".join(raw.split()))
        corrected, changes = self._corrector.correct(simplified)
        text = aftercare.written(corrected)
        found = fields.find(text, self._corrector.known(text), self._categories)
        return Understood(raw, simplified, text, changes, found, review.reasons(text, evidence, phones(text), changes))
