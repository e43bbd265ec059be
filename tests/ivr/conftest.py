"""The hotline's Asterisk, as tests/hotline has it: some stories of the menu are told to it. And an editor's home."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.hotline.conftest import asterisk, settings
from tests.ivr.cities import good_texts, put_sounds
from tests.ivr.editor import city

__all__ = ["asterisk", "home", "settings"]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = city(tmp_path, good_texts())
    home = tmp_path / "home"
    home.mkdir()
    (home / "settings.yaml").write_text(f"menu: {{city: {folder}}}\n")
    put_sounds(home, good_texts())
    monkeypatch.setenv("HOTLINE_HOME", str(home))
    return home
