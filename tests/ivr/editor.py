"""What an administrator has before them: a folder that is a city, and the `hotline` command."""

from __future__ import annotations

from pathlib import Path

from typer.testing import CliRunner, Result

from hotline.cli import build


def city(tmp_path: Path, texts: dict[str, str]) -> Path:
    folder = tmp_path / "city"
    folder.mkdir(exist_ok=True)
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8")
    return folder


def hotline(*words: str, typed: str | None = None) -> Result:
    return CliRunner().invoke(build(), list(words), input=typed)
