"""Models from their makers' addresses, or carried here: a line that breaks, a page instead of an archive, a zip without end."""

from __future__ import annotations

import functools
import http.server
import io
import socket
import threading
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from speech import local, setup, store
from speech.catalogue import Archive, Model
from speech.fetch import FetchFailed
from speech.store import ModelDamaged, ModelMissing
from tests.speech.conftest import Here


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
