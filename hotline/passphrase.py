"""An archive that only a passphrase opens: the same sealed stream as recordings, under a key that scrypt makes of the words (RFC 7914).

    12345-P1 | salt (16) | chunks as in tickets/sealed.py
"""

from __future__ import annotations

import hashlib
import io
import secrets
from pathlib import Path
from typing import IO

from tickets.sealed import KEY_BYTES, Damaged, Reader, Writer

MAGIC = b"12345-P1"
SALT_BYTES = 16
HEADER = len(MAGIC) + SALT_BYTES
COST, BLOCK, LANES = 1 << 16, 8, 1  # 64 MB and about a quarter of a second a try
SHORTEST = 12  # characters


class NeedsPassphrase(OSError):
    """The archive is encrypted, and no passphrase was given."""


def sealing(file: IO[bytes], passphrase: str) -> Writer:
    """Writes the beginning; `finish` the writer at the end. Raises ValueError for words that are soon found out."""
    if len(passphrase) < SHORTEST:
        raise ValueError(f"a passphrase has at least {SHORTEST} characters")
    salt = secrets.token_bytes(SALT_BYTES)
    file.write(MAGIC + salt)
    return Writer(file, _key(passphrase, salt))


def opened(file: IO[bytes], passphrase: str) -> IO[bytes]:
    """The plain archive, encrypted or not. Raises NeedsPassphrase and Damaged."""
    header = file.read(HEADER)
    if not header.startswith(MAGIC):
        file.seek(0)
        return file
    if not passphrase:
        raise NeedsPassphrase("the archive is encrypted: its passphrase is needed")
    try:
        return io.BufferedReader(Reader(file, _key(passphrase, header[len(MAGIC) :]), HEADER), 1 << 20)
    except Damaged:
        raise Damaged("another passphrase, or the archive was changed or cut off") from None


def is_encrypted(path: Path) -> bool:
    """Whether `opened` will want a passphrase; what cannot be read is refused later, with its reason."""
    try:
        with path.open("rb") as file:
            return file.read(len(MAGIC)) == MAGIC
    except OSError:
        return False


def _key(passphrase: str, salt: bytes) -> bytes:
    return hashlib.scrypt(passphrase.encode(), salt=salt, n=COST, r=BLOCK, p=LANES, maxmem=1 << 28, dklen=KEY_BYTES)
