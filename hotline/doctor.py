"""What is there, what is missing and what to do about it: every check is a function that returns findings."""

from __future__ import annotations

import importlib.metadata
import shutil
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from urllib.parse import urlsplit

from packaging.requirements import Requirement
from sqlalchemy import make_url

from hotline import certificates, city_checks, confidential_checks, messages, phones, ports, registrations, secrets
from hotline.asterisk import Asterisk, RuntimeMissing, find, ours
from hotline.finding import SETUP, Finding, Level
from hotline.phones import PhoneError
from hotline.running import supervisor_pid
from hotline.serve.__main__ import wanted
from hotline.services import Child
from hotline.settings import DIALPLANS, PROJECT, Settings
from speech import store

DISTRIBUTION = "hotline12345"
ENOUGH_MB = 2000


def examine(settings: Settings) -> list[Finding]:
    """Looks at everything; starts, stops and mends nothing."""
    return [finding for check in CHECKS for finding in check(settings)]


def packages(_: Settings) -> Iterator[Finding]:
    try:
        wanted = [Requirement(line) for line in importlib.metadata.requires(DISTRIBUTION) or []]
    except importlib.metadata.PackageNotFoundError:
        yield Finding("fault", "packages", f"{DISTRIBUTION} itself is not installed", "run `make setup`")
        return
    missing = [str(need) for need in wanted if _applies(need) and not _installed(need)]
    if missing:
        yield Finding("fault", "packages", f"missing or another version: {', '.join(missing)}", "run `make setup`")
    else:
        yield Finding("ok", "packages", f"all {len([need for need in wanted if _applies(need)])} Python packages")


def asterisk(settings: Settings) -> Iterator[Finding]:
    try:
        runtime = find(settings.downloads)
    except RuntimeMissing as error:
        yield Finding("fault", "asterisk", str(error), SETUP)
        return
    yield Finding("ok", "asterisk", f"{runtime.version}, {'installed' if runtime.installed else 'unpacked'}: {runtime.command[-1]}")


def network_ports(settings: Settings) -> Iterator[Finding]:
    own = set(_own_processes(settings).values())
    complaints = ports.taken(ports.needed(settings), own)
    for complaint in complaints:
        yield Finding("fault", "ports", complaint, "end that process, or set another port")
    if not complaints:
        yield Finding("ok", "ports", ", ".join(f"{p.what} {p.protocol} {p.address}:{p.number}" for p in ports.needed(settings)))


def processes(settings: Settings) -> Iterator[Finding]:
    supervisor, running = supervisor_pid(settings), _own_processes(settings)
    if supervisor is None and running:
        left = ", ".join(f"{name} {pid}" for name, pid in running.items())
        yield Finding("warning", "processes", f"nobody supervises {left}", "`hotline run` adopts them, `hotline stop` ends them")
    elif supervisor is None:
        yield Finding("note", "processes", "the hotline does not run", "`hotline run` starts it")
    elif away := [name for name in ("asterisk", *wanted(settings)) if name not in running]:
        where = ", ".join(str(settings.home / "log" / f"{name}.log") for name in away)
        yield Finding("warning", "processes", f"{', '.join(away)} does not run although it should", f"it is started again and again; look into {where}")
    else:
        yield Finding("ok", "processes", f"supervisor {supervisor}; " + ", ".join(f"{name} {pid}" for name, pid in running.items()))


def disk(settings: Settings) -> Iterator[Finding]:
    free = shutil.disk_usage(_existing(settings)).free // 1_000_000
    least = settings.file.spool.minimum_free_mb
    if free < least:
        yield Finding("fault", "disk", f"{free} MB free: callers are sent to a person instead of voicemail", f"free at least {least} MB")
    elif free < ENOUGH_MB:
        yield Finding("warning", "disk", f"{free} MB free at {settings.home}", "a minute of messages takes about 1 MB")
    else:
        yield Finding("ok", "disk", f"{free} MB free at {settings.home}")


def secret_files(settings: Settings) -> Iterator[Finding]:
    exposed = secrets.exposed(settings.secrets) + secrets.exposed(settings.home / "phones")
    for path in exposed:
        yield Finding("fault", "secrets", f"{path} can be read by others", f"chmod go= {path}")
    if not exposed:
        yield Finding("ok", "secrets", f"{settings.secrets} is readable by its owner only")


def private_data(settings: Settings) -> Iterator[Finding]:
    """Who called and what they said: nobody else on this machine may read it."""
    url = make_url(settings.database_url)
    database = settings.home / url.database if url.get_backend_name() == "sqlite" and url.database else None
    inside = database is not None and database.is_relative_to(settings.home)
    open_home = settings.home.exists() and settings.home.stat().st_mode & secrets.OTHERS
    exposed = [settings.home] if open_home else []
    if database is not None and (open_home or not inside):
        files = (database.with_name(f"{database.name}{suffix}") for suffix in ("", "-wal", "-shm"))
        exposed += [path for path in files if path.exists() and path.stat().st_mode & secrets.OTHERS]
    for path in exposed:
        yield Finding("warning", "privacy", f"{path} holds callers' data and can be read by others", f"chmod go= {path}")
    if not exposed:
        yield Finding("ok", "privacy", f"{settings.home} is readable by its owner only")


def phone_files(settings: Settings) -> Iterator[Finding]:
    _, faults = phones.examined(settings)
    for fault in faults:
        yield Finding("fault", "phones", str(fault), "`hotline phone remove NAME`, then `hotline phone add NAME`")


def models(settings: Settings) -> Iterator[Finding]:
    for found in store.look_all(settings):
        model = found.model
        if found.state == "ready":
            level: Level = "note" if model.kind == "voice" else "ok"
            yield Finding(level, f"{model.kind} {model.name}", f"ready; licence: {model.licence}")
        elif model.when == "setup":
            yield Finding("warning", f"{model.kind} {model.name}", found.state, f"{SETUP}; until then: {_without(model.kind)}")
        elif model.when == "asked":
            yield Finding("note", f"{model.kind} {model.name}", found.state, f"`hotline models fetch {model.name}` if it is wanted")


def trunk(settings: Settings) -> Iterator[Finding]:
    trunks = ", ".join(settings.file.sip.trunks)
    yield Finding("ok", "trunk", f"calls are taken from {trunks} on {settings.file.sip.address}:{settings.sip_port}")
    if any(one.startswith("0.0.0.0") or one == "::/0" for one in settings.file.sip.trunks):
        yield Finding("warning", "trunk", "sip.trunks lets the whole Internet call", "list the carrier's addresses only")
    made, faults = registrations.usable(settings)
    for fault in faults:
        yield Finding("fault", "trunk", str(fault), "put the carrier's secret into that file, for its owner only")
    for carrier in made:
        yield Finding("ok", "trunk", f"registers at {carrier.server} as {carrier.user}; its calls come in as {carrier.number}")


def encryption(settings: Settings) -> Iterator[Finding]:
    """Nothing to say of a hotline that takes no calls over TLS, unless somebody waits for them."""
    if settings.file.tls.port is None:
        for phone in (phone for phone in phones.examined(settings)[0] if phone.encrypted):
            yield Finding("fault", "encryption", f"phone {phone.name} must encrypt, but tls.port is not set", "set it, or add the phone again")
        return
    if path := certificates.exposed(settings):
        yield Finding("fault", "encryption", f"{path} can be read by others", f"chmod o= {path}")
    if (trusted := settings.file.tls.trusted_file) and not (settings.home / trusted).is_file():
        yield Finding("fault", "encryption", f"tls.trusted_file: no {settings.home / trusted}", "correct it in settings.yaml, then restart")
    try:
        city_own = certificates.named(settings)
        yield _certificate(settings, certificates.read(*city_own) if city_own else certificates.installed(settings))
    except certificates.CertificateUnusable as error:
        yield Finding("fault", "encryption", f"{error}; calls over TLS need it", "correct that file, then `hotline certificate reload`")


def _certificate(settings: Settings, found: certificates.Certificate) -> Finding:
    where, left = certificates.files(settings)[0], found.days_left()
    renew = "renew it, then `hotline certificate reload`"
    now = datetime.now(UTC)
    if not found.since <= now < found.until:
        when = f"ended on {found.until:%Y-%m-%d}" if now >= found.until else f"counts only from {found.since:%Y-%m-%d %H:%M} UTC on"
        return Finding("fault", "encryption", f"the certificate {when}: whoever checks it does not call", renew)
    if left < certificates.RENEW_DAYS:
        return Finding("warning", "encryption", f"the certificate ends in {left} days, on {found.until:%Y-%m-%d}", renew)
    if found.trial:
        return Finding("note", "encryption", f"a self-signed certificate, until {found.until:%Y-%m-%d}", f"whoever calls over TLS must be given {where}")
    return Finding("ok", "encryption", f"TLS on port {settings.file.tls.port} for {', '.join(found.names)}, until {found.until:%Y-%m-%d}")


def case_system(settings: Settings) -> Iterator[Finding]:
    from tickets.connectors import Wishes, connect  # noqa: PLC0415 - HTTP comes with it

    wishes = settings.file.case_system
    if wishes.url is None:
        yield Finding("note", "case system", "none set: finished tickets wait here", "set case_system.url in settings.yaml")
        return
    try:
        if wishes.secret_file is not None:
            secrets.case_system_key(settings)
    except (OSError, ValueError) as error:
        yield Finding("fault", "case system", f"no key, so tickets wait here: {error}", "correct case_system.secret_file in settings.yaml, then restart")
        return
    try:
        connect(wishes.connector, Wishes(wishes.url, b"", wishes.timeout_seconds, wishes.reconciliation_url, wishes.options))
    except ValueError as error:
        yield Finding("fault", "case system", f"its connector cannot be used, so tickets wait here: {error}", "correct case_system in settings.yaml, then restart")
        return
    yield Finding("ok", "case system", f"tickets go to {urlsplit(wishes.url).hostname}")


CHECKS: tuple[Callable[[Settings], Iterator[Finding]], ...] = (
    packages, asterisk, models, city_checks.spoken_prompts, network_ports, processes, disk, secret_files, private_data, phone_files, trunk, encryption, case_system, messages.examined, city_checks.calendar, city_checks.gazetteer_file, city_checks.unpublished,
    confidential_checks.kept_for, confidential_checks.vault,
)  # fmt: skip


def _applies(need: Requirement) -> bool:
    return need.marker is None or need.marker.evaluate({"extra": ""})


def _installed(need: Requirement) -> bool:
    try:
        return need.specifier.contains(importlib.metadata.version(need.name), prereleases=True)
    except importlib.metadata.PackageNotFoundError:
        return False


def _own_processes(settings: Settings) -> dict[str, int]:
    """The processes of this home that run now, by name."""
    found = {name: Child(name, (), settings.home).pid() for name in wanted(settings)}
    try:
        running = Asterisk(find(settings.downloads), ours.instance(settings)).process()
        found["asterisk"] = running.pid if running else None
    except (RuntimeMissing, PhoneError):
        pass
    return {name: pid for name, pid in found.items() if pid}


def _existing(settings: Settings) -> str:
    return str(next(path for path in (settings.home, *settings.home.parents, PROJECT, DIALPLANS) if path.exists()))


def _without(kind: str) -> str:
    return "prompts are tones" if kind == "voice" else "messages become tickets without text"
