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


@dataclass(frozen=True)
class Understood:
    """`changes` count characters in `simplified`, the raw words in simplified characters."""

    raw: str
    simplified: str
    text: str
    changes: tuple[Change, ...]
    fields: Fields
    reasons: tuple[str, ...]

    @property
    def needs_review(self) -> bool:
        return bool(self.reasons)

    def as_json(self) -> dict[str, Any]:
        return {"simplified": self.simplified, "changes": [asdict(change) for change in self.changes], "fields": self.fields.as_json(), "reasons": list(self.reasons)}


class Understanding:
    """One city's; made once, used for each message."""

    def __init__(self, names: Iterable[Name] = (), categories: tuple[Category, ...] = ()) -> None:
        self._corrector = Corrector([*names, *vocabulary.terms()])
        self._categories = categories

    @classmethod
    def of_city(cls, city: Path) -> Understanding:
        """Raises gazetteer.GazetteerError, categories.CategoriesError."""
        return cls(gazetteer.of_city(city), categories.of_city(city))

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
