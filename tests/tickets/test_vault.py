"""What lies sealed: read whole and in parts by who holds the keys, noise to everybody else, and never half."""

from __future__ import annotations

import hashlib
import io
import os
import random
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tickets import master, sealed, sealing, vault
from tickets.database import Database
from tickets.item import Item
from tickets.master import VaultClosed
from tickets.models import Ticket
from tickets.person_tables import Person
from tickets.sealed import CHUNK, TAG, Damaged, Reader, Writer, new_key
from tickets.store import Audio, Store
from tickets.vault import HEADER, MAGIC, Erased, Vault, is_sealed

CALLER = "13800001234"
VOICE = random.Random(1).randbytes(3 * CHUNK + 77)


@pytest.fixture
def database(tmp_path: Path, sqlite_template: Path) -> Iterator[Database]:
    shutil.copyfile(sqlite_template, tmp_path / "hotline.sqlite3")
    made = Database(f"sqlite:///{tmp_path / 'hotline.sqlite3'}")
    yield made
    made.close()


@pytest.fixture
def safe(tmp_path: Path, database: Database) -> Vault:
    return Vault(tmp_path, database)


@pytest.fixture
def plain(tmp_path: Path) -> Path:
    path = tmp_path / "plain.wav"
    path.write_bytes(VOICE)
    return path


def stream(data: bytes, key: bytes) -> bytes:
    file = io.BytesIO()
    writer = Writer(file, key)
    for begin in range(0, len(data), 50_001):
        writer.write(data[begin : begin + 50_001])
    writer.finish()
    return file.getvalue()


@pytest.mark.parametrize("size", [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK, 3 * CHUNK + 77])
def test_what_was_written_is_read_whole_and_anywhere(size: int) -> None:
    key, data = new_key(), VOICE[:size]
    reader = Reader(io.BytesIO(b"head" + stream(data, key)), key, 4)
    assert (reader.size, reader.readall()) == (size, data)
    buffered = io.BufferedReader(reader)
    for begin, count in [(0, 10), (CHUNK - 3, 6), (size // 2, CHUNK), (max(0, size - 5), 50)]:
        buffered.seek(begin)
        assert buffered.read(count) == data[begin : begin + count]


@pytest.mark.parametrize(
    "spoiled",
    [
        lambda raw: raw[:-1],
        lambda raw: raw[: CHUNK + TAG],  # whole chunks are missing at the end
        lambda raw: raw[: -(77 + TAG)],
        lambda raw: raw + b"\0",
        lambda raw: raw + raw[-(77 + TAG) :],
        lambda raw: b"",
        lambda raw: raw[:7],
    ],
)
def test_an_end_that_is_none_is_seen_when_the_file_is_opened(spoiled: object) -> None:
    key = new_key()
    raw = spoiled(stream(VOICE, key))  # type: ignore[operator]
    with pytest.raises(Damaged):
        Reader(io.BytesIO(raw), key)


def test_a_changed_byte_and_swapped_chunks_are_seen_when_they_are_read() -> None:
    key = new_key()
    raw = bytearray(stream(VOICE, key))
    raw[100] ^= 1
    with pytest.raises(Damaged):
        Reader(io.BytesIO(bytes(raw)), key).read(10)
    one, two = sealed.SEALED, 2 * sealed.SEALED
    raw = bytearray(stream(VOICE, key))
    raw[:two] = raw[one:two] + raw[:one]
    with pytest.raises(Damaged):
        Reader(io.BytesIO(bytes(raw)), key).read(10)
    with pytest.raises(Damaged):
        Reader(io.BytesIO(stream(VOICE, key)), new_key())


def test_a_recording_is_noise_on_the_disk_and_itself_through_the_door(safe: Vault, plain: Path, tmp_path: Path) -> None:
    kept = safe.store(plain, tmp_path / "recordings" / "a.wav", CALLER)
    target = tmp_path / "recordings" / "a.wav"
    raw = target.read_bytes()
    assert raw.startswith(MAGIC) and VOICE[:32] not in raw and CALLER.encode() not in raw
    assert target.stat().st_mode & 0o777 == 0o600
    with safe.open(target) as file:
        assert file.read() == VOICE
        file.seek(CHUNK - 1)
        assert file.read(2) == VOICE[CHUNK - 1 : CHUNK + 1]
    assert (kept.size, kept.sha256) == (len(VOICE), safe.sha256(target))
    assert safe.size(target) == len(VOICE)
    assert not list(target.parent.glob("*.part"))


def test_another_program_reads_it_from_memory_while_it_may(safe: Vault, plain: Path, tmp_path: Path) -> None:
    safe.store(plain, tmp_path / "a.wav", CALLER)
    before = {path for path in tmp_path.rglob("*") if path.is_file()}
    with safe.plain(tmp_path / "a.wav") as path:
        done = subprocess.run([sys.executable, "-c", "import sys; sys.stdout.buffer.write(open(sys.argv[1], 'rb').read())", path], capture_output=True, timeout=20)
        assert done.stdout == VOICE and path.stat().st_size == len(VOICE)
        assert {path for path in tmp_path.rglob("*") if path.is_file()} == before, "no plain copy on any disk"
    assert not path.exists()
    with safe.plain(plain) as same:
        assert same == plain, "an older recording that was not sealed yet"


def test_the_same_caller_has_one_key_however_the_number_is_written(safe: Vault, database: Database) -> None:
    known = {safe.persons.key_for(number)[0] for number in (CALLER, "+86 138 0000 1234", "0086-13800001234", "86 13800001234")}
    assert len(known) == 1 and {safe.persons.find(CALLER)} == known
    assert safe.persons.key_for("0546-8381234")[0] not in known
    assert safe.persons.key_for("")[0] != safe.persons.key_for("")[0], "who withholds their number is nobody else"
    with database.reads() as session:
        rows = session.query(Person).all()
    assert not any("13800001234" in str(vars(row)) for row in rows)


def test_a_destroyed_key_leaves_noise(safe: Vault, database: Database, plain: Path, tmp_path: Path) -> None:
    safe.store(plain, tmp_path / "a.wav", CALLER)
    with database.writes() as session:
        session.query(Person).update({"wrapped_key": None, "mark": None})
    with pytest.raises(Erased, match="was destroyed"):
        safe.open(tmp_path / "a.wav")


def test_without_its_master_key_nothing_is_opened_made_or_overwritten(safe: Vault, database: Database, plain: Path, tmp_path: Path) -> None:
    safe.store(plain, tmp_path / "a.wav", CALLER)
    path = master.place(tmp_path)
    assert (path.stat().st_mode & 0o777, path.parent.stat().st_mode & 0o777) == (0o600, 0o700)
    kept = path.read_bytes()
    path.unlink()
    later = Vault(tmp_path, database)
    for act in (lambda: later.open(tmp_path / "a.wav"), lambda: later.store(plain, tmp_path / "a.wav", CALLER)):
        with pytest.raises(VaultClosed, match="is missing, and 1 keys .* put the file back"):
            act()
    assert not path.exists(), "no new key in the place of the lost one"
    path.write_bytes(kept)
    assert later.sha256(tmp_path / "a.wav"), "put back, everything opens"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "cannot be used"), ("[]", "cannot be used"), ('{"masters": [], "index": "' + "A" * 43 + '="}', "holds no key"),
        ('{"masters": [{"id": "A", "key": "c2hvcnQ="}], "index": ""}', "cannot be used"),
    ],
)  # fmt: skip
def test_a_spoilt_master_key_file_is_said(safe: Vault, plain: Path, tmp_path: Path, content: str, said: str) -> None:
    master.place(tmp_path).parent.mkdir()
    master.place(tmp_path).write_text(content)
    with pytest.raises(VaultClosed, match=said):
        safe.store(plain, tmp_path / "a.wav")
    assert master.place(tmp_path).read_text() == content


def test_another_hotlines_master_key_is_told_from_ours(safe: Vault, database: Database, plain: Path, tmp_path: Path) -> None:
    safe.store(plain, tmp_path / "a.wav", CALLER)
    ours = master.load(tmp_path)
    master.place(tmp_path).unlink()
    theirs = master.make(tmp_path)
    with pytest.raises(VaultClosed, match="does not hold"):
        Vault(tmp_path, database).open(tmp_path / "a.wav")
    assert ours
    master._replace(tmp_path, master.Master(((ours.current, theirs.keys[0][1]),), theirs.index))
    with pytest.raises(VaultClosed, match="another key under the name"):
        Vault(tmp_path, database).open(tmp_path / "a.wav")


def test_rotation_wraps_every_key_anew_and_other_processes_follow(safe: Vault, database: Database, plain: Path, tmp_path: Path) -> None:
    safe.store(plain, tmp_path / "a.wav", CALLER)
    safe.store(plain, tmp_path / "b.wav")
    before, other = (tmp_path / "a.wav").read_bytes(), Vault(tmp_path, database)
    other.sha256(tmp_path / "a.wav")
    old = master.load(tmp_path)
    assert safe.persons.rotate() == 2
    new = master.load(tmp_path)
    assert old and new and len(new.keys) == 1 and new.current != old.current and new.index == old.index
    assert (tmp_path / "a.wav").read_bytes() == before, "files are left as they are"
    assert other.sha256(tmp_path / "a.wav") == safe.sha256(tmp_path / "b.wav")
    assert other.persons.find(CALLER) == safe.persons.find(CALLER)


def test_a_rotation_that_was_killed_is_done_again(safe: Vault, database: Database, plain: Path, tmp_path: Path) -> None:
    safe.store(plain, tmp_path / "a.wav", CALLER)
    known = master.load(tmp_path)
    assert known
    master.add(tmp_path, known)  # and killed here
    later = Vault(tmp_path, database)
    assert later.sha256(tmp_path / "a.wav") and later.persons.rotate() == 1
    found = master.load(tmp_path)
    assert found and len(found.keys) == 1


def test_an_older_file_is_sealed_where_it_lies_once(safe: Vault, plain: Path, tmp_path: Path) -> None:
    os.utime(plain, (1e9, 1e9))
    assert safe.seal(plain, CALLER) and not safe.seal(plain, CALLER)
    assert is_sealed(plain) and plain.stat().st_mtime == 1e9
    with safe.open(plain) as file:
        assert file.read() == VOICE


@pytest.mark.parametrize("step", ["fsync", "rename"])
def test_killed_while_it_is_sealed_one_whole_file_is_there(safe: Vault, plain: Path, tmp_path: Path, step: str, monkeypatch: pytest.MonkeyPatch) -> None:
    class Killed(BaseException):
        pass

    def die(*_: object) -> None:
        raise Killed

    monkeypatch.setattr("tickets.files.flush" if step == "fsync" else "pathlib.Path.rename", die)
    with pytest.raises(Killed):
        safe.seal(plain, CALLER)
    monkeypatch.undo()
    assert plain.read_bytes() == VOICE
    assert safe.seal(plain, CALLER) and safe.size(plain) == len(VOICE)
    assert not list(tmp_path.glob("*.part"))


def test_what_fails_while_it_is_written_leaves_nothing(safe: Vault, tmp_path: Path) -> None:
    with pytest.raises(OSError, match="disk full"), safe.writing(tmp_path / "a.pdf") as sink:
        sink.write(b"half")
        raise OSError("disk full")
    assert not list(tmp_path.glob("a.pdf*"))


def test_a_header_of_another_file_does_not_open_it(safe: Vault, plain: Path, tmp_path: Path) -> None:
    safe.store(plain, tmp_path / "a.wav", CALLER)
    safe.store(plain, tmp_path / "b.wav", "13900001234")
    mixed = (tmp_path / "a.wav").read_bytes()[:HEADER] + (tmp_path / "b.wav").read_bytes()[HEADER:]
    (tmp_path / "b.wav").write_bytes(mixed)
    with pytest.raises(Damaged):
        safe.open(tmp_path / "b.wav")
    assert vault.HEADER == 94


def test_what_lay_plain_before_is_sealed_in_the_background(safe: Vault, database: Database, tmp_path: Path) -> None:
    ticket = Store(str(database.url)).adopt(Item(item="M", kind="voicemail", caller=CALLER), Audio("recordings/2026/11/22/M.wav", "", 1.0))
    for name in ("recordings/2026/11/22/M.wav", "documents/2026/11/22/F.pdf", "recordings/calls/20261122/1.1.wav", "recordings/2026/11/22/N.wav.part"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(VOICE)
    assert sealing.plain(tmp_path) == 2
    stop = threading.Event()
    assert (sealing.seal_old(safe, database, stop), sealing.plain(tmp_path)) == (2, 0)
    assert safe.sha256(tmp_path / str(ticket.audio_path)) == hashlib.sha256(VOICE).hexdigest()
    assert not is_sealed(tmp_path / "recordings/calls/20261122/1.1.wav"), "the recorder's"
    assert sealing.seal_old(safe, database, stop) == 0 and (tmp_path / "run/sealed-tickets").exists()
    owner = safe.persons.find(CALLER)
    assert owner and (tmp_path / str(ticket.audio_path)).read_bytes()[len(MAGIC) :].startswith(owner.encode()), "under its caller's key"
    assert safe.persons.claim() == 1 and safe.persons.claim() == 0
    with database.reads() as session:
        assert session.get_one(Ticket, ticket.id).person == owner


def test_a_file_that_was_deleted_does_not_come_back(safe: Vault, plain: Path) -> None:
    assert safe.delete(plain) and not safe.delete(plain) and not plain.exists()
