"""The network's AMI client, spoken to a loopback manager."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable

import pytest

from telephone.ami import Ami, AmiError


@pytest.fixture
async def manager() -> AsyncIterator[tuple[int, list[dict[str, str]]]]:
    """Accepts every login; refuses `Bad`; sends two events around the answer to `Originate`."""
    asked: list[dict[str, str]] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"Asterisk Call Manager/9.0.0\r\n")
        while block := (await read_block(reader)):
            asked.append(block)
            number = block["ActionID"]
            if block["Action"] == "Drop":
                break
            answer = "Error\r\nMessage: no such action" if block["Action"] == "Bad" else "Success"
            writer.write(b"Event: Noise\r\nActionID: 99\r\n\r\n")
            writer.write(f"Response: {answer}\r\nActionID: {number}\r\n\r\n".encode())
            if block["Action"] == "Originate":
                writer.write("Event: OriginateResponse\r\nResponse: Failure\r\nActionID: 1\r\nName: 市民\r\n\r\n".encode())
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    yield server.sockets[0].getsockname()[1], asked
    server.close()


async def read_block(reader: asyncio.StreamReader) -> dict[str, str]:
    block = {}
    while (line := (await reader.readline()).decode().strip()) != "":
        name, _, value = line.partition(": ")
        block[name] = value
    return block


async def test_an_answer_goes_to_its_action_and_events_to_who_watches(manager: tuple[int, list[dict[str, str]]]) -> None:
    port, asked = manager
    ami = await Ami.connect("127.0.0.1", port, "network", "secret")
    async with ami.watch(lambda event: event["Event"] == "OriginateResponse") as watched:
        assert (await ami.action("Originate", ("LEG_ID", "7"), Channel="PJSIP/x"))["Response"] == "Success"
        event = await asyncio.wait_for(watched, 5)
    assert event["Name"] == "市民"
    assert asked[0] == {"Action": "Login", "ActionID": "1", "Username": "network", "Secret": "secret"}
    assert asked[1]["Variable"] == "LEG_ID=7"
    await ami.close()


async def test_a_refusal_is_an_error_with_its_reason(manager: tuple[int, list[dict[str, str]]]) -> None:
    ami = await Ami.connect("127.0.0.1", manager[0], "network", "secret")
    with pytest.raises(AmiError, match="Bad: no such action"):
        await ami.action("Bad")
    await ami.close()


async def test_a_line_break_is_refused_before_it_is_a_second_action(manager: tuple[int, list[dict[str, str]]]) -> None:
    port, asked = manager
    ami = await Ami.connect("127.0.0.1", port, "network", "secret")
    with pytest.raises(AmiError, match="line break"):
        await ami.action("Setvar", Value="x\r\n\r\nAction: Command")
    assert [block["Action"] for block in asked] == ["Login"]
    await ami.close()


async def test_a_connection_that_breaks_ends_every_wait(manager: tuple[int, list[dict[str, str]]]) -> None:
    ami = await Ami.connect("127.0.0.1", manager[0], "network", "secret")
    waiting: Awaitable[dict[str, str]] = ami.action("Drop")
    with pytest.raises(AmiError, match="gone"):
        await asyncio.wait_for(waiting, 5)
