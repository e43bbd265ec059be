"""Secrets of this installation: made once, kept in HOME/secrets, readable by its owner only, never logged.

What callers said and who they are is as private: everything below HOME is its owner's alone.
"""

from __future__ import annotations

import os
import secrets
import stat
from pathlib import Path

from hotline.asterisk.instance import write_private
from hotline.settings import Settings

LENGTH_BYTES = 24
OTHERS = 0o077


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


def case_system_key(settings: Settings) -> str:
    """What signs tickets on their way to the case system. Raises OSError or ValueError when the file that was set cannot be used."""
    return _key(settings, settings.file.case_system.secret_file, "case-system")


def _key(settings: Settings, named: str | None, usual: str) -> str:
    if named is None:
        return secret(settings.secrets, usual)
    path = settings.home / named
    key = path.read_text(encoding="utf-8").strip()
    if not key:
        raise ValueError(f"{path} is empty")
    return key


def callback_key(settings: Settings) -> str:
    """What signs the case system's word to us: another key than ours to it, so that what we sent cannot be sent back to us. Raises as above."""
    return _key(settings, settings.file.case_system.callback_secret_file, "case-callback")


def desk_secret(settings: Settings) -> str:
    """What the dialplan shows when an agent has dialled a feature code: FastAGI knows no password of its own."""
    return secret(settings.secrets, "desk")


def pin_key(settings: Settings) -> bytes:
    """Without it the PINs' hashes in the database are worth nothing, and no citizen's PIN opens any more: `hotline backup` has it."""
    return secret(settings.secrets, "pins").encode()


def new_secret() -> str:
    """Letters, digits, - and _ only: it goes into configuration files and phones' forms."""
    return secrets.token_urlsafe(LENGTH_BYTES)


def exposed(folder: Path) -> list[Path]:
    """Secrets that others on this machine could read."""
    return [path for path in (folder, *folder.glob("*")) if path.exists() and path.stat().st_mode & OTHERS]


def write_for_owner_only() -> None:
    """Every file this process and its children make from now on."""
    os.umask(OTHERS)


def close_to_others(home: Path) -> None:
    """HOME is its owner's alone, also one that was made before. A shared folder such as /tmp is left as it is: the doctor warns."""
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    about = home.stat()
    if about.st_mode & OTHERS and about.st_uid == os.geteuid() and not about.st_mode & stat.S_ISVTX:
        home.chmod(stat.S_IMODE(about.st_mode) & ~OTHERS)
