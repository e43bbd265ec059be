"""Citizens' e-mail: fetched from a real server, each once whoever is killed, and nothing hostile in it does harm."""

from __future__ import annotations

import io
import multiprocessing
import os
import shutil
import signal
from collections.abc import Iterator
from dataclasses import replace
from email.message import EmailMessage
from pathlib import Path

import pytest
from PIL import Image

from tests.tickets import mail_server
from tests.tickets.mail_server import FOLDER, PASSWORD, USER, MailServer
from tickets import mail_in
from tickets.attachment_tables import Attachment
from tickets.attachments import Attachments
from tickets.intake import Intake
from tickets.mail_in import NotALetter, read
from tickets.mailbox import Mailbox, MailboxAway, MailIntake
from tickets.notice_tables import Notice
from tickets.store import Store
from tickets.vault import Vault

OURS = "12345@city.example"
LAMP = "人民路12号路灯坏了三天没人修"


def letter(text: str = LAMP, subject: str = "路灯", number: str = "1", **headers: str) -> EmailMessage:
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"], mail["Message-ID"] = "李四 <Li@example.org>", OURS, subject, f"<{number}@example.org>"
    for name, value in headers.items():
        del mail[name.replace("_", "-")]
        mail[name.replace("_", "-")] = value
    mail.set_content(text)
    return mail


def png() -> bytes:
    picture = io.BytesIO()
    Image.new("RGB", (2, 2)).save(picture, "PNG")
    return picture.getvalue()


@pytest.fixture
def url(sqlite_template: Path, tmp_path: Path) -> str:
    """One dialect: e-mail does not know which."""
    return f"sqlite:///{shutil.copyfile(sqlite_template, tmp_path / 'hotline.sqlite3')}"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MailServer]:
    with mail_server.running(tmp_path_factory.mktemp("mail"), "--no-tls") as running:
        yield running


class Post:
    """The mail process's work, one look at a time."""

    def __init__(self, server: MailServer, store: Store, home: Path) -> None:
        self.server, self.store = server, store
        vault = Vault(home, store.database)
        vault.persons.claim()
        self.intake = MailIntake(Intake(store, pin_key=b"k" * 32), Attachments(store.database, vault), OURS)
        self.mailbox = Mailbox("127.0.0.1", server.port, USER, PASSWORD, OURS, FOLDER, "none", largest=1_000_000)
        server.empty()

    def arrives(self, *letters: EmailMessage | bytes) -> int:
        for one in letters:
            self.server.puts(one if isinstance(one, bytes) else one.as_bytes().replace(b"\n", b"\r\n"))
        return self.mailbox.look(self.intake.take)

    def notices(self) -> list[Notice]:
        with self.store.database.reads() as session:
            return list(session.query(Notice).order_by(Notice.id))

    def files(self) -> list[Attachment]:
        with self.store.database.reads() as session:
            return list(session.query(Attachment).order_by(Attachment.id))


@pytest.fixture
def post(server: MailServer, store: Store, tmp_path: Path) -> Post:
    return Post(server, store, tmp_path)


def test_an_e_mail_becomes_a_ticket_and_is_answered_once(post: Post) -> None:
    assert post.arrives(letter()) == 1
    (ticket,) = post.store.tickets()
    assert (ticket.channel, ticket.title, ticket.transcript, ticket.caller_name, ticket.place) == ("email", "路灯", LAMP, "李四", "人民路12号")
    (notice,) = post.notices()
    assert (notice.by, notice.address, notice.in_reply_to) == ("email", "li@example.org", "<1@example.org>")
    assert ticket.number in notice.subject and ticket.number in notice.text and "查询密码" in notice.text
    assert post.server.flags() == [{"\\Seen"}]
    assert post.arrives() == 0


def test_a_reply_with_our_number_in_its_subject_adds_to_its_ticket(post: Post) -> None:
    post.arrives(letter())
    (ticket,) = post.store.tickets()
    post.arrives(letter("又有一盏不亮了，在旁边的巷子里", f"Re: 12345热线 工单{ticket.number}", "2"))
    assert [line.event for line in post.store.history(ticket_id=ticket.id)][-1] == "words_added"
    post.arrives(letter("这是别人的", f"Re: 工单{ticket.number}", "3", From="stranger@example.org"))
    assert len(post.store.tickets()) == 2


def test_files_are_kept_by_what_they_hold(post: Post, tmp_path: Path) -> None:
    mail = letter()
    mail.add_attachment(png(), "image", "png", filename="现场.png")
    mail.add_attachment(b"MZ\x90\0" + bytes(200), "image", "jpeg", filename="photo.jpg")
    mail.add_attachment(b"<html><script>alert(1)</script>", "image", "png", filename="page.png")
    mail.add_attachment(b"<svg xmlns='http://www.w3.org/2000/svg'/>", "image", "svg+xml", filename="a.svg")
    mail.add_attachment("时间线".encode(), "application", "octet-stream", filename="../../etc/时间线.txt")
    post.arrives(mail)
    assert [(file.name, file.kind) for file in post.files()] == [("现场.png", "image/png"), ("时间线.txt", "text/plain")]
    for file in post.files():
        assert (tmp_path / file.path).read_bytes().startswith(b"12345-V1")  # sealed
    with Vault(tmp_path, post.store.database).open(tmp_path / post.files()[0].path) as opened:
        assert opened.read() == png()


@pytest.mark.parametrize(
    "headers",
    [
        {"Auto_Submitted": "auto-replied"}, {"Auto_Submitted": "auto-generated (rejected)"}, {"Precedence": "bulk"}, {"List_Id": "<l.example>"},
        {"Return_Path": "<>"}, {"From": "MAILER-DAEMON@example.org"}, {"From": "no-reply@example.org"}, {"From": OURS.upper()},
    ],
)  # fmt: skip
def test_what_a_machine_wrote_is_never_answered(post: Post, headers: dict[str, str]) -> None:
    assert post.arrives(letter(**headers)) == 1
    assert (post.notices(), post.store.tickets(), post.server.flags()) == ([], [], [{"\\Seen"}])


def test_auto_submitted_no_is_a_persons(post: Post) -> None:
    post.arrives(letter(Auto_Submitted="no"))
    assert len(post.store.tickets()) == 1


@pytest.mark.parametrize("step", ["taken", "before"])
def test_killed_between_ticket_and_mark_it_is_one_ticket(post: Post, step: str) -> None:
    """A process that is really killed, after or before its ticket is committed."""
    mail = letter()
    mail.add_attachment(png(), "image", "png", filename="a.png")
    post.server.puts(mail.as_bytes())

    def die(raw: bytes) -> None:
        if step == "taken":
            post.intake.intake.take(post.intake._report(read(raw)))  # the ticket, without its file and the mark
        os.kill(os.getpid(), signal.SIGKILL)

    child = multiprocessing.get_context("fork").Process(target=lambda: post.mailbox.look(die))
    child.start()
    child.join(30)
    assert child.exitcode == -signal.SIGKILL
    assert post.server.flags() == [set()]
    assert len(post.store.tickets()) == (1 if step == "taken" else 0)
    assert post.arrives() == 1
    assert (len(post.store.tickets()), len(post.files())) == (1, 1)
    assert post.server.flags() == [{"\\Seen"}]


def test_a_bomb_is_flagged_for_a_person_and_does_not_keep_the_others(post: Post) -> None:
    deep = b"From: a@example.org\r\nMIME-Version: 1.0\r\n"
    for level in range(mail_in.MOST_MULTIPARTS + 1):
        deep += b'Content-Type: multipart/mixed; boundary="b%d"\r\n\r\n--b%d\r\n' % (level, level)
    wide = letter(number="w")
    wide.make_mixed()
    for _ in range(mail_in.MOST_PARTS + 1):
        wide.add_attachment(b"x", "text", "plain", filename="x.txt")
    huge = letter("字" * 500_000, number="h")
    nobody = letter(number="n", From="nobody at all")
    assert post.arrives(deep, wide, huge, nobody, letter()) == 5
    assert len(post.store.tickets()) == 1
    assert post.server.flags() == [{"\\Seen", "\\Flagged"}] * 4 + [{"\\Seen"}]


def test_a_long_text_is_kept_whole(post: Post, tmp_path: Path) -> None:
    text = "人民路12号路灯坏了" + "很黑" * 20_000
    post.arrives(letter(text))
    (file,) = post.files()
    with Vault(tmp_path, post.store.database).open(tmp_path / file.path) as opened:
        assert opened.read().decode().strip() == text


def test_a_wrong_password_or_nobody_there_is_said(post: Post) -> None:
    for wrong in (replace(post.mailbox, password="x"), replace(post.mailbox, port=1), replace(post.mailbox, folder="none"), replace(post.mailbox, security="tls")):
        with pytest.raises(MailboxAway):
            replace(wrong, timeout_seconds=2).look(post.intake.take)


HEAD = b"From: li@example.org\r\nSubject: s\r\nMIME-Version: 1.0\r\n"


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        (HEAD + b"Content-Type: text/plain; charset=gb2312\r\n\r\n" + "路灯，瞭望".encode("gb18030"), "路灯，瞭望"),
        (HEAD + b"Content-Type: text/plain; charset=klingon\r\n\r\n" + "路灯".encode(), "路灯"),
        (HEAD + b"Content-Type: text/html\r\n\r\n<style>x</style><p>a<script>alert(1)</script>&lt;b&gt;<br>c", "a<b>\nc"),
        (HEAD + b"Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n!!!not base64", ""),
        (HEAD + b"Content-Type: multipart/mixed\r\n\r\nno boundary at all", ""),
        (HEAD + b"\r\n\xff\xfe\x00", "\ufffd\ufffd\x00"),
    ],
)
def test_hostile_letters_are_read_as_far_as_they_can_be(raw: bytes, text: str) -> None:
    assert read(raw).text.strip() == text.strip() or text == ""


@pytest.mark.parametrize("raw", [b"", b"\r\n\r\n", b"From: \r\n\r\nx", b"From: a@b@c\r\n\r\nx", b"\x00" * 1000])
def test_a_letter_from_nobody_is_refused(raw: bytes) -> None:
    with pytest.raises(NotALetter):
        read(raw)


def test_headers_cannot_carry_other_headers() -> None:
    said = read(b"From: =?utf-8?q?a=0D=0ABcc_b?= <li@example.org>\r\nSubject: =?utf-8?b?YQ0KQmNjOiBi?=\r\nMessage-ID: <x\x1b[2J@y>\r\n\r\nx")
    assert (said.sender_name, said.subject) == ("a Bcc b", "a Bcc: b")
    assert said.message_id.isprintable()
