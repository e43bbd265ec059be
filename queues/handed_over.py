"""Calls that an agent's own telephone has handed over (REFER with Replaces, `*2`): told in queue_log, where nothing else names whom.

Asterisk joins the two calls by itself, with or without us, and CEL has it, so the record of the call is right either way. The
ticket's history and its agents come from queue_log, which says only that the first agent is gone (ATTENDEDTRANSFER).
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import structlog

from queues.errors import AmiError
from queues.event import Event
from queues.live_legs import CHANNEL, TRUNKS

if TYPE_CHECKING:
    from queues.ami import AmiLink

log = structlog.get_logger()
SIDES = ("Transferee", "TransferTarget")


def phone_at(channel: str) -> str:
    """The agent's phone behind a channel; '' for the outside and for legs that are no telephone."""
    found = CHANNEL.fullmatch(channel)
    return found["endpoint"] if found and found["endpoint"] not in TRUNKS else ""


class HandedOver:
    """Listens from the beginning; what is written then is the two lines that transfer and answer have by the other ways."""

    def __init__(self, link: AmiLink) -> None:
        self._link = link
        self._writing: set[asyncio.Task[None]] = set()
        link.subscribe("AttendedTransfer", self._told)

    def _told(self, event: Event) -> None:
        phones = {side: phone_at(event[f"{side}Channel"]) for side in SIDES}
        colleague = next((side for side in SIDES if phones[side]), "")
        citizen = next((side for side in SIDES if side != colleague and event[f"{side}Channel"]), "")
        by = phone_at(event["OrigTransfererChannel"])
        if event["Result"] != "Success" or not (colleague and citizen and by) or phones[citizen]:
            return  # it rings still, it failed, or two phones talk
        call, uniqueid = event[f"{citizen}Linkedid"], event[f"{citizen}Uniqueid"]
        lines = (("HOTLINETRANSFER", by, f"{call}|agent|{phones[colleague]}"), ("HOTLINEANSWER", phones[colleague], f"{call}|agent"))
        task = asyncio.create_task(self._write(uniqueid, lines))
        self._writing.add(task)
        task.add_done_callback(self._writing.discard)

    async def _write(self, uniqueid: str, lines: tuple[tuple[str, str, str], ...]) -> None:
        try:
            for name, who, said in lines:
                await self._link.action({"Action": "QueueLog", "Queue": "NONE", "Event": name, "Uniqueid": uniqueid, "Interface": who, "Message": said})
        except AmiError as error:
            log.warning("a call that was handed over is not in its ticket", uniqueid=uniqueid, reason=str(error))
