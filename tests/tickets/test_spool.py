"""A caller's words reach the disk and stay there, whoever is killed and whenever."""

from __future__ import annotations

import json
import os
import struct
import subprocess
import sys
import threading
import time
import wave
from pathlib import Path

import pytest

from tickets import locks, wav
from tickets import spool as spools
from tickets.process import identity
from tickets.spool import Item, Spool, SpoolError, SpoolFull, new_id

CALL = {"linkedid": "1700000000.1", "caller": "13800001234", "called": "12345", "path": "12345-1", "type": "complaint"}


@pytest.fixture
def spool(tmp_path: Path) -> Spool:
    return Spool(tmp_path / "spool")


def record(path: Path, seconds: float) -> None:
    """A recording as Asterisk leaves it when it closes the file."""
    with wave.open(str(path), "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(8000)
        sound.writeframes(b"\1\0" * int(8000 * seconds))


def record_unfinished(path: Path, seconds: float) -> None:
    """The same when Asterisk is killed: no sizes in the header, and an odd byte at the end."""
    record(path, seconds)
    data = bytearray(path.read_bytes())
    struct.pack_into("<I", data, 4, 0)
    struct.pack_into("<I", data, 40, 0)
    path.write_bytes(bytes(data) + b"\7")


def dead_process() -> int:
    child = subprocess.Popen([sys.executable, "-c", "pass"])
    child.wait(20)
    return child.pid


def test_a_message_is_described_before_it_is_recorded_and_moves_when_the_caller_hangs_up(spool: Spool) -> None:
    item = spool.open("voicemail", CALL, os.getpid())
    assert json.loads((spool.tmp / f"{item.item}.json").read_text())["caller"] == "13800001234"
    record(spool.media(item), 2)
    folder = spool.close(item.item, hangup=True, record_status="HANGUP")
    [arrived] = spool.waiting()
    assert (arrived.path, arrived.hangup, arrived.truncated) == ("12345-1", True, False)
    assert wav.seconds(folder / "audio.wav") == 2
    assert list(spool.tmp.iterdir()) == []
    assert spool.close(item.item) == folder, "the hang-up extension may run twice"


def test_a_caller_who_says_nothing_still_leaves_an_item(spool: Spool) -> None:
    item = spool.open("voicemail", CALL)
    spool.close(item.item)
    assert [i.item for i in spool.waiting()] == [item.item]


def test_a_fax_keeps_how_it_ended(spool: Spool) -> None:
    item = spool.open("fax", CALL)
    spool.media(item).write_bytes(b"II*\0")
    folder = spool.close(item.item, fax={"status": "FAILED", "pages": "2", "error": "dropped\r\nX: y", "station": ""})
    assert Item.load(folder / "item.json").fax["error"] == "droppedX: y"
    assert (folder / "fax.tif").is_file()


def test_hostile_caller_names_become_plain_text(spool: Spool) -> None:
    item = spool.open("voicemail", {**CALL, "caller_name": "市民\r\nAction: Originate\0\x1b[2J" + "x" * 1000})
    assert item.caller_name.startswith("市民Action: Originate[2J")
    assert len(item.caller_name) < 260


@pytest.mark.parametrize("name", ["../../etc/passwd", "", "a/b", ".", "x" * 65])
def test_an_items_name_cannot_leave_the_spool(spool: Spool, name: str) -> None:
    with pytest.raises(SpoolError, match="is not an item's name"):
        spool.close(name)


def test_a_full_disk_sends_the_caller_to_a_person(tmp_path: Path) -> None:
    full = Spool(tmp_path, minimum_free_mb=1 << 40)
    with pytest.raises(SpoolFull, match="MB free"):
        full.open("voicemail", CALL)
    assert list(full.tmp.iterdir()) == []


def test_after_asterisk_died_what_reached_the_disk_is_a_truncated_message(spool: Spool) -> None:
    gone = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    item = spool.open("voicemail", CALL, gone.pid)
    record_unfinished(spool.media(item), 4)
    assert spool.recover() == [], "it may still be speaking"
    gone.kill()
    gone.wait(20)
    [recovered] = spool.recover()
    assert recovered.truncated
    kept = spool.folder(recovered) / "audio.wav"
    assert (wav.seconds(kept), kept.stat().st_size) == (4, 44 + 2 * 8000 * 4), "half a sample is cut off"


def test_a_recording_that_stopped_growing_is_taken_after_a_minute_unless_asterisk_holds_it(spool: Spool) -> None:
    item = spool.open("voicemail", CALL, os.getpid())
    record(spool.media(item), 1)
    now = spool.media(item).stat().st_mtime
    assert spool.recover(now + 59) == []
    with spool.media(item).open("ab"):
        assert spool.recover(now + 3600) == []
    assert [i.item for i in spool.recover(now + 61)] == [item.item]


def test_a_recording_without_a_description_is_found(spool: Spool) -> None:
    spool.prepare()
    record_unfinished(spool.tmp / "1700000000.77.wav", 3)
    os.utime(spool.tmp / "1700000000.77.wav", (1e9, 1e9))
    [found] = spool.recover()
    assert (found.item, found.uniqueid, found.reason, found.truncated) == ("1700000000.77", "1700000000.77", "orphan", True)
    assert wav.seconds(spool.folder(found) / "audio.wav") == 3


KILLED_AT = ["write", "mkdir", "media", "description", "staging"]


@pytest.mark.parametrize("step", KILLED_AT)
def test_close_killed_at_any_step_loses_nothing(spool: Spool, step: str) -> None:
    item = spool.open("voicemail", CALL, os.getpid())
    record(spool.media(item), 2)
    script = f"""
import os, pathlib, sys
from tickets import spool
count = 0
def dying(real, step):
    def call(path, *rest, **named):
        where = {{'mkdir': lambda: path.name.endswith('.d'), 'write': lambda: path.name.endswith('.draft')}}
        name = {{'media': '.wav', 'description': '.json', 'staging': '.d'}}
        hit = where[step]() if step in where else path.name.endswith(name[step])
        if hit: os.kill(os.getpid(), 9)
        return real(path, *rest, **named)
    return call
method = 'mkdir' if {step!r} == 'mkdir' else 'rename'
setattr(pathlib.Path, method, dying(getattr(pathlib.Path, method), {step!r}))
spool.Spool(pathlib.Path(sys.argv[1])).close({item.item!r}, hangup=True)
"""
    run = subprocess.run([sys.executable, "-c", script, str(spool.root)], timeout=30, capture_output=True)
    assert run.returncode == -9, run.stderr.decode()
    assert spool.waiting() == []
    later = spool.media(item).stat().st_mtime + 61 if spool.media(item).exists() else None
    [recovered] = spool.recover(later)
    assert recovered.item == item.item
    assert recovered.truncated == (step == "write"), "only where the end was never noted"
    assert wav.seconds(spool.folder(recovered) / "audio.wav") == 2


def test_a_damaged_description_does_not_hide_the_message(spool: Spool) -> None:
    item = spool.open("voicemail", CALL)
    record(spool.media(item), 1)
    (spool.close(item.item) / "item.json").write_bytes(b"\0\0\0")
    [found] = spool.waiting()
    assert (found.item, found.kind, found.truncated) == (item.item, "voicemail", True)
    spool.discard(found)
    assert spool.waiting() == []


@pytest.mark.parametrize("text", ['{"asterisk": "x"}', '{"kind": "voicemail", "item": "BAD", "asterisk": "x"}', "[]", "{", ""])
def test_a_bad_description_does_not_keep_the_others_from_recovery(spool: Spool, text: str) -> None:
    item = spool.open("voicemail", CALL, dead_process())
    record(spool.media(item), 1)
    (spool.tmp / "BAD.json").write_text(text)
    os.utime(spool.tmp / "BAD.json", (1e9, 1e9))
    assert {found.item for found in spool.recover(time.time() + 61)} == {"BAD", item.item}
    assert list(spool.tmp.iterdir()) == []


def test_an_item_that_cannot_be_moved_does_not_keep_the_others_from_recovery(spool: Spool) -> None:
    good = spool.open("voicemail", CALL, dead_process())
    record(spool.media(good), 1)
    (spool.tmp / "A-BAD.json").mkdir()
    (spool.tmp / "A-BAD.d").write_text("a file where a folder should be")
    (spool.tmp / "A-BAD.draft").mkdir()
    for path in spool.tmp.glob("A-BAD*"):
        os.utime(path, (1e9, 1e9))
    failed: list[str] = []
    found = spool.recover(time.time() + 61, lambda name, error: failed.append(name))
    assert ([item.item for item in found], failed) == ([good.item], ["A-BAD"])
    assert [found.item for found in spool.waiting()] == [good.item]


def test_what_strangers_put_into_an_items_folder_is_kept_and_in_nobodys_way(spool: Spool) -> None:
    item = spool.open("voicemail", CALL)
    folder = spool.close(item.item)
    (folder / "notes.txt").write_text("by hand")
    spool.discard(item)
    assert spool.waiting() == [], "its ticket is made; the rest must not become another"
    spool.discard(item)
    [kept] = spool.root.rglob("notes.txt")
    assert kept.read_text() == "by hand"


def test_ids_are_ordered_by_time_and_unique() -> None:
    ids = [new_id() for _ in range(1000)]
    assert len(set(ids)) == 1000
    assert [i[:10] for i in ids] == sorted(i[:10] for i in ids)


def test_the_script_asterisk_starts_needs_nothing_but_the_standard_library() -> None:
    code = "import sys, tickets.spool; print([m for m in sys.modules if m.split('.')[0] in ('sqlalchemy', 'pydantic', 'dbos', 'structlog')])"
    run = subprocess.run([sys.executable, "-c", code], timeout=30, capture_output=True, text=True)
    assert run.stdout.strip() == "[]"


def test_another_process_with_the_same_number_is_not_taken_for_asterisk() -> None:
    assert identity(os.getpid())["started"] is not None
    assert identity(dead_process())["started"] is None


def test_a_call_that_ends_during_a_long_recovery_waits_for_one_item_only(spool: Spool, monkeypatch: pytest.MonkeyPatch) -> None:
    for _ in range(2):
        spool.open("voicemail", {})
    speaking = spool.open("voicemail", {}, os.getpid())
    monkeypatch.setattr(spools, "TURN_SECONDS", 0.5, raising=False)
    recover_one, lock, waits = Spool._recover, locks.tried, threading.Event()
    hanging_up = threading.Thread(target=spool.close, args=(speaking.item,))
    seen: list[bool] = []

    def tried(handle: int) -> bool:
        took = lock(handle)
        if not took:
            waits.set()
        return took

    def slowly(self: Spool, name: str, now: float) -> Item | None:
        if hanging_up.ident is None:
            hanging_up.start()
            assert waits.wait(5), "the script waits for its turn"
        seen.append(hanging_up.is_alive())
        return recover_one(self, name, now)

    monkeypatch.setattr(locks, "tried", tried)
    monkeypatch.setattr(Spool, "_recover", slowly)
    found = spool.recover(time.time() + 61)
    hanging_up.join(10)
    assert seen[:2] == [True, False], "it had its turn before the second leftover"
    assert speaking.item not in {item.item for item in found}
    assert {item.item: item.truncated for item in spool.waiting()}[speaking.item] is False
    assert len(spool.waiting()) == 3
    assert list(spool.tmp.iterdir()) == []
