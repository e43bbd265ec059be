"""Short messages that came as SIP MESSAGE (RFC 3428): Asterisk lays each down as a file, which becomes a ticket here (ADR 0123).

Headers, a blank line, the text, and a last word written together with the text (dialplans/asterisk/messages.conf.j2). All
of it is hostile but the last word. A file goes when what it made is committed; killed before that, the same message is
taken again and changes nothing, by its Call-ID and CSeq.
"""

from __future__ import annotations

import hashlib
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from email.parser import BytesHeaderParser
from email.policy import compat32
from pathlib import Path

import structlog

from tickets import sms
from tickets.intake import Intake
from tickets.intake_rules import IntakeRefused, tidied_number
from tickets.sms import Incoming, NotAMessage
from tickets.spool import messages

KEPT = b"#kept#"
LARGEST_BODY = 1023  # bytes: res_pjsip_messaging's MAX_BODY_SIZE; of a longer text it keeps nothing
LARGEST_FILE = 8_000
AT_ONCE = 200
UNFINISHED_SECONDS = 60.0
USER = re.compile(rb"\b(?:pj)?(?:sips?|tel):([^@;>]*)")
NUMBER = re.compile(r"\+?[0-9]{3,20}")
CHARSETS = ("utf-8", "gb18030")
log = structlog.get_logger("tickets.sip_messages")


def read(raw: bytes) -> Incoming:
    """The message of one file. Raises NotAMessage."""
    head, _, body = raw.partition(b"\n\n")
    headers = BytesHeaderParser(policy=compat32).parsebytes(head + b"\n\n")
    found = USER.findall(head.partition(b"\nCall-ID:")[0])
    sender = tidied_number(found[-1].decode("ascii", "replace")) if found else ""
    if not NUMBER.fullmatch(sender):
        raise NotAMessage("the sender is no telephone number")
    said = f"{headers.get('Call-ID', '')} {headers.get('CSeq', '')}".strip()
    identity = hashlib.sha256(said.encode("utf-8", "replace") if said else raw).hexdigest()
    text = body.removesuffix(KEPT)
    length = str(headers.get("Content-Length", "")).strip()
    too_long = not text and length.isascii() and length.isdigit() and len(length) < 8 and int(length) > LARGEST_BODY
    return Incoming(sender, _decoded(text), f"sip {identity}", lost=too_long)


def _decoded(text: bytes) -> str:
    for charset in CHARSETS:
        try:
            return text.decode(charset)
        except UnicodeDecodeError:
            continue
    raise NotAMessage(f"the text is none of {', '.join(CHARSETS)}")


@dataclass(frozen=True)
class LaidDown:
    """The folder, and who takes in what lies there."""

    spool: Path
    intake: Intake

    def take_all(self) -> int:
        """Takes what is whole, oldest first; what cannot be read goes aside for a person. Raises OSError and what the register raises."""
        count = 0
        for path in self._whole():
            self._one(path)
            count += 1
        return count

    def _whole(self) -> Iterator[Path]:
        """Their names begin with the moment they came. One that has no last word after a while will never have it."""
        found = sorted(path for path in messages(self.spool).glob("[0-9]*") if path.is_file())
        for path in found[:AT_ONCE]:
            with path.open("rb") as file:
                whole = file.read(LARGEST_FILE).endswith(KEPT)
            if whole or time.time() - path.stat().st_mtime >= UNFINISHED_SECONDS:
                yield path

    def _one(self, path: Path) -> None:
        raw = path.read_bytes()
        try:
            if not raw.endswith(KEPT) or len(raw) > LARGEST_FILE:
                raise NotAMessage("Asterisk did not write it to its end")
            sms.take(self.intake, read(raw))
        except (NotAMessage, IntakeRefused) as no:
            aside = self.spool / "aside"
            aside.mkdir(mode=0o700, exist_ok=True)
            path.rename(aside / f"message-{path.name}")
            log.error("short message not taken, put aside for a person", file=path.name, reason=str(no))
            return
        path.unlink()
