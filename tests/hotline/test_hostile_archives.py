"""Archives that mean no good, or are not whole: nothing of them is left behind."""

from __future__ import annotations

import gzip
import io
import json
import shutil
import tarfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from hotline import restore
from tests.hotline.conftest import settings_of
from tests.hotline.kept import Hotline


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
