"""Elderly callers who asked for it: their numbers, and whether they get a person at once or slow prompts.

The list is personal data, so it stands in HOME/elderly.yaml, readable by its owner only, and never in the city's files.
Asterisk has it as HOME/asterisk/etc/menus/elderly.conf: both paths ask there, before anything is decided.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ruamel.yaml.comments import CommentedMap
from ruamel.yaml.scalarstring import DoubleQuotedScalarString

from hotline.asterisk.instance import write_private
from hotline.edit import EditRefused, edit, load
from hotline.log import mask
from hotline.settings import Settings
from ivr import dialplan, numbers
from ivr.model import City

CARES = ("person", "slow")
NEW = """\
# 老年来电人名单（本人申请）· Elderly callers who asked for it. 个人信息，请勿外传 Personal data.
# 号码: person 直接转人工、优先接听 straight to a person, before others · slow 慢速提示、更多时间 slow prompts and more time
numbers: {}
"""


class ElderlyError(Exception):
    """A number cannot be put on the list or found on it; the message says why, with the number masked."""


def listed(settings: Settings) -> dict[str, str]:
    """Number -> person | slow. Raises ElderlyError."""
    path = _path(settings)
    try:
        return dict(_numbers(path, load(path, path.read_text(encoding="utf-8"))))
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError, EditRefused) as error:
        raise ElderlyError(f"{path}: {error}") from error


def anybody_slowly(settings: Settings) -> bool:
    """Whether slow prompts are wanted at all. A list that cannot be read wants none."""
    try:
        return "slow" in listed(settings).values()
    except ElderlyError:
        return False


def add(settings: Settings, number: str, care: str) -> None:
    """Puts a number on the list, or changes what it gets. Raises ElderlyError."""
    if not re.fullmatch(r"\+?[0-9]{7,15}", number):
        raise ElderlyError(f"{mask(number)} is not a telephone number (7 to 15 digits)")
    if care not in CARES:
        raise ElderlyError(f"{care!r} is neither {' nor '.join(CARES)}")

    def put(data: CommentedMap) -> None:
        known = _numbers(_path(settings), data)
        if not known:  # an empty list stands as {} on one line
            data["numbers"] = known = CommentedMap()
        known[DoubleQuotedScalarString(number)] = care

    _edit(settings, put)


def remove(settings: Settings, number: str) -> None:
    """Raises ElderlyError when it is not on the list."""

    def take(data: CommentedMap) -> None:
        if _numbers(_path(settings), data).pop(number, None) is None:
            raise ElderlyError(f"{mask(number)} is not on the list")

    _edit(settings, take)


def write(settings: Settings, city: City) -> None:
    """The list as Asterisk reads it. Raises ElderlyError."""
    known = listed(settings)
    forms = {form: care for number, care in known.items() for form in numbers.caller_forms(number, city)}
    write_private(settings.home / "asterisk" / "etc" / "menus" / "elderly.conf", dialplan.compile_elderly(forms))


def _edit(settings: Settings, change: Any) -> None:
    try:
        edit(_path(settings), change, new=NEW, mode=0o600)
    except (OSError, EditRefused) as error:
        raise ElderlyError(str(error)) from error


def _numbers(path: Path, data: CommentedMap) -> Any:
    known = data.get("numbers")
    right = isinstance(known, Mapping) and all(
        isinstance(number, str) and re.fullmatch(r"\+?[0-9]{7,15}", number) and care in CARES for number, care in known.items()
    )
    if not right:
        raise ElderlyError(f'{path}: "numbers" must be telephone numbers in quotes, each with person or slow')
    return known


def _path(settings: Settings) -> Path:
    return settings.home / "elderly.yaml"
