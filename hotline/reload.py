"""Tells a running Asterisk of a change: renders its configuration again and reloads the parts that changed."""

from __future__ import annotations

import re
import time

from hotline.asterisk import Asterisk, RuntimeMissing, find, ours
from hotline.phones import phones as known_phones
from hotline.settings import Settings

PJSIP = "module reload res_pjsip.so res_pjsip_authenticator_digest.so res_pjsip_endpoint_identifier_ip.so"
PHONES_LIMIT_SECONDS = 5.0
POLL_SECONDS = 0.1

# Each does nothing while Asterisk does not run: its next start renders and reads everything.


def phones(settings: Settings) -> None:
    """After a phone was added or removed. Returns when it can register, for the reload itself returns before."""
    asterisk = _apply(settings, (PJSIP, "queue reload all", "dialplan reload"))
    if asterisk is None:
        return
    wanted = {phone.name for phone in known_phones(settings)}
    deadline = time.monotonic() + PHONES_LIMIT_SECONDS
    while _endpoints(asterisk) != wanted and time.monotonic() < deadline:
        time.sleep(POLL_SECONDS)


def menus(settings: Settings) -> None:
    """After a version was published or rolled back: its contexts, the number table, its queues."""
    _apply(settings, ("dialplan reload", "queue reload all"))


def certificate(settings: Settings) -> None:
    """After the certificate was exchanged; calls and registrations stay."""
    _apply(settings, (PJSIP,))


def everything(settings: Settings) -> None:
    """After a change of settings."""
    _apply(settings, ("core reload",))


def _apply(settings: Settings, commands: tuple[str, ...]) -> Asterisk | None:
    try:
        runtime = find(settings.downloads)
    except RuntimeMissing:
        return None
    asterisk = Asterisk(runtime, ours.instance(settings))
    if asterisk.process() is None:
        return None
    ours.configure(settings, runtime)
    asterisk.reload(*commands)
    return asterisk


def _endpoints(asterisk: Asterisk) -> set[str]:
    """The phones Asterisk knows now: `pjsip list endpoints` has a line `Endpoint:  NAME…` for each."""
    listed = re.findall(r"^ *Endpoint: +([^\s</]+)", asterisk.cli("pjsip list endpoints"), re.MULTILINE)
    return set(listed) - {"trunk", "trunk-encrypted"}
