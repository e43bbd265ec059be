"""A telephone exchange on loopback that speaks AMI and AudioSocket as Asterisk does, for stories about our own telephones."""

from __future__ import annotations

import asyncio
import contextlib
import struct
import uuid
from collections.abc import AsyncIterator

from telephone.ami import Ami
from telephone.audiosocket import AUDIO, HANGUP, UUID, AudioSocketServer
from telephone.sound import Samples


class Exchange:
    """Answers every call and then plays what it is given; notes what it was asked."""

    def __init__(self) -> None:
        self.port = 0
        self.asked: list[dict[str, str]] = []
        self.answers = True
        self._plays: asyncio.Queue[Samples | None] = asyncio.Queue()
        self._tasks: list[asyncio.Task[None]] = []

    def play(self, *clips: Samples, then_hang_up: bool = False) -> None:
        for clip in clips:
            self._plays.put_nowait(clip)
        if then_hang_up:
            self._plays.put_nowait(None)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"Asterisk Call Manager/9.0.0\r\n")
        while block := await read_block(reader):
            self.asked.append(block)
            writer.write(f"Response: Success\r\nActionID: {block['ActionID']}\r\n\r\n".encode())
            if block["Action"] == "Originate":
                said = "Success" if self.answers else "Failure"
                event = f"Event: OriginateResponse\r\nResponse: {said}\r\nReason: 5\r\nUniqueid: {block['ChannelId']}\r\nChannel: PJSIP/hotline-1\r\n\r\n"
                writer.write(event.encode())
                if self.answers:
                    self._tasks.append(asyncio.create_task(self._leg(block["Variables"])))
            elif block["Action"] == "Hangup":
                self._plays.put_nowait(None)
        writer.close()

    async def _leg(self, variables: str) -> None:
        given = dict(pair.split("=", 1) for pair in variables.split("\n"))
        host, _, port = given["LEG_AT"].rpartition(":")
        _, writer = await asyncio.open_connection(host, int(port))
        writer.write(struct.pack(">BH", UUID, 16) + uuid.UUID(given["LEG_ID"]).bytes)
        while (clip := await self._plays.get()) is not None:
            data = clip.astype("<i2").tobytes()
            for at in range(0, len(data), 320):
                writer.write(struct.pack(">BH", AUDIO, len(data[at : at + 320])) + data[at : at + 320])
        writer.write(struct.pack(">BH", HANGUP, 0))
        await writer.drain()
        writer.close()


@contextlib.asynccontextmanager
async def exchange() -> AsyncIterator[tuple[Exchange, Ami, AudioSocketServer]]:
    """A running exchange, an AMI connection to it, and the ear of our telephones."""
    made = Exchange()
    server = await asyncio.start_server(made.serve, "127.0.0.1", 0)
    ear = AudioSocketServer("127.0.0.1")
    await ear.start()
    ami = await Ami.connect("127.0.0.1", server.sockets[0].getsockname()[1], "network", "secret")
    try:
        yield made, ami, ear
    finally:
        await ami.close()
        await ear.stop()
        server.close()


async def read_block(reader: asyncio.StreamReader) -> dict[str, str]:
    """One action; its variables, of which there are several, as lines of `Variables`."""
    block: dict[str, str] = {}
    while (line := (await reader.readline()).decode().strip()) != "":
        name, _, value = line.partition(": ")
        if name == "Variable":
            block["Variables"] = f"{block['Variables']}\n{value}" if "Variables" in block else value
        else:
            block[name] = value
    return block
