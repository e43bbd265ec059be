"""What settings.yaml says of short messages and e-mail, as the doors and ways that tickets use. Nothing set: nothing runs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import structlog

from hotline.finding import Finding
from hotline.secrets import pin_key, secret
from hotline.settings import Settings
from speech.text import gazetteer

if TYPE_CHECKING:  # the database's packages take seconds to import
    from tickets.deadlines import Rules
    from tickets.mail_out import Mailer
    from tickets.notices import Way
    from tickets.sms import Gateway
    from tickets.store import Store
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
    """How citizens can be told: by the trunk, where the city wants that, before a gateway."""
    from hotline import sip_out  # noqa: PLC0415

    found: dict[str, Way] = {}
    if by_trunk := sip_out.way(settings, signature):
        found["sms"] = by_trunk
    elif (out := gateway(settings, signature)) and out.url:
        found["sms"] = out
    if post := mailer(settings):
        found["email"] = post
    return found


def doors(settings: Settings) -> Doors:
    """What the web process needs to take messages in."""
    from web.intake_routes import Doors  # noqa: PLC0415

    return Doors(pin_key(settings), gateway(settings), places(settings), secret(settings.secrets, "report").encode())


def take_laid_down(settings: Settings, rules: Callable[[], Rules], store: Store) -> None:
    """Short messages that came by SIP, as Asterisk wrote them down."""
    from tickets.intake import Intake  # noqa: PLC0415
    from tickets.sip_messages import LaidDown  # noqa: PLC0415

    LaidDown(settings.spool, Intake(store, rules, places=lambda: places(settings), pin_key=pin_key(settings))).take_all()


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
    email = settings.file.email
    yield _short_messages(settings)
    if email.imap_host is None and email.smtp_host is None:
        yield Finding("note", "e-mail", "none set up", "set email.imap_host, email.smtp_host, email.address and email.user in settings.yaml (docs/channels.md)")
    elif email.user and mailer(settings) is None and email.smtp_host:
        yield Finding("fault", "e-mail", "the password cannot be read, or email.address is not set", f"put it into {settings.home / (email.password_file or 'secrets/email')}")
    else:
        yield Finding("ok", "e-mail", f"in by {email.imap_host or 'nobody'}, out by {email.smtp_host or 'nobody'}")


def _short_messages(settings: Settings) -> Finding:
    sms, name = settings.file.sms, "short messages"
    if sms.secret_file and gateway(settings) is None:
        return Finding("fault", name, f"{settings.home / sms.secret_file} cannot be read or is empty", "put the gateway's secret into it")
    doors = [f"SIP at {', '.join(sms.sip_numbers)}"] * bool(sms.sip_numbers) + ["POST /api/sms"] * bool(sms.secret_file)
    out = f"SIP to {sms.sip_outbound}" if sms.sip_outbound else sms.url.split("/")[2] if sms.url and sms.secret_file else ""
    if not doors and not out:
        return Finding("note", name, "none set up", "set sms.secret_file, sms.url and sms.receive, or sms.sip_numbers and sms.sip_outbound in settings.yaml (docs/channels.md)")
    if doors and not out:
        return Finding("warning", name, f"in by {' and '.join(doors)}; none go out, so nobody is answered", "set sms.url or sms.sip_outbound in settings.yaml")
    return Finding("ok", name, f"in by {' and '.join(doors) or 'nobody'}, out by {out}")


def _read(settings: Settings, named: str) -> str:
    path = settings.home / named
    key = path.read_text(encoding="utf-8").strip()
    if not key:
        raise ValueError(f"{path} is empty")
    return key
