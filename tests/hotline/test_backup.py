"""A hotline put into one file and made again of it: tickets, voices, menus, keys."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from hotline import backup, menus, phones, restore
from hotline.cli import build
from hotline.register import open_register
from hotline.secrets import secret
from hotline.settings import Settings
from queues import audit, people
from tests.hotline.conftest import settings_of
from tests.hotline.kept import CALL, ROOT, Hotline, restored
from tests.tickets import postgres
from tests.tickets.stage import speak
from tickets.adopt import Adoption
from tickets.spool import Spool
from tickets.store import Store


@pytest.fixture
def hotline(settings: Settings) -> Iterator[Hotline]:
    made = Hotline(settings)
    yield made
    made.store.close()


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
