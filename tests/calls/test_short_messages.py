"""A citizen writes to 12345 by the carrier's trunk, SIP MESSAGE both ways; nothing is lost while the service is down."""

from __future__ import annotations

import asyncio
import itertools
import re
import uuid
from contextlib import closing
from typing import cast

from telephone.hotline_under_test import HotlineUnderTest
from telephone.network import Network
from tests.calls.conftest import CALLS, SIP_PORT, down, ticket_of, until

pytestmark = CALLS
HOSTILE = "人民路12号路灯坏了),1:2}${SHELL(id)}\"';=\\ ${HASH}\r\nFrom: <sip:1@x>\r\n\r\n#kept#，Action: Ping"
LAMP = "人民路12号路灯坏了三天没人修"
ACCEPTED = "SIP/2.0 202 Accepted"
NUMBER = re.compile(r"\d{8}-\d{6}")
_numbers = itertools.count(1)


def number() -> str:
    return f"139{next(_numbers):08d}"


async def test_a_short_message_is_asked_for_its_place_and_answered_with_its_number(network: Network, hotline: HotlineUnderTest) -> None:
    with network.mobile(number()) as mobile:
        await mobile.writes("12345", "路灯坏了三天没人修")
        assert "地点" in await mobile.is_answered()
        await mobile.writes("12345", "人民路12号")
        received = await mobile.is_answered()
        ticket = await ticket_of(hotline, mobile.number)
        assert (ticket["channel"], ticket["number"]) == ("sms", NUMBER.findall(received)[0])
        assert "查询密码" in received
        await mobile.writes("12345", "我的工单办理进度怎么样了")
        assert "不提供进度查询" in await mobile.is_answered()


class Carrier(asyncio.DatagramProtocol):
    """A carrier's own SIP, from the trunk's address: what no Asterisk would send."""

    def __init__(self) -> None:
        self.answers: asyncio.Queue[str] = asyncio.Queue()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, _: object) -> None:
        self.answers.put_nowait(data.decode("utf-8", "replace").split("\r\n")[0])

    async def sends(self, sender: str, to: str, text: str, kind: str = "text/plain") -> str:
        """One MESSAGE, and what is answered."""
        port, branch, body = self.transport.get_extra_info("sockname")[1], f"z9hG4bK{uuid.uuid4().hex}", text.encode()
        head = (
            f"MESSAGE sip:{to}@127.0.0.1:{SIP_PORT} SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.2:{port};branch={branch}\r\nMax-Forwards: 70\r\n"
            f"From: {sender};tag=1\r\nTo: <sip:{to}@127.0.0.1>\r\nCall-ID: {branch}\r\nCSeq: 1 MESSAGE\r\n"
            f"Content-Type: {kind}\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        self.transport.sendto(head.encode() + body, ("127.0.0.1", SIP_PORT))
        async with asyncio.timeout(10):
            return await self.answers.get()


async def test_hostile_and_long_texts_arrive_as_they_are(network: Network, hotline: HotlineUnderTest) -> None:
    transport, carrier = await asyncio.get_running_loop().create_datagram_endpoint(Carrier, local_addr=("127.0.0.2", 0))
    with closing(transport), network.mobile(number()) as mobile, network.mobile(number()) as other:
        named = f'"a),b}} ${{SHELL(id)}}:0:1 <sip:110@x>" <sip:{mobile.number}@carrier>'
        assert await carrier.sends(named, "12345", HOSTILE) == ACCEPTED
        assert await carrier.sends(f"<sip:{other.number}@carrier>", "12345", "人民路12号路灯坏了" + "，很长" * 200) == ACCEPTED
        ticket = NUMBER.findall(await mobile.is_answered())[0]
        assert (await hotline.get(f"/api/tickets/{ticket}")).json()["transcript"] == HOSTILE.replace("\r\n", "\n")
        assert "过长" in await other.is_answered()
        refused = [await carrier.sends(named, to, LAMP, kind) for to, kind in (("12366", "text/plain"), ("s", "text/plain"), ("12345", "application/vnd.3gpp.sms"))]
        assert [line.split()[1] for line in refused] == ["404", "404", "415"]


async def test_with_the_service_down_messages_are_kept_and_answered_later(network: Network, hotline: HotlineUnderTest) -> None:
    with network.mobile(number()) as mobile:
        async with down(hotline):
            await mobile.writes("12345", LAMP)
            laid_down = hotline.settings.spool / "messages"

            async def kept() -> bool:
                return any(laid_down.iterdir())

            await until(kept, "the message on disk")
        assert NUMBER.search(await mobile.is_answered(60))
        assert not any(laid_down.iterdir())


async def test_a_full_disk_is_said_by_asterisk_itself(network: Network, hotline: HotlineUnderTest) -> None:
    folder = hotline.settings.spool / "messages"
    folder.chmod(0o500)
    aside = folder.rename(folder.with_name("elsewhere"))
    try:
        with network.mobile(number()) as mobile:
            await mobile.writes("12345", LAMP)
            assert "未能接收" in await mobile.is_answered()
    finally:
        aside.chmod(0o700)
        aside.rename(folder)
