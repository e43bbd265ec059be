"""Two people edit the same city: neither overwrites what the other published."""

from __future__ import annotations

import threading
from datetime import UTC, datetime
from pathlib import Path

from hotline import menus
from hotline.menus import Store
from tests.ivr.cities import good_texts
from tests.ivr.editor import hotline

NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)


def copied(home: Path, name: str) -> Path:
    """An editor's own copy of the city's folder."""
    folder = home / name
    folder.mkdir()
    for path in (home.parent / "city").glob("*.yaml"):
        (folder / path.name).write_text(path.read_text(encoding="utf-8"), encoding="utf-8")
    return folder


def edited(folder: Path, old: str, new: str) -> str:
    path = folder / "queues.yaml"
    path.write_text(path.read_text(encoding="utf-8").replace(old, new), encoding="utf-8")
    return str(folder)


def test_two_editors_cannot_overwrite_each_other(home: Path) -> None:
    hotline("publish", "-m", "first")
    wang, li = copied(home, "wang"), copied(home, "li")
    assert hotline("publish", edited(wang, "wait_seconds: 45", "wait_seconds: 50"), "-m", "wang's", "--author", "wang", "--base", "1").exit_code == 0
    refused = hotline("publish", edited(li, "wait_seconds: 60", "wait_seconds: 70"), "-m", "li's", "--base", "1")
    assert refused.exit_code == 1
    assert "edited from version 1, but since then version 2 was published (wang, " in refused.output
    assert "wang's); it changed: queue general: wait_seconds 45 -> 50. Take that into your files and publish with --base 2" in refused.output
    edited(li, "wait_seconds: 45", "wait_seconds: 50")
    assert hotline("publish", str(li), "-m", "both", "--base", "2").output.splitlines()[-1] == "version 3 is current"
    assert "version 3 was published" in hotline("publish", str(wang), "-m", "again").output
    assert hotline("publish", str(wang), "-m", "mine alone", "--force").exit_code == 0


def test_the_same_editor_goes_on_without_saying_anything(home: Path) -> None:
    assert [hotline("publish", "-m", note).exit_code for note in ("one", "two", "three")] == [0, 0, 0]


def test_a_copy_nobody_knows_must_say_what_it_was_copied_from(home: Path) -> None:
    hotline("publish", "-m", "first")
    refused = hotline("publish", str(copied(home, "li")), "-m", "li's")
    assert refused.exit_code == 1
    assert "was never published here: say which version it was copied from with --base (now 1 is current)" in refused.output


def test_a_version_that_was_rolled_back_does_not_come_again_by_itself(home: Path) -> None:
    for note in ("good", "bad"):
        hotline("publish", "-m", note)
    hotline("rollback")
    refused = hotline("publish", "-m", "something else")
    assert refused.exit_code == 1
    assert "edited from version 2, but since then version 1 was made current again" in refused.output


def test_of_editors_at_the_same_moment_one_is_refused(tmp_path: Path) -> None:
    store = Store(tmp_path)
    store.publish(good_texts(), "one", "wang", NOW)
    refused: list[str] = []

    def publish(author: str) -> None:
        try:
            store.publish(good_texts(), "two", author, NOW, base=1)
        except menus.BaseChanged:
            refused.append(author)

    threads = [threading.Thread(target=publish, args=(author,)) for author in ("li", "wang", "zhao")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert (len(refused), store.current()) == (2, 2)
