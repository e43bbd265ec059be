"""The list of elderly callers: kept as people wrote it, private, and known to Asterisk in every form of a number."""

from __future__ import annotations

import json
import stat
import threading
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from hotline import edit as editing
from hotline import elderly
from hotline.cli import build
from hotline.edit import EditRefused, edit
from hotline.settings import DIALPLANS, Settings
from ivr.numbers import caller_forms
from tests.hotline.conftest import settings_of
from tests.ivr.cities import good_city


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return settings_of(tmp_path / "home")


@pytest.mark.parametrize(
    ("number", "forms"),
    [
        ("13812345678", {"13812345678", "013812345678", "8613812345678", "008613812345678"}),
        ("+8613812345678", {"13812345678", "013812345678", "8613812345678", "008613812345678"}),
        ("05468123456", {"05468123456", "8123456", "865468123456", "00865468123456"}),
        ("8123456", {"05468123456", "8123456", "865468123456", "00865468123456"}),
        ("865468123456", {"05468123456", "8123456", "865468123456", "00865468123456"}),
        ("01081234567", {"01081234567", "861081234567", "00861081234567"}),
    ],
)
def test_a_caller_is_known_in_every_form_a_trunk_may_use(number: str, forms: set[str]) -> None:
    assert set(caller_forms(number, good_city())) == forms


def test_asterisk_is_told_in_every_form_and_nobody_else_may_read_it(settings: Settings) -> None:
    elderly.add(settings, "13812345678", "person")
    elderly.add(settings, "8123456", "slow")
    elderly.write(settings, good_city())
    path = settings.home / "asterisk/etc/menus/elderly.conf"
    assert "exten => 8613812345678,1,Return(person)" in path.read_text().splitlines()
    assert "exten => 05468123456,1,Return(slow)" in path.read_text().splitlines()
    for private in (path, settings.home / "elderly.yaml"):
        assert stat.S_IMODE(private.stat().st_mode) == 0o600


def test_comments_order_and_quotes_survive(settings: Settings) -> None:
    path = settings.home / "elderly.yaml"
    path.write_text("# 名单\nnumbers:\n  \"13812345678\": person   # 王奶奶\n  '05468123456': slow\n\n  # 西城\n  \"13900000000\": slow\n")
    elderly.add(settings, "13700000000", "person")
    elderly.remove(settings, "05468123456")
    kept = path.read_text()
    assert kept.startswith('# 名单\nnumbers:\n  "13812345678": person   # 王奶奶\n')
    assert kept.endswith('  "13900000000": slow\n  "13700000000": person\n')
    assert list(elderly.listed(settings)) == ["13812345678", "13900000000", "13700000000"]


def test_what_is_no_list_is_refused_and_left_alone(settings: Settings) -> None:
    path = settings.home / "elderly.yaml"
    for text in ("numbers: [1]\n", "numbers: {13812345678: person}\n", 'numbers: {"13812345678": quick}\n', "a: [\n", "- a\n"):
        path.write_text(text)
        for act in (lambda: elderly.listed(settings), lambda: elderly.add(settings, "13700000000", "slow")):
            with pytest.raises(elderly.ElderlyError):
                act()
        assert path.read_text() == text


@pytest.mark.parametrize("number", ["", "12", "1381234567a", "138 1234", "1" * 16, "${X}"])
def test_only_telephone_numbers_are_taken_and_none_is_repeated_in_a_message(settings: Settings, number: str) -> None:
    with pytest.raises(elderly.ElderlyError, match="not a telephone number"):
        elderly.add(settings, number, "person")
    with pytest.raises(elderly.ElderlyError, match=r"138\*\*\*\*5678 is not on the list"):
        elderly.remove(settings, "13812345678")


def hotline(*words: str) -> Result:
    return CliRunner().invoke(build(), list(words))


def test_the_commands(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOTLINE_HOME", str(settings.home))
    assert hotline("elderly", "add", "13812345678").exit_code == 0
    assert hotline("elderly", "add", "13900000000", "--slow").exit_code == 0
    assert json.loads(hotline("elderly", "list", "--json").output)["items"] == [
        {"number": "13812345678", "care": "person"}, {"number": "13900000000", "care": "slow"},
    ]  # fmt: skip
    shown = hotline("elderly", "list").output
    assert "138****5678" in shown
    assert "13812345678" not in shown
    assert hotline("elderly", "remove", "13812345678").exit_code == 0
    assert hotline("elderly", "remove", "13812345678").exit_code == 2


# ---- editing YAML, for every command that does


def test_editors_at_the_same_time_lose_nothing(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    threads = [threading.Thread(target=edit, args=(path, lambda data, n=n: data.update({f"k{n}": n})), kwargs={"new": "first: 1\n"}) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert len(path.read_text().splitlines()) == 9


def test_an_editor_that_knows_no_locks_is_not_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    path.write_text("a: 1\n")
    with pytest.raises(EditRefused, match="somebody else changed it just now"):
        edit(path, lambda data: path.write_text("a: 2\n"))
    assert path.read_text() == "a: 2\n"


def test_nobody_waits_without_a_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(editing, "LOCK_LIMIT_SECONDS", 0.05)
    path = tmp_path / "a.yaml"
    with editing._locked(path), pytest.raises(EditRefused, match="somebody else has been editing"):
        edit(path, lambda data: None, new="a: 1\n")


@pytest.mark.parametrize("name", ["menus", "hours", "queues", "numbers", "prompts"])
def test_the_shipped_files_come_back_letter_for_letter(name: str) -> None:
    path = DIALPLANS / "12345" / f"{name}.yaml"
    text = path.read_text(encoding="utf-8")
    assert editing.dumped(editing.load(path, text)) == text
