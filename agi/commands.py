"""The few AGI commands a session needs, as lines. The only place where text becomes part of a command.

What reaches a command may have come from a caller, so a line break or NUL is refused here, once, for all of them:
it would begin a second command. Arguments of the dialplan are stricter still, for there comma, bracket and dollar
mean something.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from agi.errors import ForbiddenText

LONGEST_BYTES = 2000  # res_agi.c, AGI_BUF_LEN 2048: Asterisk cuts what is longer
FORBIDDEN = re.compile(r"[\x00-\x1f\x7f\x85\u2028\u2029]")
DIALPLAN = re.compile(r"[\w.+*#/ :&-]*", re.ASCII)  # ids, numbers, sound names joined by &
STATE = ("HOTLINE_AT", "HOTLINE_NOINPUT", "HOTLINE_NOMATCH", "HOTLINE_TURNS")  # [hotline-ask] takes them in this order
LANGUAGE = "HOTLINE_LANGUAGE"  # after them, once the caller has chosen one
SOUNDS = "hotline/"


def line(*words: str) -> str:
    """A command of these words, each quoted. Raises ForbiddenText."""
    for word in words:
        if FORBIDDEN.search(word):
            raise ForbiddenText(f"a line break or control character in an AGI argument: {word[:80]!r}")
    text = " ".join([words[0], *(_quoted(word) for word in words[1:])])
    if len(text.encode("utf-8", "replace")) > LONGEST_BYTES:
        raise ForbiddenText(f"an AGI command of more than {LONGEST_BYTES} bytes: {text[:80]!r}")
    return text


def ask(prompts: Sequence[str], seconds: float, digits: int, state: Mapping[str, str]) -> str:
    """Plays the prompts and waits for a key, in one command; `state` is where the native menu would go on."""
    arguments = [sounds(prompts), f"{seconds:g}", str(digits), *(state.get(name, "") for name in STATE)]
    if language := state.get(LANGUAGE):
        arguments.append(language)
    return line("GOSUB", "hotline-ask", "s", "1", ",".join(_plain(argument) for argument in arguments))


def get_variable(name: str) -> str:
    return line("GET VARIABLE", name)


def set_variables(values: Mapping[str, str]) -> str:
    """All at once and in order, so that a decision is there whole or not at all."""
    return line("EXEC", "MSet", ",".join(f"{_plain(name)}={_plain(value)}" for name, value in values.items()))


def sounds(prompts: Sequence[str]) -> str:
    """Prompt ids as Asterisk's list of sound names."""
    return "&".join(SOUNDS + prompt for prompt in prompts)


def _quoted(word: str) -> str:
    return '"' + word.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _plain(text: str) -> str:
    if not DIALPLAN.fullmatch(text):
        raise ForbiddenText(f"not an argument for the dialplan: {text[:80]!r}")
    return text
