"""Puts right by sound what a recogniser could not know: 冬营七 is 东营区. Every change is told; what is unsure is only suggested.

Three degrees, each with what it needs before it changes the text by itself (figures: docs/speech.md):
- homophone: the same syllables, whatever the tones;
- alike: the syllables differ only where a line or a dialect makes them alike (sounds.alike);
- near: one syllable is quite another. Only beside a place that is certain; otherwise a suggestion.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from speech.text.gazetteer import PLACE, TERM, Name
from speech.text.sounds import NUMERALS, Syllable, is_word, syllables

HOMOPHONE, ALIKE, NEAR = "homophone", "alike", "near"
DEGREES = (HOMOPHONE, ALIKE, NEAR)
WILD = "*"
LEAST_NEAR = 3  # syllables: shorter names are near to everything
MOST_SUGGESTIONS = 20
MOST_LIKELY = 8  # more expected words make an engine hear them everywhere
BESIDE = "，,、 的和与跟"  # two places may have this between them and still be one address
# Small words that make sense of a text as it stands: 被一路 is not 北一路, 到东营去 not 东营区
GRAMMAR = frozenset("的了在是我你他她它们就都也和跟与从到向往把被给让不没有这那哪个去来真很太最还又再才只要会能可说想看上下里着过吧吗呢啊现已因为所以但")


@dataclass(frozen=True)
class Change:
    """Characters start to start+len(before) of the simplified raw text, and what they were or could be."""

    start: int
    before: str
    after: str
    kind: str  # homophone | alike | near
    applied: bool
    what: str = PLACE


@dataclass(frozen=True)
class _Match:
    start: int
    name: Name
    degree: str
    before: str
    off: int  # syllables that differ without their tones
    tones: int  # tones that differ
    nasal: bool = False  # near, but only an n at a syllable's end was added or lost: 仅南路 for 济南路
    same_tone: bool = False  # near, but the odd syllable has the right tone
    odd_grammar: bool = False  # a small word stands where the name has another tone: 到东营去

    @property
    def end(self) -> int:
        return self.start + len(self.before)

    @property
    def change(self) -> Change:
        return Change(self.start, self.before, self.name.text, self.degree, False, self.name.kind)


class Corrector:
    """The names of a city, indexed by their sounds."""

    def __init__(self, names: Iterable[Name]) -> None:
        self._index: dict[tuple[str, ...], list[tuple[Name, list[Syllable]]]] = defaultdict(list)
        self._texts: dict[str, Name] = {}
        for name in names:
            said = [syllable for syllable in syllables(name.text) if syllable is not None]
            if len(said) == len(name.text):
                self._texts[name.text] = name
                for key in _keys([s.alike for s in said], wild=name.kind != TERM):
                    self._index[key].append((name, said))
        self._lengths = sorted({len(text) for text in self._texts}, reverse=True)

    def correct(self, text: str) -> tuple[str, tuple[Change, ...]]:
        """The text with its certain corrections, and all changes made or suggested, in order."""
        found = self._matches(text)
        certain = _chosen(text, [m for m in found if m.degree == ""], [m for m in found if m.degree])
        made = [m for m in certain if m.before != m.name.text]
        taken = {place for m in certain for place in range(m.start, m.end)}
        unsure = [m.change for m in _best(found) if taken.isdisjoint(range(m.start, m.end)) and _worth_saying(m, text)]
        changes = [replace(m.change, applied=True) for m in made] + unsure[:MOST_SUGGESTIONS]
        return _applied(text, made), tuple(sorted(changes, key=lambda change: change.start))

    def known(self, text: str) -> list[tuple[int, Name]]:
        """Names that stand in the text as they are written, the longest first where they overlap."""
        return [(start, name) for start, name in _written(text, self._texts, self._lengths)]

    def likely(self, text: str) -> tuple[str, ...]:
        """Places that may have been said where something else is written, the likeliest first: for an engine that can hear the
        sound again with them in mind. One syllable may be any other, and sense is not asked for: the sound decides."""
        said = [m for m in _best(self._matches(text, loosely=True)) if m.name.kind == PLACE and len(m.before) >= LEAST_NEAR]
        return tuple(dict.fromkeys(m.name.text for m in said))[:MOST_LIKELY]

    def _matches(self, text: str, loosely: bool = False) -> list[_Match]:
        """Names that are written (degree "") and, elsewhere, names that sound like what is there."""
        said = syllables(text)
        found = [_Match(start, name, "", name.text, 0, 0) for start, name in self.known(text)]
        written = list(found)
        for length in self._lengths:
            for start in range(len(text) - length + 1):
                window = said[start : start + length]
                if any(syllable is None for syllable in window):
                    continue
                sounding = self._alike(text, start, [s for s in window if s is not None], loosely)
                found += [m for m in sounding if all(_keeps(m, w) for w in written)]
        return found

    def _alike(self, text: str, start: int, window: list[Syllable], loosely: bool) -> Iterator[_Match]:
        before = text[start : start + len(window)]  # a character that is the same sounds the same: 长 is zhang or chang
        seen: set[str] = set()
        for key in _keys([s.alike for s in window], wild=True):
            for name, said in self._index.get(key, ()):
                if name.text in seen or _other_number(before, name.text):
                    continue
                seen.add(name.text)
                off = [at for at, (a, b) in enumerate(zip(window, said, strict=True)) if a.plain != b.plain and before[at] != name.text[at]]
                far = [at for at in off if window[at].alike != said[at].alike]
                if far and not loosely and not _half_alike(window[far[0]], said[far[0]]):
                    continue
                degree = NEAR if far else ALIKE if off else HOMOPHONE
                tones = [at for at, (a, b) in enumerate(zip(window, said, strict=True)) if a.tone != b.tone and before[at] != name.text[at]]
                nasal = bool(far) and window[far[0]].alike.removesuffix("n") == said[far[0]].alike.removesuffix("n")
                odd = any(before[at] in GRAMMAR for at in tones)
                yield _Match(start, name, degree, before, len(off), len(tones), nasal, bool(far) and far[0] not in tones, odd)


def _keys(alike: Sequence[str], wild: bool) -> Iterator[tuple[str, ...]]:
    """How a name is looked up: by all its syllables, and by all but one; a short one never without the last, which says what it is."""
    yield tuple(alike)
    if wild and len(alike) >= LEAST_NEAR:
        for hole in range(len(alike) - (len(alike) == LEAST_NEAR)):
            yield (*alike[:hole], WILD, *alike[hole + 1 :])


def _written(text: str, names: dict[str, Name], lengths: Sequence[int]) -> Iterator[tuple[int, Name]]:
    taken: set[int] = set()
    for length in lengths:
        for start in range(len(text) - length + 1):
            name = names.get(text[start : start + length])
            if name is not None and taken.isdisjoint(range(start, start + length)):
                taken.update(range(start, start + length))
                yield start, name


def _keeps(match: _Match, written: _Match) -> bool:
    """What is written right stays: 阜阳火车站 may come of 富洋火车站, for it keeps the 火车站."""
    at = written.start - match.start
    apart = match.end <= written.start or written.end <= match.start
    longer = len(match.before) > len(written.before)
    return apart or (longer and at >= 0 and match.name.text[at : at + len(written.before)] == written.before)


def _half_alike(a: Syllable, b: Syllable) -> bool:
    return a.initial == b.initial or a.final == b.final


def _other_number(before: str, after: str) -> bool:
    """西三路 is no misspelt 西四路: a figure that was heard stays."""
    return any(a != b and a in NUMERALS and b in NUMERALS for a, b in zip(before, after, strict=True))


def _best(found: Iterable[_Match]) -> list[_Match]:
    """The surest and longest first."""
    sounding = [m for m in found if m.degree]
    return sorted(sounding, key=lambda m: (DEGREES.index(m.degree), -len(m.before), m.off, m.tones, m.start))


def _chosen(text: str, written: list[_Match], sounding: list[_Match]) -> list[_Match]:
    """Certain ones, then what becomes certain beside them, until nothing more does."""
    certain, rest = list(written), _best(sounding)
    grew = True
    while grew:
        grew = False
        for match in rest:
            if not all(_keeps(match, m) for m in certain):
                continue
            beside = _beside(match, text, certain) or _joined(match, rest)
            if _rivals(match, rest) or not _sure(match, text, beside):
                continue
            certain = [m for m in certain if m.end <= match.start or match.end <= m.start] + [match]
            grew = True
            break
    return certain


def _rivals(match: _Match, rest: Iterable[_Match]) -> bool:
    """Another name fits the same characters as well: a person must choose."""
    same = (m for m in rest if m.start == match.start and m.end == match.end and m.name.text != match.name.text)
    return any((m.degree, m.off, m.tones) <= (match.degree, match.off, match.tones) and m.degree == match.degree for m in same)


def _beside(match: _Match, text: str, certain: Iterable[_Match]) -> bool:
    """An address goes on: a certain place ends before this one or begins after it."""
    for other in certain:
        first, second = sorted((match, other), key=lambda m: m.start)
        gap = text[first.end : second.start]
        if other.name.kind == PLACE and len(gap) <= 1 and all(char in BESIDE for char in gap):
            return True
    return False


def _joined(match: _Match, rest: Iterable[_Match]) -> bool:
    """Two misspelt places without a gap are an address: 太和现就现正 is 太和县旧县镇."""
    if match.degree == NEAR or match.name.kind != PLACE or len(match.before) < LEAST_NEAR:
        return False
    return any(
        other.name.kind == PLACE and len(other.before) >= LEAST_NEAR and match.start in (other.end, other.start - len(match.before))
        for other in rest
    )


def _sure(match: _Match, text: str, beside: bool) -> bool:
    """Whether the text may be changed without asking."""
    length = len(match.before)
    if match.name.kind == TERM or length == 2:
        return _sure_term(match, text)
    if beside:
        likely = match.degree != NEAR or ((match.nasal or match.same_tone) and not is_word(match.before))
        return length >= LEAST_NEAR and likely
    if _makes_sense(match, text):
        return False
    if match.degree == NEAR:
        return match.off == 1 and match.tones == 0 and (match.nasal or length > LEAST_NEAR)
    if match.degree == ALIKE:
        return length > LEAST_NEAR or match.tones <= 1
    return True


def _sure_term(match: _Match, text: str) -> bool:
    """Words of everyday life: the shorter, the more must fit."""
    if _makes_sense(match, text) or match.degree == NEAR:
        return False
    if len(match.before) > LEAST_NEAR:
        return match.tones <= len(match.before) // 2
    return match.tones == 0 or (match.degree == HOMOPHONE and len(match.before) == LEAST_NEAR and match.tones == 1)


def _makes_sense(match: _Match, text: str) -> bool:
    """The characters are words already, alone or with their neighbours."""
    if is_word(match.before):
        return True
    changed = [at for at, (a, b) in enumerate(zip(match.before, match.name.text, strict=True)) if a != b]
    short = len(match.before) <= LEAST_NEAR
    left = 0 in changed or short
    right = len(match.before) - 1 in changed or short
    if (left and is_word(text[match.start - 1 : match.start + 1])) or (right and is_word(text[match.end - 1 : match.end + 1])):
        return True
    return short and match.odd_grammar


def _worth_saying(match: _Match, text: str) -> bool:
    return match.name.kind != TERM and len(match.before) >= LEAST_NEAR and not is_word(match.before)


def _applied(text: str, made: Iterable[_Match]) -> str:
    for match in sorted(made, key=lambda m: -m.start):
        text = text[: match.start] + match.name.text + text[match.end :]
    return text
