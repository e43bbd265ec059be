"""Short messages go out by the city's own trunk, as SIP MESSAGE (RFC 3428), through the hotline's Asterisk (ADR 0123).

A link of its own for each message: the worker has none, and one a second is more than a city writes. Asterisk says that it
sent the message, not what the carrier answered; so `told` means here that it left this house.
"""

from __future__ import annotations

import asyncio
import base64
import re
from dataclasses import dataclass

from hotline.asterisk import ours
from hotline.settings import Settings
from queues.errors import ActionRefused, AmiError, ResultUnknown
from queues.manager import Limits, Manager
from tickets.notice_tables import Notice
from tickets.notices import TellRefused, TellUnavailable, TellUnknown

NUMBER = re.compile(r"\+?[0-9]{3,20}")
LARGEST = 700  # bytes: as base64 within one line of AMI, and with its headers within one packet (RFC 3428, 8)
LIMITS = Limits(boot_seconds=5)


@dataclass(frozen=True)
class SipOut:
    """Through the Asterisk behind this port. `outbound`: host[:port] that takes it; `own`: the number it comes from."""

    ami_port: int
    secret: str
    outbound: str
    own: str
    signature: str = ""
    repeatable: bool = False

    def tell(self, notice: Notice) -> None:
        """Raises TellRefused, TellUnavailable or TellUnknown. Not for an event loop."""
        body = f"{self.signature}{notice.text}".encode()
        if not NUMBER.fullmatch(notice.address):
            raise TellRefused("the address is no telephone number")
        if len(body) > LARGEST:
            raise TellRefused(f"the text has {len(body)} bytes, at most {LARGEST} go out by SIP: shorten it in notices.yaml")
        try:
            asyncio.run(self._send(notice.address, body))
        except ResultUnknown as error:
            raise TellUnknown(str(error)) from None
        except ActionRefused as error:
            raise TellUnavailable(f"Asterisk did not send it: {error}") from None
        except (AmiError, OSError, TimeoutError) as error:
            raise TellUnavailable(f"Asterisk cannot be asked: {type(error).__name__}") from None

    async def _send(self, number: str, body: bytes) -> None:
        manager = Manager("127.0.0.1", self.ami_port, LIMITS, lambda _: None)
        await manager.open(ours.AMI_USER, self.secret)
        try:
            to, text = f"pjsip:trunk/sip:{number}@{self.outbound}", base64.b64encode(body).decode()
            await manager.ask({"Action": "MessageSend", "To": to, "From": self.own, "Base64Body": text}, LIMITS.action_seconds)
        finally:
            manager.close()


def way(settings: Settings, signature: str) -> SipOut | None:
    """As settings.yaml has it: `sms.sip_outbound`, from the first of `sms.sip_numbers`."""
    outbound = settings.file.sms.sip_outbound
    if outbound is None:
        return None
    own = next(iter(settings.file.sms.sip_numbers), "12345")
    return SipOut(settings.ami_port, ours.ami_secret(settings), outbound, own, signature)
