"""Changes one YAML file as a careful person would: comments, order and quotes stay, and nobody else's edit is lost.

Every command that edits YAML does it here.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap
from ruamel.yaml.error import YAMLError

from hotline import files
from hotline.asterisk.instance import write_private

LOCK_LIMIT_SECONDS = 10.0
WIDEST = 4096  # no text is broken into lines that was one


class EditRefused(Exception):  # noqa: N818 - a refusal, read as a sentence
    """The file cannot be read, is no mapping, or was changed by somebody else meanwhile; nothing was written."""


def edit(path: Path, change: Callable[[CommentedMap], object], *, new: str = "", mode: int = 0o644) -> None:
    """Reads, changes, writes; `new` is what a file that does not exist yet holds. Raises EditRefused, OSError."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with _locked(path):
        before = _text(path)
        data = load(path, new if before is None else before)
        change(data)
        if _text(path) != before:  # an editor that knows no locks
            raise EditRefused(f"{path}: somebody else changed it just now; try again")
        write_private(path, dumped(data), mode)


def load(path: Path, text: str) -> CommentedMap:
    """Raises EditRefused."""
    try:
        data = _yaml().load(text)
    except (YAMLError, ValueError) as error:
        raise EditRefused(f"{path}: {' '.join(str(error).split())}") from error
    if not isinstance(data, CommentedMap):
        raise EditRefused(f"{path}: must be names with a colon and their values (a mapping)")
    return data


def dumped(data: CommentedMap) -> str:
    """As text, with everything that stood there."""
    out = io.StringIO()
    _yaml().dump(data, out)
    return out.getvalue()


def _yaml() -> Any:
    yaml = YAML()
    yaml.preserve_quotes = True
    yaml.width = WIDEST
    yaml.indent(mapping=2, sequence=4, offset=2)
    return yaml


def _text(path: Path) -> str | None:
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return None
    except UnicodeDecodeError as error:
        raise EditRefused(f"{path}: {error}") from error


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """One editing command at a time; none waits without a limit."""
    try:
        with files.locked(path.with_name(f".{path.name}.lock"), LOCK_LIMIT_SECONDS):
            yield
    except files.Busy:
        raise EditRefused(f"{path}: somebody else has been editing it for {LOCK_LIMIT_SECONDS:g} seconds") from None
