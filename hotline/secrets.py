"""Secrets of this installation: made once, kept in HOME/secrets, readable by its owner only, never logged."""

from __future__ import annotations

import secrets
from pathlib import Path

from hotline.asterisk.instance import write_private

LENGTH_BYTES = 24


def secret(folder: Path, name: str) -> str:
    """The named secret, made on first use."""
    path = folder / name
    try:
        return path.read_text(encoding="ascii").strip()
    except FileNotFoundError:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder.chmod(0o700)
        write_private(path, new_secret() + "\n")
        return path.read_text(encoding="ascii").strip()


def new_secret() -> str:
    """Letters, digits, - and _ only: it goes into configuration files and phones' forms."""
    return secrets.token_urlsafe(LENGTH_BYTES)


def exposed(folder: Path) -> list[Path]:
    """Secrets that others on this machine could read."""
    return [path for path in (folder, *folder.glob("*")) if path.exists() and path.stat().st_mode & 0o077]
