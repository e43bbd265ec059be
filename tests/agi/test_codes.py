"""Feature codes on the FastAGI port: what the dialplan asks is answered by a variable, or left to the dialplan."""

from __future__ import annotations

import asyncio

import pytest

from agi.errors import NotTheDialplan
from agi.server import AgiServer


async def said(server: AgiServer, port: int) -> list[str]:
    """Everything the server says to the dialplan's question."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    arguments = ("s3cret", "login", "1001", "1024", "4711")
    header = ["agi_network: yes", "agi_network_script: desk", *(f"agi_arg_{at}: {word}" for at, word in enumerate(arguments, 1))]
    writer.write("\n".join([*header, "", ""]).encode())
    heard = []
    async with asyncio.timeout(30):
        while line := await reader.readline():
            heard.append(line.decode().strip())
            writer.write(b"200 result=0\n")
    writer.close()
    return heard


@pytest.mark.parametrize(("answer", "told"), [("wrong-pin", ['EXEC "MSet" "HOTLINE_ANSWER=wrong-pin"']), ("", [])])
async def test_a_question_has_one_answer_or_none(answer: str, told: list[str]) -> None:
    asked: list[list[str]] = []

    async def answers(question: list[str]) -> str:
        asked.append(question)
        return answer

    server = AgiServer(lambda version: None)  # type: ignore[arg-type,return-value]
    port = await server.start(0)
    assert await said(server, port) == [], "before the desk is open the dialplan goes on by itself"
    server.codes = answers
    assert await said(server, port) == told
    assert asked == [["s3cret", "login", "1001", "1024", "4711"]]
    assert server.counts.sessions["code"] == 2
    await server.drain(1)


async def test_whoever_does_not_know_the_dialplans_secret_is_told_nothing_and_counted() -> None:
    async def answers(question: list[str]) -> str:
        raise NotTheDialplan("desk")

    server = AgiServer(lambda version: None)  # type: ignore[arg-type,return-value]
    port = await server.start(0)
    server.codes = answers
    assert await said(server, port) == []
    await server.drain(1)
    assert server.counts.sessions == {"strangers": 1}
