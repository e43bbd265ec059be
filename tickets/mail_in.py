"""What stands in an e-mail (RFC 5322, 2045): who, about what, which files; and whether a machine wrote it.

Everything in there is hostile: how deep its parts may lie, how many there are and how long its text is are limited, and bytes
that are not what they say are replaced, not raised.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from email.errors import HeaderParseError, MessageError
from email.header import decode_header, make_header
from email.message import Message
from email.parser import BytesParser
from email.policy import compat32
from email.utils import getaddresses
from html.parser import HTMLParser

from tickets.attachments import File
from tickets.intake_rules import EMAIL, LONGEST

MOST_PARTS = 200
MOST_MULTIPARTS = 50
LONGEST_HEADER = 2000
AUTOMATIC = re.compile(r"^(mailer-daemon|postmaster|no-?reply|do-?not-?reply)\b", re.IGNORECASE)
LIST_LIKE = ("bulk", "list", "junk", "auto_reply")  # Precedence: not a standard, and everywhere


class NotALetter(ValueError):  # noqa: N818 - read as a sentence
    """The bytes cannot be read as an e-mail within the limits."""


@dataclass(frozen=True)
class Letter:
    """One e-mail. `message_id` is made of its bytes where it has none."""

    message_id: str
    sender: str
    sender_name: str
    subject: str
    text: str
    files: tuple[File, ...]
    automatic: str = ""
    """Why it is taken for a machine's (RFC 3834): such a one is never answered."""


def read(raw: bytes) -> Letter:
    """Raises NotALetter."""
    if raw.lower().count(b"content-type: multipart") > MOST_MULTIPARTS or raw.lower().count(b"content-type:\tmultipart") > MOST_MULTIPARTS:
        raise NotALetter("it has parts within parts without end")
    try:
        message = BytesParser(policy=compat32).parsebytes(raw)
        parts = list(_parts(message))
    except (MessageError, RecursionError, ValueError, LookupError) as error:
        raise NotALetter(f"its parts cannot be told apart: {type(error).__name__}") from error
    name, sender = _from(message)
    text, files = _text(parts), tuple(_files(parts))
    if len(text) > LONGEST["text"]:  # nothing is cut: the whole of it is a file
        files = (*files, File("text.txt", text.encode()))
        text = text[: LONGEST["text"]]
    digest = hashlib.sha256(raw).hexdigest()
    return Letter(_one_line(message.get("Message-ID", ""))[:150] or f"sha256-{digest}", sender, name, _header(message, "Subject"), text, files, _automatic(message, sender))


def _parts(message: Message) -> Iterator[Message]:
    for count, part in enumerate(message.walk()):
        if count >= MOST_PARTS:
            raise ValueError("too many parts")
        if not part.is_multipart():
            yield part


def _from(message: Message) -> tuple[str, str]:
    """The first address of From. Raises NotALetter where there is none that can be answered."""
    for name, address in getaddresses([_one_line(str(message.get("From", "")))]):
        if EMAIL.fullmatch(address):
            return _decoded(name)[:80], address.lower()
    raise NotALetter("it names no sender")


def _text(parts: list[Message]) -> str:
    """What is plain, or else what stands in its HTML."""
    plain = [part for part in parts if part.get_content_type() == "text/plain" and not _name(part)]
    html = [part for part in parts if part.get_content_type() == "text/html" and not _name(part)]
    return "\n".join(_letters(part) for part in plain) if plain else "\n".join(map(_without_tags, map(_letters, html)))


def _files(parts: list[Message]) -> Iterator[File]:
    for number, part in enumerate(parts, 1):
        name = _name(part)
        if name or part.get_content_maintype() != "text":
            yield File(name or f"part-{number}", _bytes(part))


def _name(part: Message) -> str:
    try:
        return _decoded(str(part.get_filename() or ""))[:200]
    except (ValueError, LookupError, HeaderParseError):  # an RFC 2231 name in a character set that does not exist
        return "file"


def _bytes(part: Message) -> bytes:
    content = part.get_payload(decode=True)
    return content if isinstance(content, bytes) else b""


def _letters(part: Message) -> str:
    content, charset = _bytes(part), (part.get_content_charset() or "utf-8").lower()
    charset = "gb18030" if charset in ("gb2312", "gbk", "x-gbk") else charset  # what is called GB2312 mostly is more
    try:
        return content.decode(charset, "replace")
    except (LookupError, ValueError):
        return content.decode("utf-8", "replace")


def _header(message: Message, name: str) -> str:
    return _decoded(str(message.get(name, "")))[: LONGEST["title"]]


def _decoded(text: str) -> str:
    """RFC 2047."""
    line = _one_line(text)
    try:
        return _one_line(str(make_header(decode_header(line))))
    except (ValueError, LookupError, HeaderParseError):
        return line


def _one_line(text: str) -> str:
    return " ".join("".join(letter if letter.isprintable() else " " for letter in str(text)[:LONGEST_HEADER]).split())


def _automatic(message: Message, sender: str) -> str:
    said = str(message.get("Auto-Submitted", "no")).partition(";")[0].strip().lower()
    if said not in ("", "no"):
        return f"Auto-Submitted: {_one_line(said)[:40]}"
    if str(message.get("Precedence", "")).strip().lower() in LIST_LIKE:
        return "Precedence"
    for name in ("List-Id", "List-Unsubscribe", "X-Autoreply", "X-Autorespond", "Feedback-ID"):
        if message.get(name):
            return name
    if str(message.get("Return-Path", "")).strip() == "<>":
        return "an empty Return-Path"
    return "its sender" if AUTOMATIC.match(sender) else ""


class _Words(HTMLParser):
    """What a reader of the page would see."""

    HIDDEN = ("script", "style", "head", "title")
    BREAKS = ("br", "p", "div", "tr", "li")

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.words: list[str] = []
        self._hidden = 0

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self._hidden += tag in self.HIDDEN
        if tag in self.BREAKS:
            self.words.append("\n")

    def handle_endtag(self, tag: str) -> None:
        self._hidden -= tag in self.HIDDEN and self._hidden > 0

    def handle_data(self, data: str) -> None:
        if not self._hidden:
            self.words.append(data)


def _without_tags(html: str) -> str:
    reader = _Words()
    reader.feed(html[: 10 * LONGEST["text"]])
    reader.close()
    return "\n".join(line.strip() for line in "".join(reader.words).splitlines() if line.strip())
