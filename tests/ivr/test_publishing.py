"""Versions: whole or not at all, never changed again, and any of them back in one command."""

from __future__ import annotations

import errno
import json
import os
import stat
import threading
from datetime import UTC, datetime
from pathlib import Path

import pytest

from hotline import menus
from hotline.menus import PublishError, Store
from ivr.faults import CityRefused
from tests.hotline.conftest import settings_of
from tests.ivr.cities import good_texts, replaced
from tests.ivr.editor import city, hotline

NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path)


def compiled(home: Path) -> list[str]:
    return sorted(path.name for path in (home / "asterisk" / "etc" / "menus").iterdir())


def test_a_version_keeps_what_was_published_who_and_why(store: Store, tmp_path: Path) -> None:
    assert store.current() is None
    version = store.publish(good_texts(), "first\n  version", "wang", NOW)
    assert (version.number, version.author, version.note, version.published_at, version.current) == (1, "wang", "first version", "2026-11-23T02:00:00+00:00", True)
    assert {name: (tmp_path / "menus" / "1" / name).read_text() for name in good_texts()} == good_texts()
    assert all(stat.S_IMODE(path.stat().st_mode) == 0o444 for path in (tmp_path / "menus" / "1").rglob("*.*"))
    assert store.load(1).root == "12345"
    assert compiled(tmp_path) == ["current.conf", "v1.conf"]


def test_a_new_version_leaves_the_old_one_loaded_for_calls_that_are_in_it(store: Store, tmp_path: Path) -> None:
    store.publish(good_texts(), "one", "wang", NOW)
    before = (tmp_path / "asterisk/etc/menus/v1.conf").read_text()
    store.publish(replaced("menus", "name: Matters", "name: Concerns"), "two", "li", NOW)
    assert compiled(tmp_path) == ["current.conf", "v1.conf", "v2.conf"]
    assert (tmp_path / "asterisk/etc/menus/v1.conf").read_text() == before
    assert "HOTLINE_VERSION=2" in (tmp_path / "asterisk/etc/menus/current.conf").read_text()
    assert [(one.number, one.note, one.changes, one.current) for one in store.versions()] == [
        (2, "two", ("node 12345-1: name Matters -> Concerns",), True),
        (1, "one", (), False),
    ]


def test_a_wrong_menu_changes_nothing(store: Store, tmp_path: Path) -> None:
    store.publish(good_texts(), "one", "wang", NOW)
    with pytest.raises(CityRefused, match='menus.yaml:14: nodes/12345/choices/3: no such node "12345-33"'):
        store.publish(replaced("menus", '"3": 12345-3\n', '"3": 12345-33\n'), "two", "wang", NOW)
    with pytest.raises(CityRefused, match="stories/a.yaml:3: a/2: the story breaks here"):
        store.publish({**good_texts(), "stories/a.yaml": 'a:\n  - dials: "12345"\n  - reaches: fax\n'}, "two", "wang", NOW)
    assert store.current() == 1
    assert compiled(tmp_path) == ["current.conf", "v1.conf"]


@pytest.mark.parametrize("note", ["", "  \n", "x" * 501])
def test_a_note_is_needed(store: Store, note: str) -> None:
    with pytest.raises(PublishError, match="a note is needed"):
        store.publish(good_texts(), note, "wang", NOW)


def test_rolling_back_goes_to_the_version_before_or_to_any(store: Store, tmp_path: Path) -> None:
    for note in ("one", "two", "three"):
        store.publish(good_texts(), note, "wang", NOW)
    assert store.rollback().number == 2
    assert store.current() == 2
    assert "HOTLINE_CURRENT=2" in (tmp_path / "asterisk/etc/menus/current.conf").read_text()
    assert store.rollback(3).number == 3
    assert store.rollback(1).current
    with pytest.raises(PublishError, match="there is no version before the current one"):
        store.rollback()
    with pytest.raises(PublishError, match="there is no version 9"):
        store.rollback(9)
    assert store.publish(good_texts(), "four", "wang", NOW).number == 4


def test_a_version_that_was_taken_back_is_not_what_a_rollback_brings(store: Store) -> None:
    for note in ("good", "bad"):
        store.publish(good_texts(), note, "wang", NOW)
    store.rollback()
    assert store.publish(good_texts(), "not so good", "wang", NOW).before == 1
    assert store.rollback().note == "good"


def test_a_publisher_who_died_half_way_is_not_in_the_way(store: Store, tmp_path: Path) -> None:
    left = tmp_path / "menus" / ".1.unfinished"
    left.mkdir(parents=True)
    (left / "menus.yaml").write_text("half")
    assert store.publish(good_texts(), "one", "wang", NOW).number == 1
    assert [path.name for path in (tmp_path / "menus").iterdir() if "unfinished" in path.name] == []


def test_publishers_at_the_same_time_get_versions_of_their_own(store: Store) -> None:
    threads = [threading.Thread(target=store.publish, args=(good_texts(), f"{number}", "wang", NOW)) for number in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(one.number for one in store.versions()) == [1, 2, 3, 4, 5]


def test_a_publisher_who_hangs_is_not_waited_for_without_limit(store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(menus, "LOCK_LIMIT_SECONDS", 0.1)
    other = Store(tmp_path)
    with other._locked(), pytest.raises(PublishError, match="somebody else has been publishing"):
        store.publish(good_texts(), "one", "wang", NOW)


def test_a_disk_that_cannot_be_written_leaves_the_version_before(store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store.publish(good_texts(), "one", "wang", NOW)
    monkeypatch.setattr("os.fsync", _no_space)
    with pytest.raises(PublishError, match="No space left on device"):
        store.publish(good_texts(), "two", "wang", NOW)
    monkeypatch.undo()
    assert [one.number for one in store.versions()] == [store.current()] == [1]
    assert store.publish(good_texts(), "two", "wang", NOW).number == 2


def _no_space(_descriptor: int) -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_a_damaged_version_says_so(store: Store, tmp_path: Path) -> None:
    store.publish(good_texts(), "one", "wang", NOW)
    (tmp_path / "menus" / "1" / "meta.json").chmod(0o644)
    (tmp_path / "menus" / "1" / "meta.json").write_text("{")
    with pytest.raises(PublishError, match="meta.json"):
        store.versions()
    (tmp_path / "menus" / "current").write_text("x")
    with pytest.raises(PublishError, match="holds no version number"):
        store.current()


def test_the_menu_switched_off_is_a_person_on_the_compiled_path_too(tmp_path: Path) -> None:
    Store(tmp_path, menu=False).publish(good_texts(), "one", "wang", NOW)
    table = (tmp_path / "asterisk/etc/menus/current.conf").read_text()
    assert "exten => 12345,1,MSet(__HOTLINE_VERSION=1,HOTLINE_AT=12345-0," in table
    assert "exten => 1234511,1,MSet(__HOTLINE_VERSION=1,HOTLINE_AT=12345-1-1," in table


def test_a_first_run_publishes_and_later_runs_write_the_compiled_files_again(tmp_path: Path) -> None:
    settings = settings_of(tmp_path / "home")
    menus.ensure_published(settings)
    (settings.home / "asterisk/etc/menus/v1.conf").unlink()
    menus.ensure_published(settings)
    assert compiled(settings.home) == ["current.conf", "v1.conf"]


def test_a_first_run_with_a_wrong_menu_says_where(tmp_path: Path) -> None:
    folder = city(tmp_path, replaced("menus", "queue: complaints", "queue: complains"))
    settings = settings_of(tmp_path / "home")
    (settings.home / "settings.yaml").write_text(f"menu: {{city: {folder}}}\n")
    with pytest.raises(PublishError, match='menus.yaml:33: nodes/12345-1-1/queue: no such queue "complains"'):
        menus.ensure_published(settings_of(tmp_path / "home"))


# ---- the commands


@pytest.mark.parametrize("damaged", ["current", "2/menus.yaml", "2/hours.yaml"])
def test_damaged_menus_keep_nobody_from_starting(home: Path, damaged: str) -> None:
    """The newest version that is whole is current again; the log says so."""
    settings = menus.Settings.load()
    for note in ("one", "two"):
        menus.publish(settings, note)
    path = settings.home / "menus" / damaged
    path.chmod(0o644)
    path.write_bytes(b"nodes: [\0" if damaged != "2/hours.yaml" else b"\xff\xfe")
    menus._load.cache_clear()  # as in a process that has just begun
    menus.ensure_published(settings)
    assert Store.of(settings).current() == (2 if damaged == "current" else 1)


def test_a_damaged_pointer_says_the_way_out(home: Path) -> None:
    hotline("publish", "-m", "one")
    (menus.Settings.load().home / "menus" / "current").write_text("?")
    assert "`hotline rollback N`" in hotline("rollback").output
    assert hotline("rollback", "1").output == "version 1 is current\n"


def test_publish_versions_and_rollback(home: Path) -> None:
    assert hotline("publish", "-m", "第一版").output == "version 1 is current\n"
    assert hotline("publish", "-m", "第二版", "--author", "王").output == "version 2 is current\n"
    listed = json.loads(hotline("versions", "--json").output)
    assert listed["next"] is None
    assert [(one["number"], one["note"], one["current"]) for one in listed["items"]] == [(2, "第二版", True), (1, "第一版", False)]
    assert "第二版" in hotline("versions").output
    assert hotline("rollback").output == "version 1 is current\n"
    assert hotline("walk", "12345", "0", "--published").exit_code == 0
    assert hotline("rollback", "7").exit_code == 1


def test_prompts_that_nobody_would_hear_are_warned_of(home: Path) -> None:
    (home / "sounds/zh/welcome.wav").unlink()
    told = hotline("publish", "-m", "quiet")
    assert told.exit_code == 0
    assert told.output.splitlines() == [
        "warning: 1 prompts have no sound yet, or one that says something else: welcome (hotline prompts render)",
        "version 1 is current",
    ]


def test_publish_gives_the_warnings_before_it_publishes(home: Path, tmp_path: Path) -> None:
    city(tmp_path, replaced("queues", "wait_seconds: 45", "wait_seconds: 40") | {"prompts.yaml": good_texts()["prompts.yaml"] + "spare: 备用。\n"})
    (home / "sounds/zh/spare.wav").touch()
    assert hotline("publish", "-m", "x").output.splitlines() == ["prompts.yaml:21: spare: warning: is said nowhere", "version 1 is current"]


def test_a_wrong_menu_is_not_published(home: Path, tmp_path: Path) -> None:
    city(tmp_path, replaced("menus", "kind: voicemail", "kind: voice-mail"))
    refused = hotline("publish", "-m", "oops")
    assert refused.exit_code == 1
    assert 'nodes/12345-3/kind: no such kind of node "voice-mail" (did you mean "voicemail"?)' in refused.output
    assert json.loads(hotline("versions", "--json").output)["items"] == []
