"""E-mail to citizens, by the city's own mail server (SMTP, RFC 5321): TLS unless the settings say otherwise.

What goes out says that a machine wrote it (RFC 3834), so that no other machine answers.
"""

from __future__ import annotations

import smtplib
import ssl
from dataclasses import dataclass
from email.message import EmailMessage
from email.utils import format_datetime, formataddr

from tickets.notice_tables import Notice
from tickets.notices import TellRefused, TellUnavailable, TellUnknown

PERMANENT = range(500, 600)


@dataclass(frozen=True)
class Mailer:
    """`security`: tls (from the first byte), starttls, or none, which is for a server on this machine."""

    host: str
    port: int
    sender: str
    name: str = "12345政务服务便民热线"
    user: str = ""
    password: str = ""
    security: str = "tls"
    trusted: str | None = None
    timeout_seconds: float = 20.0
    repeatable: bool = False

    def tell(self, notice: Notice) -> None:
        """Raises TellRefused, TellUnavailable or TellUnknown. Not for an event loop."""
        message = self.message(notice)
        sent = False
        try:
            with self._opened() as server:
                if self.user:
                    server.login(self.user, self.password)
                sent = True
                server.send_message(message, self.sender, [notice.address])
        except smtplib.SMTPRecipientsRefused as error:
            raise _by_code(next(iter(error.recipients.values()))[0]) from None
        except smtplib.SMTPAuthenticationError:
            raise TellUnavailable("the mail server does not take our password") from None
        except smtplib.SMTPResponseException as error:
            raise _by_code(error.smtp_code) from None
        except (smtplib.SMTPException, OSError) as error:
            raise (TellUnknown if sent else TellUnavailable)(f"the mail server: {type(error).__name__}") from None

    def message(self, notice: Notice) -> EmailMessage:
        """As it goes out. The standard library refuses line breaks in headers."""
        message = EmailMessage()
        message["From"] = formataddr((self.name, self.sender), charset="utf-8")
        message["To"] = notice.address
        message["Subject"] = notice.subject
        message["Date"] = format_datetime(notice.created_at)
        message["Message-ID"] = f"<{notice.id}@{self.sender.rpartition('@')[2]}>"
        message["Auto-Submitted"] = "auto-replied" if notice.in_reply_to else "auto-generated"
        message["X-Auto-Response-Suppress"] = "All"
        if notice.in_reply_to:
            message["In-Reply-To"] = message["References"] = notice.in_reply_to
        message.set_content(f"{notice.text}\n\n本邮件由12345热线系统自动发送。回复请保留主题中的工单号。\nKeep the ticket's number in the subject when you reply.\n")
        return message

    def _opened(self) -> smtplib.SMTP:
        context = ssl.create_default_context(cafile=self.trusted)
        if self.security == "tls":
            return smtplib.SMTP_SSL(self.host, self.port, timeout=self.timeout_seconds, context=context)
        server = smtplib.SMTP(self.host, self.port, timeout=self.timeout_seconds)
        if self.security == "starttls":
            try:
                server.starttls(context=context)
            except BaseException:
                server.close()
                raise
        return server


def _by_code(code: int) -> TellRefused | TellUnavailable:
    """RFC 5321, 4.2.1: 5yz is for good, 4yz for now."""
    return TellRefused(f"the mail server refused it: {code}") if code in PERMANENT else TellUnavailable(f"the mail server answered {code}")
