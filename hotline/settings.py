"""Where everything is and how it is set: HOTLINE_… variables and one settings file, unknown names refused.

The variables that say where and on which ports are in `VARIABLES`; everything else is in
`HOTLINE_HOME/settings.yaml` (`hotline doctor` explains it). A name nobody knows is an error, because a
misspelt setting that is silently ignored is found on the night it was needed.
"""

from __future__ import annotations

import itertools
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
    field_validator,
    model_validator,
)
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

PROJECT = Path(__file__).resolve().parent.parent
DIALPLANS = PROJECT / "dialplans"

VARIABLES = {
    "HOTLINE_HOME": "folder of all data (default: var/)",
    "HOTLINE_SIP_PORT": "SIP, UDP (default: 5060)",
    "HOTLINE_AGI_PORT": "FastAGI, loopback only (default: 4573)",
    "HOTLINE_AMI_PORT": "AMI, loopback only (default: 5038)",
    "HOTLINE_HTTP_PORT": "the API, loopback only (default: 12345)",
    "HOTLINE_RTP_PORTS": "FIRST-LAST (default: 10000-19999)",
    "HOTLINE_DATABASE_URL": "SQLAlchemy URL (default: SQLite in HOTLINE_HOME)",
}


DATABASES = ("sqlite", "postgresql", "postgresql+psycopg")


class SettingsError(Exception):
    """A setting cannot be used; the message names it, where it stands and what is wrong."""


HOST = re.compile(r"[A-Za-z0-9]([A-Za-z0-9-]{0,62}[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]{0,62}[A-Za-z0-9])?)*\.?", re.ASCII)


def _address(text: str) -> str:
    """It becomes a line of Asterisk's configuration, so nothing else may stand in it."""
    try:
        return str(ip_address(_without_zone(text)))
    except ValueError:
        raise ValueError(f"{text!r} is not an IP address") from None


def _network(text: str) -> str:
    try:
        ip_network(_without_zone(text), strict=False)
    except ValueError:
        raise ValueError(f"{text!r} is neither an IP address nor a network such as 192.0.2.0/24") from None
    return text


def _without_zone(text: str) -> str:
    """Python takes anything at all behind the % of an IPv6 address, a line break too."""
    if "%" in text:
        raise ValueError(text)
    return text


def _trunk(text: str) -> str:
    """An address, a network or a host's name; something like 192.0.2.300 is a mistake, not a name."""
    if HOST.fullmatch(text) and len(text) <= 253 and any(letter.isalpha() for letter in text):
        return text
    return _network(text)


def _overlap(one: str, other: str) -> bool:
    try:
        left, right = ip_network(one, strict=False), ip_network(other, strict=False)
    except ValueError:  # a host's name
        return one == other
    return left.version == right.version and left.overlaps(right)


Address = Annotated[str, AfterValidator(_address)]
Network = Annotated[str, AfterValidator(_network)]
Trunk = Annotated[str, AfterValidator(_trunk)]


Number = Annotated[str, StringConstraints(pattern=r"^[0-9+]{2,20}$")]
Host = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9.-]{0,252}(:[0-9]{1,5})?$")]


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class RegistrationSettings(_Section):
    """A carrier this machine registers at; every value is checked, for it becomes a line of Asterisk's configuration."""

    server: Host
    user: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._+-]{0,63}$")
    secret_file: str
    number: Number = "12345"
    encrypted: bool = False


class SipSettings(_Section):
    address: Address = Field("0.0.0.0", description="address SIP and RTP listen on")
    external_address: Address | None = Field(None, description="this machine's address as the carrier sees it, behind NAT; none: no NAT")
    local_networks: tuple[Network, ...] = Field((), description="behind NAT: networks that see the real address")
    trunks: tuple[Trunk, ...] = Field(("127.0.0.0/8",), description="addresses or networks of the trunks calls come from")
    outbound: Host | None = Field(None, description="host[:port] that takes the hotline's own calls out; none: only transfers, by the caller's trunk")
    sites: dict[Number, Host] = Field({}, description="of another site's number: host[:port] of its own trunk, for queues that overflow there")
    registrations: tuple[RegistrationSettings, ...] = Field(
        (), description="carriers to register at: server, user, secret_file, number (what they then call; 12345), encrypted (TLS and SRTP only)"
    )


class TlsSettings(_Section):
    port: int | None = Field(None, ge=1, le=65535, description="SIP over TLS, TCP, usually 5061; none: no calls over TLS")
    certificate_file: str | None = Field(None, description="this machine's certificate and its chain, PEM; none: a self-signed one, for trials")
    key_file: str | None = Field(None, description="its private key, PEM, without a password")
    trusted_file: str | None = Field(None, description="PEM file with whom this machine believes when it calls out over TLS; none: the system's")
    trunks: tuple[Trunk, ...] = Field((), description="trunks whose calls must come over TLS with SRTP; not in sip.trunks too")

    @model_validator(mode="after")
    def _both(self) -> TlsSettings:
        if (self.certificate_file is None) != (self.key_file is None):
            raise ValueError("certificate_file and key_file belong together")
        if self.trunks and self.port is None:
            raise ValueError("trunks need a port")
        return self


class MenuSettings(_Section):
    city: str = Field("12345", description="folder below dialplans/ that holds the menus, or a path")
    enabled: bool = Field(True, description="false: callers go straight to a person (GB/T 33358 advises against menus)")
    language: str = Field("zh", pattern=r"^[a-z]{2,3}$", description="language of prompts")
    no_input_factor: float = Field(1, ge=0.02, le=2, description="how much longer (2) or shorter (0.5) every menu waits for a key than it says")


class SpeechSettings(_Section):
    engine: str = Field("auto", description="auto | vosk | faster-whisper | sherpa-onnx; auto takes Vosk when a Mandarin model is there")
    model: str | None = Field(None, description="a model's name or folder; none: the engine's default")
    workers: int = Field(1, ge=1, le=64, description="recogniser processes")
    input_path: Literal["direct", "resampled", "folded"] = Field("direct", description="how telephone sound reaches Vosk; calibrate on your own recordings")
    hotwords: bool = Field(False, description="tell the engine the gazetteer's places beforehand, if it can use them; calibrate on your own recordings")

    live_streams: int | None = Field(
        None, ge=0, le=256, description="sides of live calls that are listened to at once (menus that listen: one a caller, captions: two a call); none: as many as this machine is measured for"
    )
    listen: bool = Field(True, description="listen for words of an emergency while a message is still being left")

    @field_validator("engine")
    @classmethod
    def _is_installed(cls, name: str) -> str:
        from speech import registry  # noqa: PLC0415 - numpy and sound libraries come with it, and few settings name an engine

        if name != "auto" and name not in registry.names():
            raise ValueError(f"{name!r} is none of auto, {', '.join(registry.names())}")
        return name


class ConversationSettings(_Section):
    listening: bool = Field(True, description="supervisors may listen to calls and whisper; callers are told by the prompt recording-notice (PIPL art. 13, 17)")


class RecordingSettings(_Section):
    enabled: bool = Field(True, description="record conversations with agents; callers are told before by the prompt recording-notice (PIPL art. 17)")
    keep_days: int = Field(180, ge=1, le=36_500, description="how long a recording is kept, unless its class says otherwise")
    keep_days_of: dict[str, int] = Field({}, description="by class, which is the call's type: {complaint: 730, report: 1095}; `other`: no type")

    @field_validator("keep_days_of")
    @classmethod
    def _are_days(cls, days: dict[str, int]) -> dict[str, int]:
        for name, number in days.items():
            if not 1 <= number <= 36_500:
                raise ValueError(f"{name}: {number} days; 1 to 36500")
        return days


class SpoolSettings(_Section):
    minimum_free_mb: int = Field(200, ge=0, description="below this, callers reach a person instead of voicemail")
    maximum_seconds: int = Field(300, ge=10, le=3600, description="longest message")
    silence_seconds: int = Field(10, ge=2, le=60, description="silence that ends a message")


Told = Literal["ticket.created", "ticket.dispatched", "ticket.updated", "ticket.attached", "ticket.closed", "call.newCall", "call.answer", "call.hangup"]


class CaseSystemSettings(_Section):
    url: str | None = Field(None, pattern=r"^https?://[^\s/?#]+[^\s]*$", description="where tickets are handed over; none: they wait")
    secret_file: str | None = Field(None, description="file with the key of the signature (default: HOTLINE_HOME/secrets/case-system)")
    callback_secret_file: str | None = Field(None, description="file with the key of its signed callbacks (default: HOTLINE_HOME/secrets/case-callback)")
    timeout_seconds: float = Field(10, gt=0, le=120, description="longest wait for the case system's answer")
    give_up_days: float = Field(3, gt=0, description="after this a delivery becomes a dead letter")
    connector: str = Field("webhook", pattern=r"^[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*)*$", description="webhook, or another file of tickets/connectors, or a module of your own")
    options: dict[str, Any] = Field({}, description="what that connector wants to know besides; the webhook nothing")
    events: tuple[Told, ...] = Field((), description="what it hears besides finished tickets: ticket.created, ticket.dispatched, ticket.updated, ticket.attached, ticket.closed, call.newCall, call.answer, call.hangup")
    show_callers: bool = Field(True, description="these events hold callers' numbers in full, but for citizens who want to be confidential")
    keep_days: int = Field(90, ge=1, le=3650, description="what was taken is kept so long, to be sent again if the case system lost it")
    reconciliation_url: str | None = Field(None, pattern=r"^https?://[^\s/?#]+[^\s?#]*$", description="where the case system says what it took on a day; none: it is not asked")


class SmsSettings(_Section):
    """A carrier's HTTP gateway, in its own words."""

    secret_file: str | None = Field(None, description="file with the secret the gateway and the hotline share; none: no short messages")
    url: str | None = Field(None, pattern=r"^https?://[^\s/?#]+[^\s]*$", description="where short messages are posted to go out; none: none go out")
    send: dict[str, str] = Field({"to": "{to}", "text": "{text}", "id": "{id}"}, description="its fields; {to} {text} {id} {secret} {signature} are filled in")
    send_as: Literal["json", "form"] = Field("json", description="how they are posted")
    headers: dict[str, str] = Field({}, description="headers, filled in likewise")
    accepted: str = Field("", description="what its answer holds when it took the message; empty: any 2xx")
    refused: str = Field("", description="regular expression: an answer that says it never will; others are tried again")
    receive: dict[Literal["from", "text", "id"], str] = Field({}, description="its names of what it posts to /api/sms")
    charset: Literal["utf-8", "gb18030", "utf-16-be"] = Field("utf-8", description="of what it posts")
    text_is_hex: bool = Field(False, description="the text is UCS-2 in hexadecimal")
    timeout_seconds: float = Field(10, gt=0, le=60, description="longest wait for its answer")

    @field_validator("refused")
    @classmethod
    def _is_a_pattern(cls, text: str) -> str:
        try:
            re.compile(text)
        except re.error as error:
            raise ValueError(f"not a regular expression: {error}") from None
        return text


class EmailSettings(_Section):
    imap_host: str | None = Field(None, pattern=r"^[A-Za-z0-9][A-Za-z0-9.:-]{0,252}$", description="mail server with the citizens' e-mail (IMAP); none: none is fetched")
    imap_port: int = Field(993, ge=1, le=65535, description="its port")
    mailbox: str = Field("INBOX", min_length=1, max_length=100, description="the folder that is read")
    smtp_host: str | None = Field(None, pattern=r"^[A-Za-z0-9][A-Za-z0-9.:-]{0,252}$", description="mail server that takes what goes out (SMTP); none: nothing goes out")
    smtp_port: int = Field(465, ge=1, le=65535, description="its port")
    security: Literal["tls", "starttls", "none"] = Field("tls", description="of both; none is for a server on this machine")
    trusted_file: str | None = Field(None, description="PEM file with whom this machine believes there; none: the system's")
    address: str | None = Field(None, pattern=r"^[A-Za-z0-9._+-]{1,64}@[A-Za-z0-9.-]{1,190}$", description="the hotline's own address")
    name: str = Field("12345政务服务便民热线", max_length=80, pattern=r"^[^\x00-\x1f\x7f]*$", description="the name beside it")
    user: str = Field("", max_length=200, description="login on both; empty: none is needed")
    password_file: str | None = Field(None, description="file with the password (default: HOTLINE_HOME/secrets/email)")
    poll_seconds: float = Field(30, ge=1, le=3600, description="how often new e-mail is looked for")
    largest_mb: int = Field(25, ge=1, le=200, description="a larger e-mail is not read; its sender is told")


class Open311Settings(_Section):
    jurisdiction_id: str = Field("", pattern=r"^[A-Za-z0-9.-]{0,100}$", description="the city's name there, usually its web address without www; empty: none is asked for")
    url: str = Field("", pattern=r"^(https?://[^\s?#]+)?$", description="where the world reaches /open311; empty: the address a request was sent to")
    contact: str = Field("电话 12345", max_length=300, description="whom programs' makers may ask")
    key_service: str = Field("请向热线管理员索取 ask the hotline's administrator", max_length=300, description="how they get a key")
    batch: bool = Field(False, description="tell a request's number only once a person has looked at it; before, there is a token")


class FileSettings(_Section):
    """What `settings.yaml` may hold."""

    sip: SipSettings = SipSettings()
    tls: TlsSettings = TlsSettings()
    menu: MenuSettings = MenuSettings()
    speech: SpeechSettings = SpeechSettings()
    conversations: ConversationSettings = ConversationSettings()
    spool: SpoolSettings = SpoolSettings()
    recording: RecordingSettings = RecordingSettings()
    case_system: CaseSystemSettings = CaseSystemSettings()
    sms: SmsSettings = SmsSettings()
    email: EmailSettings = EmailSettings()
    open311: Open311Settings = Open311Settings()

    @model_validator(mode="after")
    def _encryption_is_one_or_the_other(self) -> FileSettings:
        """Asterisk takes an address that is in both lists for either; what must be encrypted would not need to be."""
        for wanted, plain in itertools.product(self.tls.trunks, self.sip.trunks):
            if _overlap(wanted, plain):
                raise ValueError(f"tls.trunks: {wanted} is in sip.trunks ({plain}) too, so it would not need to be encrypted")
        if self.tls.port is None and any(carrier.encrypted for carrier in self.sip.registrations):
            raise ValueError("sip.registrations: encrypted needs tls.port")
        return self


@dataclass(frozen=True)
class Settings:
    """All settings of one hotline; `Settings.load()` reads them, nothing else does."""

    home: Path
    sip_port: int
    agi_port: int
    ami_port: int
    http_port: int
    rtp_ports: tuple[int, int]
    database_url: str
    file: FileSettings

    @classmethod
    def load(cls, environ: Mapping[str, str] | None = None) -> Settings:
        """Reads the environment and the settings file. Raises SettingsError."""
        env = os.environ if environ is None else environ
        for name in env:
            if name.startswith("HOTLINE_") and name not in VARIABLES:
                raise SettingsError(f"{name}: no such setting (known: {', '.join(VARIABLES)})")
        home = Path(env.get("HOTLINE_HOME") or PROJECT / "var").resolve()
        return cls(
            home=home,
            sip_port=_port(env, "HOTLINE_SIP_PORT", 5060),
            agi_port=_port(env, "HOTLINE_AGI_PORT", 4573),
            ami_port=_port(env, "HOTLINE_AMI_PORT", 5038),
            http_port=_port(env, "HOTLINE_HTTP_PORT", 12345),
            rtp_ports=_port_range(env, "HOTLINE_RTP_PORTS", (10000, 19999)),
            database_url=_database_url(env, home),
            file=_read(home / "settings.yaml"),
        )

    def environ(self) -> dict[str, str]:
        """The variables that make another process load the same settings."""
        first, last = self.rtp_ports
        return {
            "HOTLINE_HOME": str(self.home),
            "HOTLINE_SIP_PORT": str(self.sip_port),
            "HOTLINE_AGI_PORT": str(self.agi_port),
            "HOTLINE_AMI_PORT": str(self.ami_port),
            "HOTLINE_HTTP_PORT": str(self.http_port),
            "HOTLINE_RTP_PORTS": f"{first}-{last}",
            "HOTLINE_DATABASE_URL": self.database_url,
        }

    @property
    def spool(self) -> Path:
        return self.home / "spool"

    @property
    def secrets(self) -> Path:
        return self.home / "secrets"

    @property
    def sounds(self) -> Path:
        """Rendered and imported prompts: sounds/LANGUAGE/ID.wav, 8 kHz 16 bit mono."""
        return self.home / "sounds"

    @property
    def downloads(self) -> Path:
        """What setup fetched (Asterisk, models, voices). Shared by every home of this checkout, so tests need no second download."""
        return PROJECT / "var" / "downloads"

    @property
    def city(self) -> Path:
        """The folder an administrator edits."""
        named = Path(self.file.menu.city)
        return named if named.is_absolute() else DIALPLANS / named


def _port(env: Mapping[str, str], name: str, default: int) -> int:
    text = env.get(name) or str(default)
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= 65535:
        raise SettingsError(f"{name}: {text!r} is not a port (1 to 65535)")
    return int(text)


def _port_range(env: Mapping[str, str], name: str, default: tuple[int, int]) -> tuple[int, int]:
    text = env.get(name)
    if not text:
        return default
    first, dash, last = text.partition("-")
    if not (dash and first.isascii() and first.isdigit() and last.isascii() and last.isdigit() and 1024 <= int(first) < int(last) <= 65535):
        raise SettingsError(f"{name}: {text!r} is not FIRST-LAST with 1024 <= FIRST < LAST <= 65535")
    return int(first), int(last)


def _database_url(env: Mapping[str, str], home: Path) -> str:
    text = env.get("HOTLINE_DATABASE_URL") or f"sqlite:///{home / 'hotline.sqlite3'}"
    kind = text.partition("://")[0]
    if "://" not in text or kind not in DATABASES:  # the URL itself is not shown: it may hold a password
        raise SettingsError(f"HOTLINE_DATABASE_URL: begins with none of {', '.join(f'{known}://' for known in DATABASES)}")
    return text


def _read(path: Path) -> FileSettings:
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return FileSettings()
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path}: {error}") from error
    try:
        data: Any = YAML(typ="safe", pure=True).load(text)
        return FileSettings.model_validate(data or {})
    except RecursionError:
        raise SettingsError(f"{path}: is nested too deeply") from None
    except ValidationError as error:
        faults = "; ".join(f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}" for fault in error.errors())
        raise SettingsError(f"{path}: {faults}") from error
    except (YAMLError, ValueError, TypeError) as error:  # ruamel: a date that is none, a mapping as a name
        raise SettingsError(f"{path}: {error}") from error
