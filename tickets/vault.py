"""Where recordings, documents and attachments lie: sealed, each under a key of its own that only its person's key opens.

    12345-V1 | the person's id (26) | nonce (12) | the file's key, wrapped (48) | chunks as in tickets/sealed.py

A file keeps its name, so what names it (rows, other programs) need not change when an older, plain one is sealed: what it begins
with says which it is. Everything is read through `open`. Writing is whole or not at all: aside, fsync, rename.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import io
import os
import secrets
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from tickets.database import Database
from tickets.files import arriving, flush
from tickets.persons import Persons
from tickets.sealed import Damaged, Reader, Writer, new_key

MAGIC = b"12345-V1"
ID_BYTES, NONCE, WRAPPED = 26, 12, 48
HEADER = len(MAGIC) + ID_BYTES + NONCE + WRAPPED
BLOCK = 1 << 20


class Erased(LookupError):
    """The key of whose file this is was destroyed: nobody can read it any more."""


class Sink(Protocol):
    """A file being sealed: `write` plain bytes; afterwards `sha256` and `size` are those of all of them."""

    sha256: str
    size: int

    def write(self, data: bytes, /) -> int: ...

    def tell(self) -> int: ...


class Vault:
    """The files of one hotline. Synchronous and thread-safe."""

    def __init__(self, home: Path, database: Database) -> None:
        self.home = home
        self.persons = Persons(home, database)

    def store(self, source: Path, target: Path, number: str = "") -> Sink:
        """Seals a copy of a plain file. `number`: whose it is, "" where nobody knows. Harmless twice. Raises OSError."""
        with source.open("rb") as file, self.writing(target, number) as sink:
            shutil.copyfileobj(file, sink, BLOCK)
        return sink

    @contextlib.contextmanager
    def writing(self, target: Path, number: str = "") -> Iterator[Sink]:
        """What is written in the block is sealed; `target` is there when it ends, and not at all if it fails."""
        identity, key = self.persons.key_for(number)
        with arriving(target) as part:
            handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
            try:
                with os.fdopen(handle, "wb") as file:
                    sink = _Sink(file, identity, key)
                    yield sink
                    sink.finish()
            except BaseException:
                part.unlink(missing_ok=True)
                raise

    def open(self, path: Path) -> io.BufferedReader:
        """The plain bytes, to be read and sought in. Raises OSError (Damaged, VaultClosed too) and Erased."""
        file = path.open("rb")
        try:
            header = file.read(HEADER)
            if not header.startswith(MAGIC):
                file.seek(0)
                return file
            return io.BufferedReader(Reader(file, self._key(header), HEADER), BLOCK)
        except BaseException:
            file.close()
            raise

    def size(self, path: Path) -> int:
        """Of the plain bytes."""
        with self.open(path) as file:
            return file.seek(0, io.SEEK_END)

    def sha256(self, path: Path) -> str:
        """Of the plain bytes."""
        with self.open(path) as file:
            return hashlib.file_digest(file, "sha256").hexdigest()

    @contextlib.contextmanager
    def plain(self, path: Path) -> Iterator[Path]:
        """A path other programs can read while the block lasts; a sealed file's plain bytes are in memory only, on no disk."""
        if not path.exists() or not is_sealed(path):  # who reads it says what is missing
            yield path
            return
        memory = os.memfd_create("recording", os.MFD_CLOEXEC)
        try:
            with self.open(path) as file, os.fdopen(os.dup(memory), "wb") as copy:
                shutil.copyfileobj(file, copy, BLOCK)
            yield Path(f"/proc/{os.getpid()}/fd/{memory}")
        finally:
            os.close(memory)

    def seal(self, path: Path, number: str = "") -> bool:
        """Seals a plain file where it lies. Whether there was anything to do; killed at any moment, one whole file is there."""
        if is_sealed(path):
            return False
        with self._turn():  # what is deleted meanwhile does not come back
            before = path.stat()
            self.store(path, path, number)
            os.utime(path, (before.st_atime, before.st_mtime))
        return True

    def delete(self, path: Path) -> bool:
        """Takes a file away for good. Whether it was there. Raises OSError."""
        with self._turn():
            try:
                path.unlink()
            except FileNotFoundError:
                return False
            flush(path.parent)
        return True

    @contextlib.contextmanager
    def _turn(self) -> Iterator[None]:
        """One process at a time changes which files there are. Whoever dies gives it back."""
        folder = self.home / "run"
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with (folder / "vault.lock").open("a") as turn:
            fcntl.flock(turn, fcntl.LOCK_EX)
            yield

    def _key(self, header: bytes) -> bytes:
        identity, wrapped = header[len(MAGIC) :][:ID_BYTES], header[-WRAPPED:]
        nonce = header[-WRAPPED - NONCE : -WRAPPED]
        try:
            owner = self.persons.key(identity.decode("ascii", "replace"))
        except LookupError as error:
            raise Erased(str(error)) from None
        try:
            return AESGCM(owner).decrypt(nonce, wrapped, MAGIC + identity)
        except InvalidTag:
            raise Damaged("its beginning is not what was written") from None


class _Sink:
    def __init__(self, file: IO[bytes], identity: str, owner: bytes) -> None:
        key, nonce, name = new_key(), secrets.token_bytes(NONCE), identity.encode("ascii")
        file.write(MAGIC + name + nonce + AESGCM(owner).encrypt(nonce, key, MAGIC + name))
        self._sealed, self._digest = Writer(file, key), hashlib.sha256()
        self.size, self.sha256 = 0, ""

    def write(self, data: bytes, /) -> int:
        self._digest.update(data)
        self.size += len(data)
        return self._sealed.write(data)

    def tell(self) -> int:
        return self.size

    def finish(self) -> None:
        self._sealed.finish()
        self.sha256 = self._digest.hexdigest()


def is_sealed(path: Path) -> bool:
    """Raises OSError."""
    with path.open("rb") as file:
        return file.read(len(MAGIC)) == MAGIC
