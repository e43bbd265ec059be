"""The demonstration's verdict: everything or nothing, and a result that says which."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from telephone import demo, world
from telephone.demo_steps import Act
from telephone.stage import DemoFailed


class Quiet:
    """Stands where the world would be; nothing is called."""

    def __init__(self, folder: Path, stage: object, broken: int | None) -> None:
        self.hotline = self
        folder.mkdir(exist_ok=True)
        (folder / world.MARK).touch()

    async def __aenter__(self) -> Quiet:
        return self

    async def __aexit__(self, *_: object) -> None:
        return

    async def tickets(self) -> list[dict[str, Any]]:
        return []


async def true(_world: object) -> dict[str, Any]:
    return {"seen": 1}


async def untrue(_world: object) -> dict[str, Any]:
    raise DemoFailed("nobody answered")


@pytest.mark.parametrize("failing", [None, 1, 2, 3, 4, 5])
def test_only_when_all_five_came_true(failing: int | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    acts = {number: Act(f"step {number}", 5, untrue if number == failing else true) for number in range(1, 6)}
    monkeypatch.setattr(demo, "World", Quiet)
    monkeypatch.setattr(demo, "ACTS", acts)
    assert demo.play(tmp_path) is (failing is None)
    result = json.loads((tmp_path / "result.json").read_text())
    assert result["ok"] is (failing is None)
    assert [step["ok"] for step in result["steps"]] == [number != failing for number in range(1, 6)]
    assert {step["problem"] for step in result["steps"]} - {""} == ({"nobody answered"} if failing else set())


def test_a_step_that_takes_too_long_did_not_come_true(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def never(_world: object) -> dict[str, Any]:
        raise TimeoutError

    monkeypatch.setattr(demo, "World", Quiet)
    monkeypatch.setattr(demo, "ACTS", {1: Act("step", 5, never)})
    assert not demo.play(tmp_path)
    assert json.loads((tmp_path / "result.json").read_text())["steps"][0]["problem"] == "TimeoutError"


def test_a_folder_of_somebody_else_is_not_emptied(tmp_path: Path) -> None:
    (tmp_path / "letters.txt").write_text("mine")
    assert not demo.play(tmp_path)
    assert [entry.name for entry in tmp_path.iterdir()] == ["letters.txt"]
