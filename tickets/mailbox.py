"""Fetches citizens' e-mail (IMAP, RFC 3501) and takes it in. An e-mail is marked seen once its ticket is committed.

Killed before that it comes again, and its Message-ID makes it the same one. What cannot be read is flagged for a person.
"""

from __future__ import annotations

import contextlib
import imaplib
import re
import ssl
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import structlog

from ivr.channels import Channels
from tickets.attachments import AttachmentRefused, Attachments
from tickets.intake import Intake
from tickets.intake_rules import IntakeRefused, Report
from tickets.mail_in import Letter, NotALetter, read
from tickets.matter import cleaned
from tickets.models import Ticket
from tickets.notices import answers_by

AT_ONCE = 50
SIZE = re.compile(rb"RFC822\.SIZE (\d{1,12})")
log = structlog.get_logger("tickets.mail")


class MailboxAway(Exception):  # noqa: N818 - read as a sentence
    """The mail server cannot be reached, or does not let us in."""


@dataclass(frozen=True)
class Mailbox:
    """One folder of one mail server; `security` as in tickets/mail_out.py, `own` our address, which is never answered."""

    host: str
    port: int
    user: str
    password: str
    own: str
    folder: str = "INBOX"
    security: str = "tls"
    trusted: str | None = None
    largest: int = 25_000_000
    timeout_seconds: float = 30.0

    def look(self, take: Callable[[bytes], None]) -> int:
        """Takes in what is unseen, oldest first; returns how many. Raises MailboxAway."""
        try:
            with self._opened() as server:
                return sum(self._one(server, uid, take) for uid in self._unseen(server))
        except (OSError, imaplib.IMAP4.error, imaplib.IMAP4.abort) as error:
            raise MailboxAway(type(error).__name__) from error

    def _one(self, server: imaplib.IMAP4, uid: bytes, take: Callable[[bytes], None]) -> int:
        name = uid.decode("ascii")
        found = SIZE.search(_first(server.uid("FETCH", name, "(RFC822.SIZE)")))
        if found is None:  # gone meanwhile
            return 0
        try:
            if int(found[1]) > self.largest:
                raise NotALetter(f"{int(found[1])} bytes, at most {self.largest} are read")
            take(_first(server.uid("FETCH", name, "(BODY.PEEK[])"), literal=True))
        except (NotALetter, IntakeRefused) as no:
            log.error("e-mail not taken, flagged for a person", uid=name, reason=str(no))
            server.uid("STORE", name, "+FLAGS", r"(\Flagged)")
        server.uid("STORE", name, "+FLAGS", r"(\Seen)")
        return 1

    def _unseen(self, server: imaplib.IMAP4) -> list[bytes]:
        kind, _ = server.select(f'"{self.folder}"')
        if kind != "OK":
            raise imaplib.IMAP4.error(f"no folder {self.folder}")
        _, found = server.uid("SEARCH", "UNSEEN")
        return (found[0] or b"").split()[:AT_ONCE]

    @contextlib.contextmanager
    def _opened(self) -> Iterator[imaplib.IMAP4]:
        context = ssl.create_default_context(cafile=self.trusted)
        if self.security == "tls":
            server: imaplib.IMAP4 = imaplib.IMAP4_SSL(self.host, self.port, ssl_context=context, timeout=self.timeout_seconds)
        else:
            server = imaplib.IMAP4(self.host, self.port, timeout=self.timeout_seconds)
        try:
            if self.security == "starttls":
                server.starttls(context)
            server.login(self.user, self.password)
            yield server
        finally:
            with contextlib.suppress(OSError, imaplib.IMAP4.error):
                server.logout()


@dataclass(frozen=True)
class MailIntake:
    """Makes tickets, notes and attachments of letters."""

    intake: Intake
    attachments: Attachments
    own: str

    def take(self, raw: bytes) -> None:
        """Everything of it is committed when this returns. Raises NotALetter and IntakeRefused."""
        letter = read(raw)
        if letter.automatic or letter.sender == self.own.lower():
            log.info("automatic e-mail, not answered", reason=letter.automatic or "our own")
            return
        taken = replace(self.intake, answer=answers_by("email", self._subject)).take(self._report(letter))
        ticket = taken.ticket
        log.info("message", channel="email", outcome=taken.outcome, ticket=ticket.number if ticket else None, again=taken.again)
        if ticket is not None:
            self._attach(letter, ticket)

    def _report(self, letter: Letter) -> Report:
        text = cleaned(letter.text) or letter.subject
        return Report(
            "email", letter.message_id, letter.sender, text, title=letter.subject, sender_name=letter.sender_name, email=letter.sender,
            tell_by="email" if self._tells() else "", attachments=len(letter.files),
        )  # fmt: skip

    def _tells(self) -> bool:
        channels: Channels = self.intake.rules().channels
        return "email" in channels.channels and channels.channels["email"].tell == "email"

    def _attach(self, letter: Letter, ticket: Ticket) -> None:
        for number, file in enumerate(letter.files):
            try:
                self.attachments.keep(ticket, f"email {letter.message_id} {number}", file, self.intake.clock())
            except AttachmentRefused as no:
                log.warning("attachment not kept", ticket=ticket.number, reason=str(no))

    def _subject(self, report: Report, ticket: Ticket | None) -> str:
        if ticket is None:
            return f"Re: {report.title}"[:200] if report.title else "12345"
        return self.intake.rules().notices.text("subject", report.language, number=ticket.number)


def _first(answer: tuple[str, list[object]], literal: bool = False) -> bytes:
    """The first thing of a FETCH: its literal, or the line. Empty where it is not there any more."""
    for part in answer[1]:
        if isinstance(part, tuple):
            return bytes(part[1] if literal else part[0])
        if isinstance(part, bytes) and not literal:
            return part
    return b""
