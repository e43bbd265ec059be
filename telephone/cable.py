"""A telephone whose cable can be pulled: registers at the hotline, rings, and from one moment on says nothing any more.

    async with CablePhone(("127.0.0.5", 5060), hotline=("127.0.0.1", 5060), account=account) as phone:
        await phone.rings()
        phone.pull()                        # packets still arrive at its port, and nobody answers

No more of SIP than that: registration with digest (RFC 8760 keeps MD5 for the old), 200 to OPTIONS, 180 to INVITE.
"""

from __future__ import annotations

import asyncio
import hashlib
import re
import secrets
from types import TracebackType
from typing import Self

from telephone.phone import PhoneAccount

Address = tuple[str, int]
REGISTER_SECONDS = 5.0
RING_SECONDS = 30.0


class CablePhone(asyncio.DatagramProtocol):
    """Registered within `async with`; it cannot be lifted."""

    def __init__(self, address: Address, *, hotline: Address, account: PhoneAccount) -> None:
        self._address, self._hotline, self._account = address, hotline, account
        self._tag, self._call, self._number = secrets.token_hex(4), secrets.token_hex(8), 0
        self._registered, self._ringing = asyncio.Event(), asyncio.Event()
        self._plugged = True
        self._transport: asyncio.DatagramTransport | None = None

    async def __aenter__(self) -> Self:
        self._transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(lambda: self, self._address)
        self._register()
        async with asyncio.timeout(REGISTER_SECONDS):
            await self._registered.wait()
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self._transport:
            self._transport.close()

    async def rings(self, within: float = RING_SECONDS) -> None:
        """Raises TimeoutError."""
        async with asyncio.timeout(within):
            await self._ringing.wait()

    def pull(self) -> None:
        """Nothing goes out any more."""
        self._plugged = False

    def datagram_received(self, data: bytes, addr: Address) -> None:
        text = data.decode(errors="replace")
        if text.startswith("SIP/2.0 401") and not self._registered.is_set():
            self._register(dict(re.findall(r'(\w+)="?([^",\r\n]+)"?', text.partition("WWW-Authenticate: Digest ")[2].partition("\r\n")[0])))
        elif text.startswith("SIP/2.0 200"):
            self._registered.set()
        elif text.startswith("OPTIONS "):
            self._send(self._answer(text, "200 OK"))
        elif text.startswith("INVITE "):
            self._send(self._answer(text, "180 Ringing"))
            self._ringing.set()

    def _register(self, challenge: dict[str, str] | None = None) -> None:
        self._number += 1
        host, port = self._hotline
        uri, who, contact = f"sip:{host}:{port}", f"sip:{self._account.name}@{host}", f"sip:{self._account.name}@{self._address[0]}:{self._address[1]}"
        lines = [
            f"REGISTER {uri} SIP/2.0", f"Via: SIP/2.0/UDP {self._address[0]}:{self._address[1]};branch=z9hG4bK{secrets.token_hex(6)}", "Max-Forwards: 70",
            f"From: <{who}>;tag={self._tag}", f"To: <{who}>", f"Call-ID: {self._call}", f"CSeq: {self._number} REGISTER", f"Contact: <{contact}>", "Expires: 300",
        ]  # fmt: skip
        if challenge:
            lines.append(f"Authorization: Digest {self._digest(uri, challenge)}")
        self._send("\r\n".join([*lines, "Content-Length: 0", "", ""]))

    def _digest(self, uri: str, challenge: dict[str, str]) -> str:
        """RFC 2617, 3.2.2, with qop=auth."""
        name, realm, nonce, cnonce, count = self._account.name, challenge["realm"], challenge["nonce"], secrets.token_hex(8), "00000001"
        secret, asked = _md5(f"{name}:{realm}:{self._account.password}"), _md5(f"REGISTER:{uri}")
        response = _md5(f"{secret}:{nonce}:{count}:{cnonce}:auth:{asked}")
        said = {"username": name, "realm": realm, "nonce": nonce, "uri": uri, "response": response, "cnonce": cnonce, "opaque": challenge.get("opaque", "")}
        return ", ".join(f'{key}="{value}"' for key, value in said.items()) + f", algorithm=MD5, qop=auth, nc={count}"

    def _answer(self, request: str, status: str) -> str:
        kept = [line for line in request.split("\r\n\r\n")[0].split("\r\n")[1:] if re.match(r"(?i)(via|from|call-id|cseq|record-route):", line)]
        to = next(line for line in request.split("\r\n") if line.lower().startswith("to:"))
        contact = f"Contact: <sip:{self._account.name}@{self._address[0]}:{self._address[1]}>"
        return "\r\n".join([f"SIP/2.0 {status}", *kept, f"{to};tag={self._tag}", contact, "Content-Length: 0", "", ""])

    def _send(self, text: str) -> None:
        if self._plugged and self._transport:
            self._transport.sendto(text.encode(), self._hotline)


def _md5(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()
