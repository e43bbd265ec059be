"""The mail process: looks for citizens' e-mail, far from callers. It runs only where settings.yaml names a mail server."""

from __future__ import annotations

import signal
import threading
from types import FrameType

import structlog

from hotline import messages
from hotline.cases import CityRules
from hotline.register import open_register
from hotline.secrets import pin_key
from hotline.settings import Settings
from tickets.attachments import Attachments
from tickets.intake import Intake
from tickets.mailbox import Mailbox, MailboxAway, MailIntake
from tickets.vault import Vault

LONGEST_PAUSE_SECONDS = 600.0
log = structlog.get_logger(__name__)


def run(settings: Settings) -> None:
    """Until SIGTERM or SIGINT."""
    stop = threading.Event()

    def ended(_: int, __: FrameType | None) -> None:
        stop.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, ended)
    store = open_register(settings.database_url)
    try:
        vault = Vault(settings.home, store.database)
        intake = Intake(store, CityRules(settings), places=lambda: messages.places(settings), pin_key=pin_key(settings))
        door = MailIntake(intake, Attachments(store.database, vault), settings.file.email.address or "")
        _keep_looking(settings, door, stop)
    finally:
        store.close()


def _keep_looking(settings: Settings, door: MailIntake, stop: threading.Event) -> None:
    pause = float(settings.file.email.poll_seconds)
    wait = 0.0
    while not stop.wait(wait):
        try:
            mailbox(settings).look(door.take)
            wait = pause
        except (MailboxAway, OSError, ValueError) as error:
            wait = min(max(wait, pause) * 2, LONGEST_PAUSE_SECONDS)
            log.warning("the mail server cannot be used, tried again", reason=str(error), in_seconds=wait)
        except Exception:  # outermost: a database that is away for a night must not end this process
            wait = min(max(wait, pause) * 2, LONGEST_PAUSE_SECONDS)
            log.exception("will be tried again", work="mail")


def mailbox(settings: Settings) -> Mailbox:
    """As settings.yaml has it; the password is read anew each time. Raises OSError and ValueError."""
    wishes = settings.file.email
    return Mailbox(
        str(wishes.imap_host), wishes.imap_port, wishes.user, messages.mail_password(settings), wishes.address or "", wishes.mailbox, wishes.security,
        messages.trusted(settings), wishes.largest_mb * 1_000_000,
    )  # fmt: skip
