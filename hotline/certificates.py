"""What this machine shows carriers and phones that call over TLS: the city's own certificate, or one made here for trials.

Asterisk reads two files below HOME/secrets whose names never change, for only under the same names does its transport
take a new certificate while calls go on (res_pjsip, config_transport.c: pjsip_tls_transport_restart). They are copies
of what the settings name, made when that was found good: a broken new certificate leaves the last good one in use.
"""

from __future__ import annotations

import ipaddress
import socket
import stat
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from hotline.asterisk.instance import write_private
from hotline.settings import Settings

TRIAL_DAYS = 365
RENEW_DAYS = 21  # from then on doctor and /health ask for a new one
RENEW_TRIAL_DAYS = 30
KEY_BITS = 2048  # telephones know RSA, not all of them know curves
OTHERS = 0o007  # a group may be let in: Debian keeps keys for its group ssl-cert
UNREADABLE = (ValueError, TypeError, UnsupportedAlgorithm, x509.DuplicateExtension, x509.UnsupportedGeneralNameType, x509.InvalidVersion)
TRIAL = "12345 hotline, trial"
EVERYWHERE = {"0.0.0.0", "::"}  # noqa: S104 - to compare with


class CertificateUnusable(Exception):
    """No TLS with these files; the message names the file and what is wrong with it."""


@dataclass(frozen=True)
class Certificate:
    """One that can be used, with its key."""

    text: str
    key: str
    names: tuple[str, ...]
    since: datetime
    until: datetime
    trial: bool

    def days_left(self, now: datetime | None = None) -> int:
        """Whole days; below 0 it has ended."""
        return (self.until - (now or datetime.now(UTC))).days


def files(settings: Settings) -> tuple[Path, Path]:
    """Certificate and key as Asterisk reads them."""
    return settings.secrets / "tls-certificate.pem", settings.secrets / "tls-key.pem"


def named(settings: Settings) -> tuple[Path, Path] | None:
    """The city's own, where the settings name one."""
    wish = settings.file.tls
    if wish.certificate_file is None or wish.key_file is None:
        return None
    return settings.home / wish.certificate_file, settings.home / wish.key_file


def install(settings: Settings) -> Certificate | None:
    """Puts the certificate where Asterisk reads it; None where TLS is not wanted. Raises CertificateUnusable."""
    if settings.file.tls.port is None:
        return None
    certificate = read(*city) if (city := named(settings)) else _trial(settings)
    settings.secrets.mkdir(mode=0o700, parents=True, exist_ok=True)
    certificate_file, key_file = files(settings)
    write_private(key_file, certificate.key)
    write_private(certificate_file, certificate.text)
    return certificate


def installed(settings: Settings) -> Certificate:
    """The one in use. Raises CertificateUnusable."""
    return read(*files(settings))


def exposed(settings: Settings) -> Path | None:
    """The city's key file, if others on this machine can read it."""
    city = named(settings)
    if city is None:
        return None
    try:
        return city[1] if stat.S_IMODE(city[1].stat().st_mode) & OTHERS else None
    except OSError:
        return None


def read(certificate_file: Path, key_file: Path) -> Certificate:
    """Both files, checked against each other; whether today lies in its time is for the reader to judge. Raises CertificateUnusable."""
    text, key = _text(certificate_file), _text(key_file)
    try:
        first, *_ = x509.load_pem_x509_certificates(text.encode())
        public, names, trial = _public(first.public_key()), _names(first), _common_name(first) == TRIAL
        since, until = first.not_valid_before_utc, first.not_valid_after_utc
    except UNREADABLE:
        raise CertificateUnusable(f"{certificate_file}: no certificate in PEM form") from None
    try:
        private = _public(serialization.load_pem_private_key(key.encode(), password=None).public_key())
    except UNREADABLE:
        raise CertificateUnusable(f"{key_file}: no private key in PEM form without a password") from None
    if private != public:
        raise CertificateUnusable(f"{key_file}: not the key of {certificate_file}")
    return Certificate(text, key, names, since, until, trial)


def _trial(settings: Settings) -> Certificate:
    """The one made before, while it has time; then a new one."""
    try:
        before = installed(settings)
        if before.trial and before.days_left() > RENEW_TRIAL_DAYS:
            return before
    except CertificateUnusable:
        pass
    return make_trial(settings)


def make_trial(settings: Settings, now: datetime | None = None) -> Certificate:
    """A new self-signed one for this machine's addresses and name: whoever should trust it must be given it."""
    began = now or datetime.now(UTC)
    private = rsa.generate_private_key(public_exponent=65537, key_size=KEY_BITS)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, TRIAL)])
    made = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(private.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(began - timedelta(hours=1)).not_valid_after(began + timedelta(days=TRIAL_DAYS))
        .add_extension(x509.SubjectAlternativeName(_alternatives(settings)), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(private, hashes.SHA256())
    )  # fmt: skip
    form = serialization.Encoding.PEM
    key = private.private_bytes(form, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()).decode()
    return Certificate(made.public_bytes(form).decode(), key, _names(made), made.not_valid_before_utc, made.not_valid_after_utc, trial=True)


def _alternatives(settings: Settings) -> list[x509.GeneralName]:
    sip = settings.file.sip
    addresses = {"127.0.0.1", sip.address, sip.external_address} - EVERYWHERE - {None}
    return [x509.DNSName(socket.gethostname()), *(x509.IPAddress(ipaddress.ip_address(one)) for one in sorted(filter(None, addresses)))]


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii")
    except (OSError, UnicodeDecodeError) as error:
        raise CertificateUnusable(f"{path}: {getattr(error, 'strerror', None) or 'not plain text'}") from None


def _public(key: object) -> bytes:
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    return key.public_bytes(serialization.Encoding.DER, form)  # type: ignore[attr-defined]


def _names(certificate: x509.Certificate) -> tuple[str, ...]:
    try:
        alternatives = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return (_common_name(certificate),)
    return tuple(str(one.value) for one in alternatives)


def _common_name(certificate: x509.Certificate) -> str:
    found = certificate.subject.get_attributes_for_oid(x509.NameOID.COMMON_NAME)
    return str(found[0].value) if found else ""
