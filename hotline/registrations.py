"""Carriers that want to be registered at before they send calls: SIP REGISTER towards them, the secret from a file."""

from __future__ import annotations

import re
from dataclasses import dataclass

from hotline.sections import RegistrationSettings
from hotline.settings import Settings

SECRET = re.compile(r"[\x21-\x7e]{1,128}")  # what can stand on a line of Asterisk's configuration


class SecretUnusable(Exception):
    """The registration cannot be made; the message says why, without the secret."""


@dataclass(frozen=True)
class Registration:
    """One, as the template needs it."""

    name: str
    server: str
    host: str
    user: str
    number: str
    secret: str
    encrypted: bool = False


def usable(settings: Settings) -> tuple[list[Registration], list[SecretUnusable]]:
    """All registrations that can be made, and what is wrong with the others: one of them must not keep calls away."""
    made, faults = [], []
    for number, wish in enumerate(settings.file.sip.registrations, 1):
        try:
            secret = _secret(settings, wish)
        except SecretUnusable as fault:
            faults.append(fault)
            continue
        host = wish.server.partition(":")[0]
        made.append(Registration(f"carrier-{number}", wish.server, host, wish.user, wish.number, secret.replace(";", "\\;"), wish.encrypted))
    return made, faults


def _secret(settings: Settings, wish: RegistrationSettings) -> str:
    path = settings.home / wish.secret_file
    try:
        secret = path.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise SecretUnusable(f"{wish.server}: {path}: {getattr(error, 'strerror', None) or 'not plain text'}") from None
    if not SECRET.fullmatch(secret):
        raise SecretUnusable(f"{wish.server}: {path}: one line of printable characters without spaces is needed")
    return secret
