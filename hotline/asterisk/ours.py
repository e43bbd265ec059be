"""The hotline's own Asterisk: what of the settings, phones and secrets goes into its templates."""

from __future__ import annotations

import re
import sys
from collections.abc import Container
from dataclasses import replace
from pathlib import Path

import structlog

from hotline import certificates, city, elderly, music, phones, registrations, transfers
from hotline.asterisk.instance import Instance, render, write_private
from hotline.asterisk.process import Asterisk
from hotline.asterisk.runtime import Runtime, find
from hotline.secrets import desk_secret, secret
from hotline.settings import DIALPLANS, Settings
from ivr.needs import of_queue
from ivr.waiting_dialplan import compile_waiting
from queues import config, recordings
from queues.skills import ANYONE
from tickets.spool import Spool

log = structlog.get_logger(__name__)

LANGUAGE = re.compile(r"[a-z]{2,3}(_slow)?")
AMI_USER = "hotline"
# Said by Asterisk itself when it cannot keep a short message.
NOT_KEPT = "您的短信未能接收，请拨打12345。 Your message was not taken. Please call 12345."
SYSTEM_TRUST = (Path("/etc/ssl/certs/ca-certificates.crt"), Path("/etc/pki/tls/certs/ca-bundle.crt"))


def instance(settings: Settings) -> Instance:
    """The instance whose home is HOME/asterisk."""
    first, last = settings.rtp_ports
    udptl = (last - max(2, (last - first) // 10)) // 2 * 2
    file = settings.file
    return Instance(
        name="hotline",
        home=settings.home / "asterisk",
        templates=DIALPLANS / "asterisk",
        sounds={language: settings.sounds / language for language in languages(settings)},
        variables={
            "language": file.menu.language,
            "sip_address": file.sip.address,
            "sip_port": settings.sip_port,
            "external_address": file.sip.external_address,
            "local_networks": file.sip.local_networks,
            "trunks": file.sip.trunks,
            "message_numbers": file.sms.sip_numbers,
            "message_lost": NOT_KEPT,
            "sites": file.sip.sites,
            "encrypted_trunks": file.tls.trunks,
            "registrations": _registrations(settings),
            "tls": _tls(settings),
            "rtp_first": first,
            "rtp_last": udptl - 1,
            "udptl_first": udptl,
            "udptl_last": last // 2 * 2,
            "agi_port": settings.agi_port,
            "ami_port": settings.ami_port,
            "ami_user": AMI_USER,
            "ami_secret": ami_secret(settings),
            "desk_secret": desk_secret(settings),
            "menu_enabled": file.menu.enabled,
            "no_input_factor": file.menu.no_input_factor,
            "phones": phones.phones(settings),
            "music": settings.sounds / "music",
            "spool": settings.spool,
            "recording": file.recording.enabled,
            "recordings": recordings.raw_folder(settings.home),
            "recording_stop": recordings.stop_file(settings.home),
            "minimum_free_mb": file.spool.minimum_free_mb,
            "maximum_seconds": file.spool.maximum_seconds,
            "silence_seconds": file.spool.silence_seconds,
            "hotline_home": settings.home,
            "python": sys.executable,
        },
    )


def languages(settings: Settings) -> list[str]:
    """The city's own language, those its prompts are translated to, those that have sounds; all slowly as well, where rendered."""
    own = settings.file.menu.language
    translated = [path.name.split(".")[1] for path in settings.city.glob("prompts.*.yaml")]
    there = [path.name for path in settings.sounds.glob("*") if path.is_dir()]
    spoken = {own, *translated, *there}
    return sorted(name for name in spoken | {f"{own}_slow"} if LANGUAGE.fullmatch(name))


def configure(settings: Settings, runtime: Runtime) -> Instance:
    """Writes the configuration and makes every folder and sound it refers to."""
    Spool(settings.spool).prepare()
    recordings.raw_folder(settings.home).mkdir(mode=0o700, parents=True, exist_ok=True)
    music.ensure(settings.sounds / "music")
    _certificate(settings)
    made = instance(settings)
    rules = config.render_rules(city.now(settings).queues.values())
    made = replace(made, variables={**made.variables, "queues": queues_conf(settings), "queue_rules": rules, "anyone": ANYONE})
    made = replace(made, variables={**made.variables, **transfers.variables(settings)})
    now = city.now(settings)
    made = replace(made, variables={**made.variables, "city_queues": list(now.queues.values()), "pauses": list(now.pauses.values())})
    render(made, runtime)
    write_private(made.home / "etc" / "menus" / "waiting.conf", compile_waiting(city.now(settings)))
    _elderly(settings)
    return made


def _elderly(settings: Settings) -> None:
    """A list that cannot be read must not keep Asterisk from its configuration: those callers are as others."""
    try:
        elderly.write(settings, city.now(settings))
    except elderly.ElderlyError as error:
        log.error("the list of elderly callers is not used", reason=str(error))


def _certificate(settings: Settings) -> None:
    """One that cannot be used must keep no call away that needs none."""
    try:
        certificates.install(settings)
    except certificates.CertificateUnusable as error:
        log.error("the certificate is not taken; calls over TLS go on with the last good one, if there was one", reason=str(error))


def _tls(settings: Settings) -> dict[str, object] | None:
    """What the template needs of TLS, or None: no such transport."""
    certificate, key = certificates.files(settings)
    if settings.file.tls.port is None or not (certificate.is_file() and key.is_file()):
        return None
    named = settings.file.tls.trusted_file
    trusted = next((path for path in ([settings.home / named] if named else SYSTEM_TRUST) if path.is_file()), None)
    return {"port": settings.file.tls.port, "certificate": certificate, "key": key, "trusted": trusted}


def _registrations(settings: Settings) -> list[registrations.Registration]:
    made, faults = registrations.usable(settings)
    for fault in faults:
        log.error("no registration at a carrier", reason=str(fault))
    return made


def queues_conf(settings: Settings) -> str:
    """The city's queues with their phones. Raises PublishError or CityRefused."""
    current = city.now(settings)
    queues = current.queues
    known = [replace(phone, queues=_known(phone, queues)) for phone in phones.phones(settings)]
    return config.render(queues.values(), known, {name: of_queue(current, queue) for name, queue in queues.items()})


def _known(phone: phones.Phone, queues: Container[str]) -> tuple[str, ...]:
    """A queue that a new version of the menus no longer has must not keep Asterisk from its configuration."""
    if gone := [queue for queue in phone.queues if queue not in queues]:
        log.warning("phone belongs to queues that are gone", phone_name=phone.name, queues=gone)
    return tuple(queue for queue in phone.queues if queue in queues)


def asterisk(settings: Settings) -> Asterisk:
    """The hotline's Asterisk, running or not. Raises RuntimeMissing."""
    return Asterisk(find(settings.downloads), instance(settings))


def ami_secret(settings: Settings) -> str:
    return secret(settings.secrets, "ami")
