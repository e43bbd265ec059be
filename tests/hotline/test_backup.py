"""A hotline put into one file and made again of it: tickets, voices, menus, keys; and archives that mean no good."""

from __future__ import annotations

import gzip
import io
import json
import shutil
import tarfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from hotline import backup, menus, phones, restore
from hotline.cli import build
from hotline.register import open_register
from hotline.secrets import secret
from hotline.settings import Settings
from queues import audit, people
from queues.actor import ADMINISTRATOR, Actor
from tests.hotline.conftest import settings_of
from tests.tickets import postgres
from tests.tickets.stage import speak
from tickets.adopt import Adoption
from tickets.models import Ticket
from tickets.spool import Spool
from tickets.store import Store

ROOT = Actor(ADMINISTRATOR, name="root")
CALL = {"caller": "13800001234", "called": "12345", "path": "12345-1", "type": "complaint"}


class Hotline:
    """A home with everything a hotline keeps."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.spool = Spool(settings.spool)
        self.spool.prepare()
        self.store = open_register(settings.database_url)
        menus.publish(settings, "first", author="陈")
        menus.publish(settings, "second", author="陈")
        phones.add(settings, "1001", ("complaints",))
        people.add(self.store.database, ROOT, "li", {"name": "李明", "work_number": "1024"}, "4711")
        secret(settings.secrets, "ami")
        log = settings.home / "asterisk" / "log"
        log.mkdir(parents=True)
        (log / "queue_log").write_text("1795311586|NONE|NONE|NONE|QUEUESTART|\n")
        (log / "messages.log").write_text("nobody needs this again\n")

    def leaves(self, seconds: float = 0.1) -> str:
        """A caller leaves a message; the spool's item."""
        item = self.spool.open("voicemail", CALL)
        speak(self.spool.media(item), seconds)
        self.spool.close(item.item)
        return item.item

    def adopt_all(self) -> list[Ticket]:
        return [Adoption(self.settings.home, self.spool, self.store).adopt(item) for item in self.spool.waiting()]

    def backed_up(self, tell: backup.Tell = lambda _done, _all: None) -> Path:
        target = self.settings.home.parent / "hotline.tar.gz"
        backup.write(self.settings, target, tell)
        return target


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """An archive to spoil copies of."""
    made = Hotline(settings_of(tmp_path_factory.mktemp("good") / "home"))
    made.leaves()
    yield made.backed_up()
    made.store.close()


@pytest.fixture
def archive(good: Path, tmp_path: Path) -> Path:
    return Path(shutil.copy(good, tmp_path))


@pytest.fixture
def hotline(settings: Settings) -> Iterator[Hotline]:
    made = Hotline(settings)
    yield made
    made.store.close()


def restored(archive: Path, home: Path, **environ: str) -> Settings:
    restore.read(archive, home, environ)
    return settings_of(home, **environ)


def items_and_tickets(settings: Settings) -> set[str]:
    """What the restored hotline knows of, once its worker has looked at the spool."""
    store = open_register(settings.database_url)
    spool = Spool(settings.spool)
    spool.recover()
    for item in spool.waiting():
        Adoption(settings.home, spool, store).adopt(item)
    known = {ticket.item or "" for ticket in store.tickets(limit=100)}
    store.close()
    return known


def test_everything_that_counts_is_there_again(hotline: Hotline, tmp_path: Path) -> None:
    hotline.leaves()
    [ticket] = hotline.adopt_all()
    waiting = hotline.leaves()
    again = restored(hotline.backed_up(), tmp_path / "again")
    assert menus.Store.of(again).current() == 2
    assert [version.note for version in menus.Store.of(again).versions()] == ["second", "first"]
    assert phones.phones(again) == phones.phones(hotline.settings)
    assert secret(again.secrets, "ami") == secret(hotline.settings.secrets, "ami")
    assert again.file == hotline.settings.file
    assert ticket.audio_path and (again.home / ticket.audio_path).read_bytes() == (hotline.settings.home / ticket.audio_path).read_bytes()
    assert (again.home / "asterisk/log/queue_log").exists() and not (again.home / "asterisk/log/messages.log").exists()
    assert items_and_tickets(again) == {ticket.item, waiting}
    store = Store(again.database_url)
    assert store.ticket(ticket.number).audio_sha256 == ticket.audio_sha256
    assert people.by_pin(store.database, "1024", "4711").name == "李明"
    store.close()


def test_what_a_later_version_keeps_in_the_home_comes_too(hotline: Hotline, tmp_path: Path) -> None:
    (hotline.settings.home / "elderly.yaml").write_text("numbers: {}\n")
    (hotline.settings.home / "later" / "deep").mkdir(parents=True)
    (hotline.settings.home / "later" / "deep" / "file").write_text("x")
    (hotline.settings.home / "log").mkdir()
    (hotline.settings.home / "log" / "web.log").write_text("x")
    again = restored(hotline.backed_up(), tmp_path / "again")
    assert (again.home / "elderly.yaml").exists() and (again.home / "later/deep/file").exists()
    assert not (again.home / "log").exists()
    assert [path.name for path in again.home.glob("*.sqlite3*")] == ["hotline.sqlite3"]


def test_nobody_else_can_read_any_of_it(hotline: Hotline, tmp_path: Path) -> None:
    archive = hotline.backed_up()
    again = restored(archive, tmp_path / "again")
    assert archive.stat().st_mode & 0o777 == 0o600
    assert [path for path in (again.home, *again.home.rglob("*")) if path.lstat().st_mode & 0o077] == []
    assert not [path for path in tmp_path.iterdir() if path.name.startswith(".")], "nothing is left beside them"


def test_messages_that_come_and_move_on_meanwhile_are_not_lost(hotline: Hotline, tmp_path: Path) -> None:
    before = {hotline.leaves() for _ in range(3)}
    recording = hotline.spool.open("voicemail", CALL)
    speak(hotline.spool.media(recording), 0.2)

    def life_goes_on(_done: int, _all: int) -> None:
        if len(steps) < 12:
            steps.append(hotline.leaves())
        if len(steps) == 3:
            hotline.spool.close(recording.item)
        if len(steps) == 5:
            hotline.adopt_all()

    steps: list[str] = []
    known = items_and_tickets(restored(hotline.backed_up(life_goes_on), tmp_path / "again"))
    assert before | {recording.item} <= known
    assert len(steps) == 12


def test_a_message_packed_half_and_whole_counts_once(tmp_path: Path) -> None:
    (tmp_path / "tmp").mkdir()
    (tmp_path / "new/A").mkdir(parents=True)
    for name in ("tmp/A.json", "tmp/A.wav", "tmp/B.json", "new/A/item.json"):
        (tmp_path / name).write_text("x")
    restore._tidy_spool(tmp_path)
    assert sorted(path.name for path in (tmp_path / "tmp").iterdir()) == ["B.json"]


def test_recordings_on_another_disk_come_too(hotline: Hotline, tmp_path: Path) -> None:
    hotline.leaves()
    [ticket] = hotline.adopt_all()
    (hotline.settings.home / "recordings").rename(tmp_path / "large")
    (hotline.settings.home / "recordings").symlink_to(tmp_path / "large")
    again = restored(hotline.backed_up(), tmp_path / "again")
    assert ticket.audio_path and (again.home / ticket.audio_path).is_file()


def test_nothing_is_overwritten(hotline: Hotline, tmp_path: Path) -> None:
    archive = hotline.backed_up()
    with pytest.raises(backup.BackupError, match="is there already"):
        backup.write(hotline.settings, archive)
    with pytest.raises(restore.RestoreError, match="holds data already"):
        restore.read(archive, hotline.settings.home, {})
    elsewhere = f"sqlite:///{hotline.settings.home / 'hotline.sqlite3'}"
    with pytest.raises(restore.RestoreError, match="holds tickets already"):
        restore.read(archive, tmp_path / "again", {"HOTLINE_DATABASE_URL": elsewhere})
    with pytest.raises(restore.RestoreError, match="must name one of that kind"):
        restore.read(archive, tmp_path / "again", {"HOTLINE_DATABASE_URL": "postgresql://nowhere/x"})
    assert not (tmp_path / "again").exists()


def test_what_setup_has_made_is_no_obstacle(hotline: Hotline, tmp_path: Path) -> None:
    home = tmp_path / "again"
    for name in ("downloads", "sounds"):
        (home / name).mkdir(parents=True)
    (home / "downloads" / "asterisk").write_text("x")
    (hotline.settings.sounds / "zh").mkdir(parents=True)
    (hotline.settings.sounds / "zh" / "welcome.wav").write_text("ours")
    again = restored(hotline.backed_up(), home)
    assert (home / "downloads" / "asterisk").exists()
    assert (again.sounds / "zh" / "welcome.wav").read_text() == "ours"


def member(name: str, data: bytes = b"x", **fields: object) -> tuple[tarfile.TarInfo, bytes]:
    made = tarfile.TarInfo(name)
    made.size = len(data)
    for field, value in fields.items():
        setattr(made, field, value)
    return made, data


def forged(archive: Path, change: Callable[[list[tuple[tarfile.TarInfo, bytes]]], object]) -> Path:
    """The archive with other members."""
    with tarfile.open(archive) as old:
        members = [(entry, old.extractfile(entry).read()) for entry in old]  # type: ignore[union-attr]
    change(members)
    bad = archive.with_name("forged.tar.gz")
    with tarfile.open(bad, "w:gz") as new:
        for entry, data in members:
            new.addfile(entry, io.BytesIO(data) if entry.isreg() else None)
    return bad


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda m: m.insert(0, member("/etc/cron.d/x")), "has no place"),
        (lambda m: m.insert(0, member("../x")), "has no place"),
        (lambda m: m.insert(0, member("spool/../../x")), "has no place"),
        (lambda m: m.insert(0, member("spool//x")), "has no place"),
        (lambda m: m.insert(0, member("downloads/asterisk/usr/sbin/asterisk")), "has no place"),
        (lambda m: m.insert(0, member("asterisk/agi-bin/hotline-spool")), "has no place"),
        (lambda m: m.insert(0, member("run/telephony.json")), "has no place"),
        (lambda m: m.insert(0, member(".hidden")), "has no place"),
        (lambda m: m.insert(0, member("secrets/" + "a" * 500)), "has no place"),
        (lambda m: m.insert(0, member("secrets/x", b"", type=tarfile.SYMTYPE, linkname="/etc/shadow")), "not a regular file"),
        (lambda m: m.insert(0, member("secrets/x", b"", type=tarfile.LNKTYPE, linkname="/etc/shadow")), "not a regular file"),
        (lambda m: m.insert(0, member("secrets/x", b"", type=tarfile.CHRTYPE)), "not a regular file"),
        (lambda m: m.insert(0, member("secrets", b"", type=tarfile.DIRTYPE)), "not a regular file"),
        (lambda m: m.insert(0, m[0]), "is there twice"),
        (lambda m: m.insert(0, member("secrets/more")), "secrets/more is not as the manifest says"),
        (lambda m: m.append(member("secrets/behind")), "stands behind"),
        (lambda m: m.pop(0), "not as the manifest says"),
        (lambda m: m.pop(), "has no manifest"),
        (lambda m: m.__setitem__(-1, member("manifest.json", b"[]")), "cannot be read"),
        (lambda m: m.__setitem__(-1, member("manifest.json", b"[" * 100_000)), "cannot be read"),
        (lambda m: m.__setitem__(-1, member("manifest.json", json.dumps({"format": 9}).encode())), "an archive of form 9"),
    ],
)
def test_a_hostile_archive_leaves_nothing_behind(archive: Path, tmp_path: Path, change: Callable[[object], object], reason: str) -> None:
    bad = forged(archive, change)  # type: ignore[arg-type]
    with pytest.raises(restore.RestoreError, match=reason):
        restore.read(bad, tmp_path / "again", {})
    assert sorted(path.name for path in tmp_path.iterdir()) == ["forged.tar.gz", "hotline.tar.gz"]


@pytest.mark.parametrize("kept", [0, 5, 200, 2000, -30])
def test_half_an_archive_is_none(archive: Path, tmp_path: Path, kept: int) -> None:
    archive.write_bytes(archive.read_bytes()[:kept])
    with pytest.raises(restore.RestoreError):
        restore.read(archive, tmp_path / "again", {})
    assert not (tmp_path / "again").exists()


def test_one_byte_that_changed_is_found(archive: Path, tmp_path: Path) -> None:
    raw = bytearray(gzip.decompress(archive.read_bytes()))
    raw[raw.index(b"RIFF") + 60] ^= 1
    archive.write_bytes(gzip.compress(bytes(raw)))
    with pytest.raises(restore.RestoreError, match=r"audio\.wav is not as the manifest says"):
        restore.read(archive, tmp_path / "again", {})


def test_a_full_disk_is_said_before_it_is_full(archive: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: type("Usage", (), {"free": 3})())
    with pytest.raises(restore.RestoreError, match="no room"):
        restore.read(archive, tmp_path / "again", {})


def test_tickets_in_postgresql_are_copied_at_one_moment_and_counted_on(tmp_path: Path) -> None:
    with postgres.running() as server, server.database() as first, server.database() as second:
        hotline = Hotline(settings_of(tmp_path / "home", HOTLINE_DATABASE_URL=first))
        waiting = [hotline.leaves() for _ in range(2)]
        tickets = hotline.adopt_all()
        archive = hotline.backed_up()
        hotline.store.close()
        assert len(tickets) == len(waiting)
        again = restored(archive, tmp_path / "again", HOTLINE_DATABASE_URL=second)
        store = open_register(again.database_url)
        assert {t.number for t in store.tickets(limit=10)} == {t.number for t in tickets}
        assert store.jobs.live("transcribe") == {t.id for t in tickets}, "the jobs are there too"  # type: ignore[attr-defined]
        assert people.find(store.database, "li").work_number == "1024"
        people.add(store.database, ROOT, "wang", {"name": "王芳", "work_number": "1025"})
        assert [line.target for line in audit.lines(store.database)] == ["wang", "li"], "the audit goes on after its last line"
        later = store.open_draft("9.9", "help", "12345", "1", "12345", "1001")
        assert later.number > max(t.number for t in tickets)
        store.close()
        with pytest.raises(restore.RestoreError, match="holds tickets already"):
            restore.read(archive, tmp_path / "third", {"HOTLINE_DATABASE_URL": second})


def test_the_commands(hotline: Hotline, tmp_path: Path) -> None:
    environ = {**hotline.settings.environ(), "HOTLINE_DATABASE_URL": ""}
    archive, again = str(tmp_path / "x.tar.gz"), str(tmp_path / "again")

    def run(*arguments: str) -> tuple[int, str]:
        done = CliRunner().invoke(build(), arguments, env=environ)
        return done.exit_code, done.output

    code, said = run("backup", archive)
    assert code == 0 and f"{archive}: " in said, said
    assert run("backup", archive)[0] == 2
    code, said = run("restore", archive, "--into", again)
    assert code == 0 and f"HOTLINE_HOME={again} hotline run" in said, said
    code, said = run("restore", archive)
    assert code == 2 and "holds data already" in said
