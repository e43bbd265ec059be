"""Which articles are about what somebody says: words they share, rare ones counting most, and the matter's category.

Pure. An article's words are weighed by how few articles have them (tf-idf, Salton 1975; a title's count three times) and share
its length; the score is the sum of the shares of the words that were said. What was said besides does not count against it, for
callers begin with their story. Words are the pairs of characters of tickets/words.py: half a phrase finds its article, too.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from tickets.words import tokens

TITLE_WEIGHT = 3
SAME_CATEGORY = 0.25
LEAST = 0.18  # one common word is no reason
MOST_SHOWN = 6  # of the words that spoke for it
LONGEST_TEXT = 4000  # characters that are looked at, the last ones: what was said just now


@dataclass(frozen=True)
class Source:
    """A published article."""

    code: str
    version: int
    title: str
    categories: tuple[str, ...]
    body: str


@dataclass(frozen=True)
class Suggestion:
    """`words`: what both have, the most telling first; empty where only the category speaks for it."""

    source: Source
    score: float
    words: tuple[str, ...]


class Library:
    """All published articles, weighed once."""

    def __init__(self, sources: Sequence[Source]) -> None:
        self._sources = sources
        counts = [Counter(_words(source.body)) + Counter(dict.fromkeys(_words(source.title), TITLE_WEIGHT)) for source in sources]
        have = Counter(word for count in counts for word in count)
        self._rarity = {word: math.log(1 + len(sources) / number) for word, number in have.items()}
        self._holders: defaultdict[str, list[tuple[int, float]]] = defaultdict(list)  # word: articles, and its share of their length
        for place, count in enumerate(counts):
            weights = self._weights(count)
            length = math.hypot(*weights.values()) or 1.0
            for word, weight in weights.items():
                self._holders[word].append((place, weight / length))

    def like(self, text: str, category: str = "", limit: int = 5) -> list[Suggestion]:
        """The likeliest first; the same for the same question, always."""
        scores: defaultdict[int, float] = defaultdict(float)
        shared: defaultdict[int, list[tuple[float, str]]] = defaultdict(list)
        for word in dict.fromkeys(_words(text[-LONGEST_TEXT:])):
            for place, share in self._holders.get(word, ()):
                scores[place] += share
                shared[place].append((share, word))
        for place, source in enumerate(self._sources):
            if category and category in source.categories:
                scores[place] += SAME_CATEGORY
        found = [
            Suggestion(self._sources[place], round(score, 4), tuple(word for _, word in sorted(shared[place], key=lambda one: (-one[0], one[1]))[:MOST_SHOWN]))
            for place, score in scores.items()
            if score >= LEAST
        ]
        return sorted(found, key=lambda one: (-one.score, one.source.code))[:limit]

    def _weights(self, count: Counter[str]) -> dict[str, float]:
        return {word: (1 + math.log(number)) * self._rarity[word] for word, number in count.items()}


def _words(text: str) -> list[str]:
    """Single characters at the end of a run say nothing."""
    return [word for word in tokens(text) if len(word) > 1]
