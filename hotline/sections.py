"""What `settings.yaml` may hold, section by section; each description is what `hotline doctor --settings` shows."""

from __future__ import annotations

import itertools
import re
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from hotline.addresses import Address, Host, Network, Number, Trunk, overlap


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
    sip_numbers: tuple[Number, ...] = Field((), description="numbers at which the trunks' SIP MESSAGEs are short messages; none: they are refused (404)")
    sip_outbound: Host | None = Field(None, description="host[:port] that takes short messages out as SIP MESSAGE; none: they go to sms.url")

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
    largest_mb: int = Field(25, ge=1, le=200, description="a larger e-mail is not read, but flagged for a person")


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
            if overlap(wanted, plain):
                raise ValueError(f"tls.trunks: {wanted} is in sip.trunks ({plain}) too, so it would not need to be encrypted")
        if self.tls.port is None and any(carrier.encrypted for carrier in self.sip.registrations):
            raise ValueError("sip.registrations: encrypted needs tls.port")
        return self
