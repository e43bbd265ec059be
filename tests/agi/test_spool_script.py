"""The script that Asterisk starts: run as Asterisk runs it, answered as Asterisk answers."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

HEADER = (
    "agi_request: hotline-spool\nagi_channel: PJSIP/trunk-1\nagi_uniqueid: hotline-1.1\nagi_callerid: {caller}\n"
    "agi_calleridname: {name}\nagi_language: zh\nagi_arg_1: open\n\n"
)
VARIABLES = {
    "${CHANNEL(linkedid)}": "hotline-1.0",
    "${HOTLINE_CALLED}": "12345",
    "${HOTLINE_PATH}": "12345-1-1",
    "${HOTLINE_TYPE}": "complaint",
    "${HOTLINE_VERSION}": "3",
    "${HOTLINE_REASON}": "overflow",
}


class Asterisk:
    """The other end of the script's pipes."""

    def __init__(self, spool: Path, *arguments: str, minimum_free_mb: int = 0) -> None:
        self.variables = dict(VARIABLES)
        self.commands: list[str] = []
        command = [sys.executable, "-I", "-m", "agi.spool_script", str(spool), str(minimum_free_mb), *arguments]
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd="/"
        )
        self.errors = ""

    def run(self, caller: str = "13812345678", name: bytes = "市民".encode(), *, gone: bool = False) -> int:
        """Sends the header and answers each command; returns the exit code."""
        stdin, stdout = self._process.stdin, self._process.stdout
        assert stdin is not None and stdout is not None
        head, _, tail = HEADER.format(caller=caller, name="NAME").partition("NAME")
        stdin.write(head.encode() + name + tail.encode())
        stdin.flush()
        for line in stdout:
            self.commands.append(line.decode().rstrip("\n"))
            stdin.write((self._answer(self.commands[-1]) if not gone else "511 dead\n").encode())
            stdin.flush()
        _, errors = self._process.communicate(timeout=10)
        self.errors = errors.decode()
        return self._process.returncode

    def _answer(self, command: str) -> str:
        if found := re.fullmatch(r'GET FULL VARIABLE "(.*)"', command):
            value = self.variables.get(found[1], "")
            return f"200 result=1 ({value})\n" if value else "200 result=0\n"
        found = re.fullmatch(r'SET VARIABLE "(\w+)" "(.*)"', command)
        assert found is not None, command
        self.variables[f"${{{found[1]}}}"] = found[2]
        return "200 result=1\n"


def opened(spool: Path) -> dict[str, object]:
    (path,) = (spool / "tmp").glob("*.json")
    item: dict[str, object] = json.loads(path.read_text(encoding="utf-8"))
    return item


def test_who_calls_and_why_is_on_disk_before_recording(tmp_path: Path) -> None:
    asterisk = Asterisk(tmp_path, "open", "voicemail")
    assert asterisk.run() == 0
    item = opened(tmp_path)
    assert asterisk.variables["${HOTLINE_ITEM}"] == item["item"]
    assert asterisk.variables["${HOTLINE_SPOOL}"] == "ok"
    expected = {
        "kind": "voicemail", "caller": "13812345678", "caller_name": "市民", "called": "12345", "path": "12345-1-1",
        "type": "complaint", "version": "3", "reason": "overflow", "linkedid": "hotline-1.0", "uniqueid": "hotline-1.1",
        "language": "zh", "closed_at": "",
    }  # fmt: skip
    assert {name: item[name] for name in expected} == expected
    assert asterisk.errors == ""


def test_a_withheld_number_and_a_name_in_gbk(tmp_path: Path) -> None:
    assert Asterisk(tmp_path, "open", "voicemail").run("unknown", "市民".encode("gbk") + b"\x01 A") == 0
    item = opened(tmp_path)
    assert item["caller"] == ""
    assert str(item["caller_name"]).endswith(" A") and str(item["caller_name"]).isprintable()


def test_a_value_that_looks_like_a_hangup_is_a_value(tmp_path: Path) -> None:
    asterisk = Asterisk(tmp_path, "open", "voicemail")
    asterisk.variables["${HOTLINE_PATH}"] = "hangup"
    assert asterisk.run() == 0
    assert opened(tmp_path)["path"] == "hangup"


def test_closing_moves_the_message_to_new(tmp_path: Path) -> None:
    opening = Asterisk(tmp_path, "open", "voicemail")
    opening.run()
    item = opening.variables["${HOTLINE_ITEM}"]
    (tmp_path / "tmp" / f"{item}.wav").write_bytes(b"RIFF")
    closing = Asterisk(tmp_path, "close", "hangup")
    closing.variables |= {"${HOTLINE_ITEM}": item, "${RECORD_STATUS}": "HANGUP"}
    assert closing.run() == 0
    told = json.loads((tmp_path / "new" / item / "item.json").read_text())
    assert (told["hangup"], told["record_status"]) == (True, "HANGUP")
    assert (tmp_path / "new" / item / "audio.wav").exists()
    assert list((tmp_path / "tmp").iterdir()) == []


def test_a_fax_is_closed_with_what_became_of_it(tmp_path: Path) -> None:
    opening = Asterisk(tmp_path, "open", "fax")
    opening.run()
    closing = Asterisk(tmp_path, "close")
    item = closing.variables["${HOTLINE_ITEM}"] = opening.variables["${HOTLINE_ITEM}"]
    closing.variables |= {"${FAXSTATUS}": "FAILED", "${FAXPAGES}": "2"}
    closing.variables["${FILTER(0-9A-Za-z +-,${REMOTESTATIONID})}"] = "0546 8080808"
    assert closing.run() == 0
    told = json.loads((tmp_path / "new" / item / "item.json").read_text())
    assert told["fax"] == {"status": "FAILED", "pages": "2", "error": "", "station": "0546 8080808"}
    assert told["hangup"] is False


def test_a_full_disk_is_told_and_nothing_is_begun(tmp_path: Path) -> None:
    asterisk = Asterisk(tmp_path, "open", "voicemail", minimum_free_mb=1 << 40)
    assert asterisk.run() == 1
    assert asterisk.variables["${HOTLINE_SPOOL}"] == "full"
    assert "${HOTLINE_ITEM}" not in asterisk.variables
    assert "SpoolFull" in asterisk.errors


@pytest.mark.parametrize("arguments", [("open", "voicemail"), ("close",)])
def test_a_channel_that_is_gone_is_no_traceback(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    asterisk = Asterisk(tmp_path, *arguments)
    assert asterisk.run(gone=True) == 1
    assert "Traceback" not in asterisk.errors


def test_nothing_of_the_caller_is_written_to_the_log(tmp_path: Path) -> None:
    for minimum in (0, 1 << 40):
        asterisk = Asterisk(tmp_path, "open", "voicemail", minimum_free_mb=minimum)
        asterisk.run()
        assert "138" not in asterisk.errors and "市民" not in asterisk.errors
