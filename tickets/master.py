"""The master key: HOME/secrets/vault.json, outside the database and for its owner only. It opens the keys that open everything else.

    {"masters": [{"id": …, "key": …}, …], "index": …}     the first master wraps what is new; base64, 32 bytes each

`index` is the key of the blind index by which a caller's number is found without being stored (tickets/persons.py); it is not
rotated, for every mark in the database hangs on it. All machines of one hotline have the same file.
"""

from __future__ import annotations

import base64
import binascii
import contextlib
import hashlib
import hmac
import json
import os
import secrets
from dataclasses import dataclass, replace
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from tickets.files import flush
from tickets.item import new_id
from tickets.sealed import KEY_BYTES, new_key

NAME = "vault.json"
NONCE = 12


class VaultClosed(OSError):
    """Nothing can be sealed or opened; the message says why and what to do. Nothing was overwritten."""


@dataclass(frozen=True)
class Master:
    """What the file holds."""

    keys: tuple[tuple[str, bytes], ...]
    index: bytes

    @property
    def current(self) -> str:
        """The id of the key that wraps what is new."""
        return self.keys[0][0]

    def wrap(self, key: bytes, about: str) -> str:
        """A key as it may lie in the database. `about`: whose it is; under another name it does not open."""
        nonce = secrets.token_bytes(NONCE)
        return base64.b64encode(nonce + AESGCM(self.keys[0][1]).encrypt(nonce, key, about.encode())).decode()

    def unwrap(self, wrapped: str, by: str, about: str) -> bytes:
        """Raises VaultClosed."""
        key = dict(self.keys).get(by)
        if key is None:
            raise VaultClosed(f"wrapped by master key {by}, which {NAME} does not hold: put the file of this hotline back from its backup")
        raw = base64.b64decode(wrapped)
        try:
            return AESGCM(key).decrypt(raw[:NONCE], raw[NONCE:], about.encode())
        except InvalidTag:
            raise VaultClosed(f"{NAME} holds another key under the name {by}: put the file of this hotline back from its backup") from None

    def mark(self, value: str) -> str:
        """The blind index: the same for the same value, and nothing to be found out from without this file."""
        return hmac.new(self.index, value.encode(), hashlib.sha256).hexdigest()

    def sign(self, text: str) -> str:
        """For what is to prove that it was written by who holds this file (tickets/retention_log.py)."""
        return hmac.new(self.index, b"proof\0" + text.encode(), hashlib.sha256).hexdigest()


def place(home: Path) -> Path:
    return home / "secrets" / NAME


def load(home: Path) -> Master | None:
    """None where there is no file. Raises VaultClosed for one that cannot be used."""
    path = place(home)
    try:
        data = json.loads(path.read_text(encoding="ascii"))
        keys = tuple((str(one["id"]), _key(one["key"])) for one in data["masters"])
        found = Master(keys, _key(data["index"]))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError, binascii.Error) as error:
        raise VaultClosed(f"{path} cannot be used ({error}): put it back from a backup of this hotline") from error
    if not keys:
        raise VaultClosed(f"{path} holds no key: put it back from a backup of this hotline")
    return found


def make(home: Path) -> Master:
    """A new one, or the one another process made meanwhile. Only where nothing was sealed yet: who calls has looked."""
    made = Master(((new_id(), new_key()),), new_key())
    draft = _draft(place(home), made)
    try:
        with contextlib.suppress(FileExistsError):
            os.link(draft, place(home))
        flush(draft.parent)
    finally:
        draft.unlink()
    return load(home) or made


def add(home: Path, master: Master) -> Master:
    """A new key before the others; they stay until everything is wrapped anew."""
    return _replace(home, replace(master, keys=((new_id(), new_key()), *master.keys)))


def only_current(home: Path, master: Master) -> Master:
    """Forgets the keys that wrap nothing any more."""
    return _replace(home, replace(master, keys=master.keys[:1]))


def _replace(home: Path, master: Master) -> Master:
    draft = _draft(place(home), master)
    draft.replace(place(home))
    flush(draft.parent)
    return master


def _draft(path: Path, master: Master) -> Path:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    data = {"masters": [{"id": name, "key": _text(key)} for name, key in master.keys], "index": _text(master.index)}
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with os.fdopen(handle, "w", encoding="ascii") as file:
        json.dump(data, file, indent=1)
        file.flush()
        os.fsync(file.fileno())
    return draft


def _key(text: str) -> bytes:
    key = base64.b64decode(text, validate=True)
    if len(key) != KEY_BYTES:
        raise ValueError(f"a key of {len(key)} bytes")
    return key


def _text(key: bytes) -> str:
    return base64.b64encode(key).decode()
