"""The bad line itself: what it says to each side, what it loses, and that it does so the same way each time."""

from __future__ import annotations

import asyncio
import socket

from telephone.relay import BadLine, Quality

INVITE = (
    b"INVITE sip:12345@x SIP/2.0\r\nCall-ID: %s\r\nContent-Type: application/sdp\r\nContent-Length: %d\r\n\r\n"
    b"v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\nc=IN IP4 127.0.0.1\r\nm=audio %d RTP/AVP 8 101\r\n"
)


def ear() -> socket.socket:
    made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    made.bind(("127.0.0.1", 0))
    made.setblocking(False)
    return made


async def hears(at: socket.socket) -> bytes:
    async with asyncio.timeout(30):
        return await asyncio.get_running_loop().sock_recv(at, 65536)


def port_of(message: bytes) -> int:
    return int(message.split(b"m=audio ")[1].split()[0])


async def a_call(packets: int | list[bytes], quality: Quality) -> tuple[list[bytes], int]:
    """The packets that come through, in their order, and how many were lost."""
    said = [b"%d" % number for number in range(packets)] if isinstance(packets, int) else packets
    network, hotline, mouth, phone = ear(), ear(), ear(), ear()
    free = ear()
    at = free.getsockname()
    free.close()
    try:
        async with BadLine(at, network=network.getsockname(), hotline=hotline.getsockname(), quality=quality) as line:
            network.sendto(INVITE % (b"a", 99, mouth.getsockname()[1]), at)
            asked = await hears(hotline)
            hotline.sendto(INVITE % (b"a", 99, phone.getsockname()[1]), at)
            answered = await hears(network)
            assert port_of(asked) != port_of(answered) != phone.getsockname()[1]
            assert int(asked.split(b"Content-Length: ")[1].split()[0]) == len(asked.partition(b"\r\n\r\n")[2])
            for packet in said:
                mouth.sendto(packet, ("127.0.0.1", port_of(answered)))
            async with asyncio.timeout(30):
                while line.carried + line.lost < len(said):  # noqa: ASYNC110 - the line tells nobody
                    await asyncio.sleep(0)
            return [await hears(phone) for _ in range(line.carried)], line.lost
    finally:
        for one in (network, hotline, mouth, phone):
            one.close()


async def test_sound_goes_through_the_lines_own_ports_and_loses_what_the_seed_says() -> None:
    quality = Quality(loss=0.1, delay_seconds=0, jitter_seconds=0)
    first, lost = await a_call(200, quality)
    again, _ = await a_call(200, quality)
    assert sorted(first) == sorted(again) and len(first) + lost == 200
    assert 5 <= lost <= 40


async def test_jitter_changes_the_order_and_nothing_else() -> None:
    heard, lost = await a_call(100, Quality(loss=0, delay_seconds=0, jitter_seconds=0.03))
    assert lost == 0
    assert heard != sorted(heard, key=int) and sorted(heard, key=int) == [b"%d" % number for number in range(100)]


async def test_a_heap_that_a_busy_machine_hands_over_is_not_stirred() -> None:
    """Ten packets of 20 ms each at once, 15 ms of jitter: as on a machine that has time, none overtakes another."""
    packets = [bytes(4) + (160 * number).to_bytes(4, "big") for number in range(10)]
    heard, _ = await a_call(packets, Quality(loss=0, delay_seconds=0.02, jitter_seconds=0.015))
    assert heard == packets
