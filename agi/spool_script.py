"""`hotline-spool`, started by Asterisk itself at the beginning and end of each message and fax (ADR 0031).

    AGI(hotline-spool,open,voicemail|fax[,tell])   writes who calls and why to the disk; sets HOTLINE_ITEM, HOTLINE_SPOOL
    AGI(hotline-spool,close[,hangup])       flushes what was left and moves it to where tickets are made of it

It shares no process with the service, so it works when the service does not. Whatever goes wrong here, the dialplan
records all the same and the recovery scan finds the file. Started by hotline's agi-bin/hotline-spool.
"""

from __future__ import annotations

import io
import os
import signal
import sys
from pathlib import Path
from typing import Any, TextIO

from asterisk.agi import AGI, AGIHangup, AGIInvalidCommand, AGIUnknownError

from agi.errors import AgiError, ForbiddenText
from agi.reply import Reply, parse_reply
from tickets.number_pool import NumberPool, Told
from tickets.spool import Spool, SpoolError, SpoolFull

LIMIT_SECONDS = {"open": 5, "close": 30}  # a disk that hangs must not hang the call
GONE_CODE = 511
UNKNOWN = "unknown"  # Asterisk's word for a caller id that is not there
FACTS = {
    "linkedid": "${CHANNEL(linkedid)}",
    "called": "${HOTLINE_CALLED}",
    "path": "${HOTLINE_PATH}",
    "type": "${HOTLINE_TYPE}",
    "version": "${HOTLINE_VERSION}",
    "reason": "${HOTLINE_REASON}",
    "category": "${HOTLINE_CATEGORY}",
    "reference": "${HOTLINE_REFERENCE}",
    "revisit": "${HOTLINE_REVISIT}",
}
# What a fax machine calls itself is hostile input and must not break a reply line.
FAX = {
    "status": "${FAXSTATUS}",
    "pages": "${FAXPAGES}",
    "error": "${FILTER(0-9A-Za-z _-,${FAXERROR})}",
    "station": "${FILTER(0-9A-Za-z +-,${REMOTESTATIONID})}",
}


class _Nowhere(io.TextIOBase):
    """pyst2 writes every line it reads and sends to stderr, telephone numbers included."""

    def write(self, _text: str) -> int:
        return 0


class Line(AGI):
    """pyst2's AGI with one command at a time that can carry anything: it takes any value `(hangup)` for a hang-up."""

    def __init__(self, stdin: TextIO, stdout: TextIO) -> None:
        super().__init__(stdin, stdout, _Nowhere())

    def execute(self, command: str, *words: str) -> Reply:
        """Raises AGIHangup, AGIInvalidCommand, AGIUnknownError, AgiError."""
        text = " ".join([command, *(self._quote(word) for word in words)])
        if any(ord(sign) < 32 or ord(sign) == 127 for sign in text):
            raise ForbiddenText("a control character in an AGI argument")
        self.stdout.write(text + "\n")
        self.stdout.flush()
        line = "HANGUP"
        while line == "HANGUP":  # a flag, not an answer
            line = self.stdin.readline().rstrip("\r\n")
        reply = parse_reply(line)
        if reply.code == GONE_CODE:
            raise AGIHangup(line)
        if reply.code in (510, 520):
            raise AGIInvalidCommand(command)
        if reply.code != 200:
            raise AGIUnknownError(reply.code, command)
        return reply

    def value(self, expression: str) -> str:
        """What an expression of the dialplan is on this channel."""
        return self.execute("GET FULL VARIABLE", expression).text

    def put(self, name: str, value: str) -> None:
        self.execute("SET VARIABLE", name, value)

    def known(self, name: str) -> str:
        """A field of the header; '' where the caller withheld it."""
        value: str = self.env.get(f"agi_{name}", "")
        return "" if value == UNKNOWN else value


def open_item(line: Line, spool: Spool, kind: str, tell: bool = False) -> None:
    """Before recording starts. `tell`: the caller is to be told the number that their ticket will have, and its PIN."""
    facts = {name: line.value(expression) for name, expression in FACTS.items()}
    facts |= {"uniqueid": line.known("uniqueid"), "language": line.known("language").partition("_")[0]}
    facts |= {"caller": line.known("callerid"), "caller_name": line.known("calleridname")}
    told = NumberPool.of(spool.root).take(facts["uniqueid"]) if tell and spool.root.is_dir() and spool.has_room() else None
    facts |= {"number": told.number if told else ""}
    try:
        item = spool.open(kind, facts, asterisk_pid=os.getppid())
    except SpoolFull:
        line.put("HOTLINE_SPOOL", "full")
        raise
    line.put("HOTLINE_ITEM", item.item)
    line.put("HOTLINE_SPOOL", "ok")
    if told:
        line.put("HOTLINE_TELL", sounds_of(told))  # last: without an item the number would be nobody's


def sounds_of(told: Told) -> str:
    """编号 …，密码 …: figure by figure, in the language of the call."""
    words = ["ticket-number", *_figures(told.number), "ticket-pin", *_figures(told.pin), "ticket-again"]
    return "&".join(f"hotline/{word}" for word in words)


def _figures(text: str) -> list[str]:
    return [f"digit-{figure}" for figure in text if figure.isdigit()]


def close_item(line: Line, spool: Spool, hangup: bool) -> None:
    """After it ended, from `h` when the caller has left."""
    status = line.value("${RECORD_STATUS}")
    fax: dict[str, Any] = {name: line.value(expression) for name, expression in FAX.items()}
    spool.close(
        line.value("${HOTLINE_ITEM}"), hangup=hangup, record_status=status, fax=fax if any(fax.values()) else None
    )


def run(arguments: list[str], stdin: TextIO, stdout: TextIO) -> int:
    """`SPOOL MINIMUM_FREE_MB open KIND [tell]` or `SPOOL MINIMUM_FREE_MB close [hangup]`."""
    root, minimum_free_mb, verb, *rest = arguments
    signal.alarm(LIMIT_SECONDS[verb])
    spool = Spool(Path(root), int(minimum_free_mb))
    try:
        line = Line(stdin, stdout)
        if verb == "open":
            open_item(line, spool, rest[0], tell="tell" in rest)
        else:
            close_item(line, spool, hangup="hangup" in rest)
    except (SpoolError, AgiError, AGIHangup, AGIInvalidCommand, AGIUnknownError, OSError) as error:
        print(f"hotline-spool {verb}: {type(error).__name__}: {error}", file=sys.stderr)
        return 1
    return 0


def main() -> None:
    stdin = io.TextIOWrapper(sys.stdin.buffer, encoding="utf-8", errors="replace", newline="\n")
    stdout = io.TextIOWrapper(sys.stdout.buffer, encoding="utf-8", errors="replace", newline="\n")
    sys.exit(run(sys.argv[1:], stdin, stdout))


if __name__ == "__main__":
    main()
