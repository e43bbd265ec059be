"""Agents' phones: a file each in HOME/phones, from which Asterisk's endpoints are rendered."""

from __future__ import annotations

import json
import re
from dataclasses import asdict, dataclass
from pathlib import Path

import structlog

from hotline import city
from hotline.asterisk.instance import write_private
from hotline.secrets import new_secret
from hotline.settings import Settings

log = structlog.get_logger(__name__)

# Up to six digits or a word: a longer number in a SIP From is a citizen's, who must not be taken for a phone.
NAME = re.compile(r"[a-z][a-z0-9_-]{0,31}|[0-9]{2,6}")
SECRET = re.compile(r"[A-Za-z0-9_-]{8,128}")  # as made here; anything else could break Asterisk's configuration
RESERVED = {"trunk", "trunk-encrypted", "global", "system", "transport-udp", "transport-tls", "hotline-media", "hotline-trunks", "general"}


class PhoneError(Exception):
    """A phone cannot be added or found; the message says why."""


@dataclass(frozen=True)
class Phone:
    """One agent's phone."""

    name: str
    secret: str
    queues: tuple[str, ...] = ()
    encrypted: bool = False
    """Only over TLS with SRTP."""


def phones(settings: Settings) -> list[Phone]:
    """All phones, by name. A damaged file is one phone less, not a hotline less; the doctor names it."""
    found, faults = examined(settings)
    for fault in faults:
        log.error("a phone is left out", reason=str(fault))
    return found


def examined(settings: Settings) -> tuple[list[Phone], list[PhoneError]]:
    """The phones that can be used, and what is wrong with the other files."""
    found, faults = [], []
    for path in sorted(_folder(settings).glob("*.json")):
        try:
            found.append(_read(path))
        except PhoneError as fault:
            faults.append(fault)
    return found, faults


def add(settings: Settings, name: str, queues: tuple[str, ...], encrypted: bool = False) -> Phone:
    """A new phone with a new secret. Raises PhoneError."""
    if not NAME.fullmatch(name) or name in RESERVED:
        raise PhoneError(f"{name!r} cannot be a phone's name: a lower-case word (a-z, 0-9, - and _, at most 32), or 2 to 6 digits")
    path = _folder(settings) / f"{name}.json"
    if path.exists():
        raise PhoneError(f"phone {name!r} is there already (`hotline phone remove {name}` first)")
    if encrypted and settings.file.tls.port is None:
        raise PhoneError("an encrypted phone needs tls.port in settings.yaml")
    known = city.now(settings).queues
    if unknown := [queue for queue in queues if queue not in known]:
        raise PhoneError(f"no such queue {unknown[0]!r} (there are: {', '.join(known)})")
    phone = Phone(name, new_secret(), queues, encrypted)
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    write_private(path, json.dumps(asdict(phone)) + "\n")
    return phone


def remove(settings: Settings, name: str) -> None:
    """Raises PhoneError when there is none of that name."""
    path = _folder(settings) / f"{name}.json"
    if not NAME.fullmatch(name) or not path.exists():
        raise PhoneError(f"no phone named {name!r}")
    path.unlink()


def _folder(settings: Settings) -> Path:
    return settings.home / "phones"


def _read(path: Path) -> Phone:
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        phone = Phone(str(data["name"]), str(data["secret"]), tuple(map(str, data["queues"])), data.get("encrypted", False) is not False)
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise PhoneError(f"{path}: not a phone's file ({error!r})") from error
    if phone.name != path.stem or not NAME.fullmatch(phone.name) or phone.name in RESERVED or not SECRET.fullmatch(phone.secret):
        raise PhoneError(f"{path}: not a phone's file (its name or its secret is not one made here)")
    return phone
