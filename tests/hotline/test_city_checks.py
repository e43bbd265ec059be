"""What the doctor says of a city's gazetteer and of sounds that nobody hears yet."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest

from hotline import city_checks
from hotline.menus import Store, texts
from hotline.settings import DIALPLANS, Settings
from tests.hotline.conftest import settings_of


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    shutil.copytree(DIALPLANS / "12345", tmp_path / "city")
    home = tmp_path / "home"
    home.mkdir()
    (home / "settings.yaml").write_text(f"menu: {{city: {tmp_path}/city}}\n")
    return settings_of(home)


def said(settings: Settings, written: str | bytes | None) -> list[tuple[str, str]]:
    """What is said of a gazetteer that holds this."""
    path = settings.city / "gazetteer.yaml"
    if written is None:
        path.unlink()
    else:
        path.write_bytes(written.encode() if isinstance(written, str) else written)
    return [(one.level, one.says.removeprefix(f"{path}: ")) for one in city_checks.gazetteer_file(settings)]


def test_the_shipped_gazetteer_is_good(settings: Settings) -> None:
    [found] = city_checks.gazetteer_file(settings)
    assert (found.level, found.says.split()[1]) == ("ok", "names")


def test_a_missing_or_empty_gazetteer_is_noted(settings: Settings) -> None:
    for written in ("places: []\n", None):
        [(level, says)] = said(settings, written)
        assert (level, "missing or empty" in says) == ("note", True)


def test_names_that_stand_twice_are_warned_of(settings: Settings) -> None:
    written = "places: [东营市, 东营区 @ 东营市, 东营区]\ndepartments: [市公安局, 市教育局, 市公安局]\n"
    assert said(settings, written) == [("warning", "stand there twice: 东营区, 市公安局")]


def test_a_gazetteer_without_departments_is_noted(settings: Settings) -> None:
    assert said(settings, "[东营市]\n")[0] == ("note", "lists no departments: their names stay as they were heard")


@pytest.mark.parametrize(
    ("written", "fault"),
    [
        ("places: [东营市]\n".encode("gbk"), "written in GBK, not in UTF-8"),
        ("places: [文汇街道 @ 东营]\n", "places lie in 东营, which the file does not list"),
        ("departments: [市公安局 @ 市政府]\n", "places lie in 市政府, which the file does not list"),
        ("departements: [市公安局]\n", "no section 'departements' (places, departments, terms)"),
        ("places: [\n", "while parsing"),
    ],
)
def test_a_gazetteer_that_cannot_be_used_is_a_fault(settings: Settings, written: str | bytes, fault: str) -> None:
    [(level, says)] = said(settings, written)
    assert level == "fault"
    assert fault in says


def test_sounds_that_wait_for_a_publish_are_named(settings: Settings) -> None:
    welcome = settings.sounds / "zh" / "welcome.wav"
    welcome.parent.mkdir(parents=True)
    welcome.write_text("one")
    assert list(city_checks.unpublished(settings)) == []
    Store.of(settings).publish(texts(settings.city), "one", "wang", datetime.now(UTC))
    assert list(city_checks.unpublished(settings)) == []
    welcome.write_text("two")
    [found] = city_checks.unpublished(settings)
    assert (found.level, found.says) == ("note", "not heard yet: sounds of zh recorded anew: welcome")
