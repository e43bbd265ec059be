"""What settings.yaml says of short messages and e-mail, as the doors and ways that tickets use. Nothing set: nothing runs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import structlog

from hotline.finding import Finding
from hotline.secrets import pin_key, secret
from hotline.settings import Settings
from speech.text import gazetteer

if TYPE_CHECKING:  # the database's packages take seconds to import
    from tickets.mail_out import Mailer
    from tickets.notices import Way
    from tickets.sms import Gateway
    from web.intake_routes import Doors

log = structlog.get_logger("hotline.messages")


def gateway(settings: Settings, signature: str = "") -> Gateway | None:
    """A carrier's gateway for short messages. None where none is set, or its secret cannot be read."""
    from tickets.sms import Gateway  # noqa: PLC0415

    wishes = settings.file.sms
    if wishes.secret_file is None:
        return None
    try:
        key = _read(settings, wishes.secret_file)
    except (OSError, ValueError) as error:
        log.error("no secret of the gateway: no short messages", reason=str(error))
        return None
    named = {str(name): theirs for name, theirs in wishes.receive.items()}
    return Gateway(
        key, wishes.url, wishes.send, wishes.send_as, wishes.headers, wishes.accepted, wishes.refused, named, wishes.charset, wishes.text_is_hex,
        signature, wishes.timeout_seconds,
    )  # fmt: skip


def mailer(settings: Settings) -> Mailer | None:
    """The city's mail server, for what goes out."""
    from tickets.mail_out import Mailer  # noqa: PLC0415

    wishes = settings.file.email
    if wishes.smtp_host is None or wishes.address is None:
        return None
    try:
        password = mail_password(settings) if wishes.user else ""
    except (OSError, ValueError) as error:
        log.error("no password of the mail server: no e-mail", reason=str(error))
        return None
    return Mailer(wishes.smtp_host, wishes.smtp_port, wishes.address, wishes.name, wishes.user, password, wishes.security, trusted(settings))


def ways(settings: Settings, signature: str = "") -> dict[str, Way]:
    """How citizens can be told."""
    found: dict[str, Way] = {}
    if (out := gateway(settings, signature)) and out.url:
        found["sms"] = out
    if post := mailer(settings):
        found["email"] = post
    return found


def doors(settings: Settings) -> Doors:
    """What the web process needs to take messages in."""
    from web.intake_routes import Doors  # noqa: PLC0415

    return Doors(pin_key(settings), gateway(settings), places(settings), secret(settings.secrets, "report").encode())


def places(settings: Settings) -> tuple[str, ...]:
    """The city's own names of places: in a text they say where it is."""
    try:
        return tuple(name.text for name in gazetteer.of_city(settings.city) if name.kind == gazetteer.PLACE)
    except gazetteer.GazetteerError:  # `hotline doctor` names what is wrong
        return ()


def mail_password(settings: Settings) -> str:
    """Raises OSError or ValueError."""
    return _read(settings, settings.file.email.password_file or "secrets/email")


def trusted(settings: Settings) -> str | None:
    named = settings.file.email.trusted_file
    return str(settings.home / named) if named else None


def examined(settings: Settings) -> Iterator[Finding]:
    """For the doctor: what is set up, in one line each."""
    sms, email = settings.file.sms, settings.file.email
    if sms.secret_file is None:
        yield Finding("note", "short messages", "none set up", "set sms.secret_file, sms.url and sms.receive in settings.yaml (docs/administrator.md)")
    elif gateway(settings) is None:
        yield Finding("fault", "short messages", f"{settings.home / sms.secret_file} cannot be read or is empty", "put the gateway's secret into it")
    else:
        yield Finding("ok", "short messages", "in by POST /api/sms" + (f", out by {sms.url.split('/')[2]}" if sms.url else "; none go out: sms.url is not set"))
    if email.imap_host is None and email.smtp_host is None:
        yield Finding("note", "e-mail", "none set up", "set email.imap_host, email.smtp_host, email.address and email.user in settings.yaml (docs/administrator.md)")
    elif email.user and mailer(settings) is None and email.smtp_host:
        yield Finding("fault", "e-mail", "the password cannot be read, or email.address is not set", f"put it into {settings.home / (email.password_file or 'secrets/email')}")
    else:
        yield Finding("ok", "e-mail", f"in by {email.imap_host or 'nobody'}, out by {email.smtp_host or 'nobody'}")


def _read(settings: Settings, named: str) -> str:
    path = settings.home / named
    key = path.read_text(encoding="utf-8").strip()
    if not key:
        raise ValueError(f"{path} is empty")
    return key
