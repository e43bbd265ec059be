"""Records what a real Asterisk says on the AMI while calls go through its queues: python -m tests.queues.record

Writes tests/queues/streams/*.ami, byte for byte. Run it in isolation, and again when Asterisk's words change.
"""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path

from queues.ami import AmiLink
from tests.queues.conftest import HERE, QueueHouse, running_house
from tests.queues.stories import STORIES, Story

STREAMS = HERE / "streams"
ASK = "".join(
    f"Action: {action}\r\nActionID: {action}-{{when}}\r\n\r\n" for action in ("QueueStatus", "CoreShowChannels")
)


async def record(house: QueueHouse, network: AmiLink, story: Story) -> bytes:
    """The stream of one story: the pictures before, in the middle and at the end, and every event between."""
    reader, writer = await asyncio.open_connection("127.0.0.1", house.port)
    heard, more = bytearray(), asyncio.Event()

    async def listen() -> None:
        while data := await reader.read(65536):
            heard.extend(data)
            more.set()

    listening = asyncio.create_task(listen())
    writer.write(b"Action: Login\r\nUsername: hotline\r\nSecret: hotline-secret\r\n\r\n")

    async def ask(when: str) -> None:
        writer.write(ASK.format(when=when).encode())
        async with asyncio.timeout(30):
            while f"ActionID: CoreShowChannels-{when}\r\nEventList: Complete".encode() not in heard:
                more.clear()
                await more.wait()

    await ask("before")
    await story(house, network, lambda: ask("during"))
    await ask("after")
    writer.close()
    await listening
    return bytes(heard)


async def main() -> None:
    STREAMS.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as home, running_house(Path(home)) as house:
        async with house.link("network") as network:
            await network.wait_connected(5)
            for story in STORIES:
                (STREAMS / f"{story.__name__}.ami").write_bytes(await record(house, network, story))


if __name__ == "__main__":
    asyncio.run(main())
