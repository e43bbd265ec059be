"""Real calls over TLS with SRTP: heard at both ends, by nobody in between, and nothing less where it is demanded."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import socket
import ssl
import struct
from collections import defaultdict
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import numpy as np
import pytest
import pytest_asyncio

from hotline import certificates, phones, reload
from telephone import sound
from telephone.caller import Caller
from telephone.network import Network, Wiring
from telephone.phone import PhoneAccount
from tests.agi import maze
from tests.agi.real import ENCRYPTED, RealHotline

pytestmark = [pytest.mark.asterisk, pytest.mark.asyncio(loop_scope="package")]

EVERY_PROTOCOL = 0x0003  # linux/if_ether.h, ETH_P_ALL
ALAW = 8  # RFC 3551
TOLD_APART = 0.5  # noise is about 0.05 like a prompt, the prompt itself 0.99


@pytest_asyncio.fixture(scope="module", loop_scope="package")
async def far(running: RealHotline, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Network]:
    """A telephone network that the hotline takes calls from only if they are encrypted."""
    wiring = Wiring(
        tmp_path_factory.mktemp("far"), hotline_port=running.settings.sip_port, address=ENCRYPTED, phones_port=5071, ami_port=5041,
        rtp_ports=(26000, 26999), hotline_tls_port=tls_port(running), trusts=certificates.files(running.settings)[0],
    )  # fmt: skip
    async with Network(wiring, running.asterisk.runtime) as network:
        yield network


def tls_port(hotline: RealHotline) -> int:
    port = hotline.settings.file.tls.port
    assert port is not None
    return port


class Eavesdropper:
    """Every RTP packet on `lo`, by its stream."""

    def __init__(self) -> None:
        self._streams: defaultdict[bytes, dict[int, bytes]] = defaultdict(dict)
        self._socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(EVERY_PROTOCOL))
        self._socket.bind(("lo", 0))
        self._socket.setblocking(False)

    def hears(self) -> None:
        with contextlib.suppress(BlockingIOError):
            while True:
                packet = self._socket.recv(2048)[14:]
                if packet[:1] == b"\x45" and packet[9] == socket.IPPROTO_UDP and len(packet) >= 200 and packet[28] >> 6 == 2 and packet[29] & 0x7F == ALAW:
                    number = struct.unpack("!H", packet[30:32])[0]
                    self._streams[packet[36:40]][number] = packet[40:200]

    def best(self, prompt: sound.Samples) -> float:
        """How like the prompt the likest stream is, heard as A-law."""
        heard = [decoded(b"".join(said for _, said in sorted(stream.items()))) for stream in self._streams.values()]
        return max((sound.match(samples, prompt).correlation for samples in heard if len(samples) >= len(prompt)), default=0.0)

    def close(self) -> None:
        self._socket.close()


def decoded(data: bytes) -> sound.Samples:
    """G.711 A-law."""
    code = np.frombuffer(data, np.uint8).astype(np.int32) ^ 0x55
    exponent, mantissa = (code >> 4) & 7, (code & 15) << 4
    loud = np.where(exponent == 0, mantissa + 8, (mantissa + 0x108) << np.maximum(exponent - 1, 0))
    return np.where(code & 0x80, loud, -loud).astype(np.int16)


@contextlib.contextmanager
def eavesdropping() -> Iterator[Eavesdropper]:
    try:
        ear = Eavesdropper()
    except PermissionError:
        pytest.skip("packets may not be looked at here")
    asyncio.get_running_loop().add_reader(ear._socket, ear.hears)
    try:
        yield ear
    finally:
        asyncio.get_running_loop().remove_reader(ear._socket)
        ear.close()


async def through_the_menu(hotline: RealHotline, caller: Caller) -> None:
    """Every sound and key of a call, to its queue."""
    await caller.dials("12345")
    await caller.hears(hotline.prompts[maze.PROMPT], "the menu")
    await caller.presses("12121")
    assert (await hotline.decision())["Path"] == maze.end("12121")


async def test_an_encrypted_call_is_served_as_any_other_and_the_wire_gives_nothing_away(hotline: RealHotline, far: Network) -> None:
    async with hotline.served():
        with eavesdropping() as ear:
            caller = far.caller(encrypted=True)
            await through_the_menu(hotline, caller)
            assert ear.best(hotline.prompts[maze.PROMPT]) < TOLD_APART
            assert "PJSIP/trunk-encrypted-" in hotline.asterisk.cli("core show channels concise")
            await caller.hangs_up()
        hotline.forget()
        with eavesdropping() as ear:
            caller = hotline.network.caller()
            await through_the_menu(hotline, caller)
            assert ear.best(hotline.prompts[maze.PROMPT]) > TOLD_APART, "what is not encrypted is heard"
            await caller.hangs_up()


@pytest.mark.parametrize(
    ("over", "sound_as", "answer"),
    [("UDP", "RTP/AVP", 488), ("TLS", "RTP/AVP", 488), ("UDP", "RTP/SAVP", 403), ("TLS", "RTP/SAVP", 200)],
    ids=["nothing encrypted", "sound in the clear", "SRTP keys in the clear", "all encrypted"],
)
async def test_what_is_not_encrypted_is_refused_where_that_is_demanded(hotline: RealHotline, far: Network, over: str, sound_as: str, answer: int) -> None:
    assert await asyncio.to_thread(invited, hotline, over, sound_as) == answer


def invited(hotline: RealHotline, over: str, sound_as: str) -> int:
    """The final answer to an INVITE from an address that must encrypt; one that was taken is ended again."""
    with contextlib.ExitStack() as stack:
        line = stack.enter_context(socket.socket(type=socket.SOCK_STREAM if over == "TLS" else socket.SOCK_DGRAM))
        line.bind((ENCRYPTED, 0))
        line.settimeout(5)
        line.connect(("127.0.0.1", tls_port(hotline) if over == "TLS" else hotline.settings.sip_port))
        if over == "TLS":
            trust = ssl.create_default_context(cafile=str(certificates.files(hotline.settings)[0]))
            line = stack.enter_context(trust.wrap_socket(line, server_hostname="127.0.0.1"))
        line.sendall(request("INVITE", line, over, sound_as))
        while (status := int(line.recv(4096)[8:11])) < 200:
            continue
        if status == 200:
            hotline.asterisk.cli("channel request hangup all")
        return status


def request(method: str, line: socket.socket, over: str, sound_as: str) -> bytes:
    host, port = line.getsockname()
    key = f"a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:{base64.b64encode(bytes(range(30))).decode()}\r\n" if sound_as == "RTP/SAVP" else ""
    body = f"v=0\r\no=- 1 1 IN IP4 {host}\r\ns=-\r\nc=IN IP4 {host}\r\nt=0 0\r\nm=audio 29998 {sound_as} 8\r\n{key}"
    return (
        f"{method} sip:12345@127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/{over} {host}:{port};branch=z9hG4bK{port}\r\nMax-Forwards: 70\r\n"
        f"From: <sip:13800000000@{host}>;tag=1\r\nTo: <sip:12345@127.0.0.1>\r\nCall-ID: {port}@{host}\r\nCSeq: 1 {method}\r\n"
        f"Contact: <sip:x@{host}:{port};transport={over.lower()}>\r\nContent-Type: application/sdp\r\nContent-Length: {len(body)}\r\n\r\n{body}"
    ).encode()


async def test_an_encrypted_phone_talks_and_a_renewed_certificate_ends_no_call(hotline: RealHotline, far: Network) -> None:
    account = phones.add(hotline.settings, "agent-tls", ("general",), encrypted=True)
    await asyncio.to_thread(reload.phones, hotline.settings)
    phone = await far.phone(PhoneAccount(account.name, account.secret, encrypted=True))
    async with hotline.served():
        caller = far.caller(encrypted=True)
        await through_the_menu(hotline, caller)
        await phone.rings()
        await phone.answers()
        await both_hear(caller, phone.leg, seed=1)
        before, renewed = shown(hotline), certificates.make_trial(hotline.settings)
        put_in_place(hotline, renewed)
        await asyncio.to_thread(reload.certificate, hotline.settings)
        await hotline.until(lambda: shown(hotline) != before)
        assert shown(hotline) == renewed.text
        await both_hear(caller, phone.leg, seed=3)
        await caller.hangs_up()
        hotline.forget()
        again = hotline.network.caller()
        await through_the_menu(hotline, again)
        await phone.rings()  # on the connection it made before
        await again.hangs_up()
    phones.remove(hotline.settings, "agent-tls")
    await asyncio.to_thread(reload.phones, hotline.settings)


def put_in_place(hotline: RealHotline, certificate: certificates.Certificate) -> None:
    for path, text in zip(certificates.files(hotline.settings), (certificate.text, certificate.key), strict=True):
        Path(path).write_text(text)


def shown(hotline: RealHotline) -> str:
    """The certificate a caller over TLS is shown."""
    return ssl.get_server_certificate(("127.0.0.1", tls_port(hotline)), timeout=5)


async def both_hear(caller: Caller, agent: object, seed: int) -> None:
    for number, (mouth, ear) in enumerate(((caller.leg, agent), (agent, caller.leg))):
        words = sound.babble(0.8, seed + number)
        began = ear.samples_heard  # type: ignore[attr-defined]
        await mouth.say(words)  # type: ignore[attr-defined]
        async with asyncio.timeout(5):
            while sound.match(ear.heard(began), words).correlation < 0.9:  # type: ignore[attr-defined]
                await ear.has_heard(ear.samples_heard + 400, 1)  # type: ignore[attr-defined]
