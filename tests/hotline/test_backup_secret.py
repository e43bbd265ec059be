"""What lies sealed is in the archive with the key that opens it; the archive may be sealed itself."""

from __future__ import annotations

import io
import wave
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from hotline import backup, passphrase, restore
from hotline.cli import build
from hotline.settings import Settings
from tests.hotline.kept import Hotline, restored
from tickets.database import Database
from tickets.master import VaultClosed, place
from tickets.persons import keys_stay
from tickets.vault import Vault, is_sealed

WORDS = "correct horse battery staple"


@pytest.fixture
def hotline(settings: Settings) -> Iterator[Hotline]:
    made = Hotline(settings)
    yield made
    made.store.close()


def vault_of(settings: Settings) -> Vault:
    return Vault(settings.home, Database(settings.database_url))


def test_a_restored_hotline_reads_its_recordings(hotline: Hotline, tmp_path: Path) -> None:
    hotline.leaves(0.5)
    [ticket] = hotline.adopt_all()
    vault_of(hotline.settings).persons.rotate()
    again = restored(hotline.backed_up(), tmp_path / "again")
    assert place(again.home).stat().st_mode & 0o777 == 0o600
    path = again.home / str(ticket.audio_path)
    assert is_sealed(path)
    with vault_of(again).open(path) as file, wave.open(io.BytesIO(file.read())) as sound:
        assert sound.getnframes() == 4000
    assert vault_of(again).persons.find("13800001234")
    place(again.home).unlink()
    with pytest.raises(VaultClosed, match="put the file back"):
        vault_of(again).open(path)


def test_an_archive_under_a_passphrase_opens_with_it_alone(hotline: Hotline, tmp_path: Path) -> None:
    hotline.leaves()
    hotline.adopt_all()
    target = tmp_path / "sealed.tar.gz"
    backup.write(hotline.settings, target, passphrase=WORDS)
    raw = target.read_bytes()
    assert raw.startswith(passphrase.MAGIC) and b"manifest.json" not in raw
    for words, said in (("", "passphrase is needed"), ("another passphrase", "another passphrase")):
        with pytest.raises(restore.RestoreError, match=said):
            restore.read(target, tmp_path / "no", {}, passphrase=words)
    assert not (tmp_path / "no").exists()
    restore.read(target, tmp_path / "again", {}, passphrase=WORDS)
    assert (tmp_path / "again" / "hotline.sqlite3").exists()
    target.write_bytes(raw[:-100])
    with pytest.raises(restore.RestoreError, match="cut off"):
        restore.read(target, tmp_path / "no", {}, passphrase=WORDS)


def test_the_commands_take_the_passphrase_from_standard_input(hotline: Hotline, tmp_path: Path) -> None:
    def run(*words: str, typed: str = "") -> tuple[int, str]:
        done = CliRunner().invoke(build(), words, env={**hotline.settings.environ(), "HOTLINE_DATABASE_URL": ""}, input=typed)
        return done.exit_code, done.output

    target, again = str(tmp_path / "x.tar.gz"), str(tmp_path / "again")
    code, said = run("backup", target, "--encrypt", typed="short\n")
    assert code == 2 and "at least 12 characters" in said and not Path(target).exists()
    assert run("backup", target, "--encrypt", typed=f"{WORDS}\n")[0] == 0
    assert run("restore", target, "--into", again, typed="nothing of the kind\n")[0] == 2
    code, said = run("restore", target, "--into", again, typed=f"{WORDS}\n")
    assert code == 0 and WORDS not in said


def test_no_key_is_rotated_while_a_backup_is_made(hotline: Hotline) -> None:
    hotline.leaves()
    hotline.adopt_all()
    known = vault_of(hotline.settings).persons
    with keys_stay(hotline.settings.home), pytest.raises(VaultClosed, match="a backup is being made"):
        known.rotate()
    with keys_stay(hotline.settings.home, change=True), pytest.raises(backup.BackupError, match="is being rotated"):
        hotline.backed_up()
    assert known.rotate() == 1
