"""What text is found by, the same on every database: pairs of Chinese characters, whole Latin words and numbers.

Pure. A run of characters is cut into all its pairs: 停水了 is 停水, 水了. So any two characters that stand beside each other are
found, whatever a dictionary thinks of them (ADR 0119); a character alone is a word only where it stands alone, as in 3栋2单元.
Traditional characters are folded to simplified ones, full width to half, capitals to small letters.
"""

from __future__ import annotations

import functools
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from importlib.resources import files

LONGEST_TOKEN = 64  # characters; PostgreSQL takes no lexeme above 2 KB
MOST_TOKENS = 10_000  # of one text; PostgreSQL counts positions to 16 383
MOST_PHRASES = 8
LONGEST_QUERY = 100
HAN = r"\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_RUN = re.compile(rf"[{HAN}]+|(?:(?![{HAN}])[^\W_])+")
_IS_HAN = re.compile(rf"[{HAN}]")


class NothingToFind(ValueError):  # noqa: N818 - read as a sentence
    """The question holds no word."""


@dataclass(frozen=True)
class Phrase:
    """Tokens that stand one behind the other. `open`: the last one is only begun: the character may be the first of a pair."""

    tokens: tuple[str, ...]
    open: bool = False


def tokens(text: str) -> list[str]:
    """All of a text's, in order; what stands between them is left out."""
    return [token for run in _RUN.findall(folded(text)) for token in _cut(run)][:MOST_TOKENS]


def phrases(query: str) -> tuple[Phrase, ...]:
    """What must all be found. There are no operators: whatever is no letter and no figure only parts words. Raises NothingToFind."""
    if len(query) > LONGEST_QUERY:
        raise NothingToFind(f"at most {LONGEST_QUERY} characters are looked for")
    found = tuple(filter(None, map(_phrase, query.split())))
    if not found:
        raise NothingToFind("nothing to look for: give a word of two characters or more, such as 停水")
    if len(found) > MOST_PHRASES:
        raise NothingToFind(f"at most {MOST_PHRASES} words are looked for at once")
    return found


def folded(text: str) -> str:
    """One form for what people take for the same."""
    return unicodedata.normalize("NFKC", text).casefold().translate(_simplified())


def has(words: Iterable[str], wanted: Iterable[Phrase]) -> bool:
    """Whether a text with these tokens is found: what both databases must agree with."""
    listed = list(words)
    return all(any(_stands(listed, at, phrase) for at in range(len(listed))) for phrase in wanted)


def _stands(listed: list[str], at: int, phrase: Phrase) -> bool:
    here = tuple(listed[at : at + len(phrase.tokens)])
    if not phrase.open:
        return here == phrase.tokens
    return len(here) == len(phrase.tokens) and here[:-1] == phrase.tokens[:-1] and here[-1].startswith(phrase.tokens[-1])


def _cut(run: str) -> list[str]:
    if not _IS_HAN.match(run):
        return [run[:LONGEST_TOKEN]]
    return [run[at : at + 2] for at in range(max(1, len(run) - 1))]


def _phrase(word: str) -> Phrase | None:
    """A character at either end is half of a pair that nobody knows; only after a single word, as in A座, it says enough to be kept."""
    runs = _RUN.findall(folded(word))
    if len(runs) > 1 and _alone(runs[0]):
        del runs[0]
    open_end = len(runs) == 2 and _alone(runs[1])
    if len(runs) > 2 and _alone(runs[-1]):
        del runs[-1]
    if not runs or (len(runs) == 1 and _alone(runs[0])):
        return None
    return Phrase(tuple(token for run in runs for token in _cut(run)), open_end)


def _alone(run: str) -> bool:
    return len(run) == 1 and bool(_IS_HAN.match(run))


@functools.cache
def _simplified() -> dict[int, str]:
    """OpenCC's table of single characters: phrases would need their context, and both sides are folded alike."""
    lines = (files("opencc") / "dictionary" / "TSCharacters.txt").read_text(encoding="utf-8").splitlines()
    pairs = (line.split() for line in lines if line.strip())
    return {ord(pair[0]): pair[1] for pair in pairs if len(pair) > 1 and len(pair[0]) == 1 and len(pair[1]) == 1}
