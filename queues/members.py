"""Keeps app_queue's members in step with who is logged in: only what differs is sent, and nothing is sent blindly again.

What we sent or heard last counts until the next resync, because the picture follows an answer some milliseconds later.
"""

from __future__ import annotations

from collections.abc import Mapping

import structlog

from queues.ami import AmiLink
from queues.errors import ActionRefused
from queues.names import interface, member_name
from queues.standing import Standing
from queues.state import Picture

SEAT = "HOTLINE_SEAT_"  # a global variable of the dialplan for each work number: the phone

log = structlog.get_logger()

Pause = tuple[bool, str]


class Members:
    """The AMI's side of it; a phone is a member of each of its agent's queues as PJSIP/PHONE."""

    def __init__(self, link: AmiLink, picture: Picture) -> None:
        self._link = link
        self._picture = picture
        self._sections: dict[str, dict[str, int]] = {}
        self._pauses: dict[str, Pause] = {}
        self._seats: dict[str, str] = {}
        """Of work numbers: the phone that the dialplan knows for them."""

    def forget(self) -> None:
        """The picture has just been put right: it knows better now."""
        self._sections.clear()
        self._pauses.clear()

    def unseated(self) -> None:
        """Asterisk has begun anew, or has read its dialplan again: its global variables are gone."""
        self._seats.clear()

    def heard(self, phone: str, pause: Pause) -> None:
        """app_queue says that it was told so, by whomever."""
        self._pauses[phone] = pause

    async def bring(self, standing: Standing) -> None:
        """Sends what app_queue does not know yet. Raises AmiError; ActionRefused only where nothing was changed."""
        phone = standing.phone
        known = self._sections.setdefault(phone, dict(self._picture.sections.get(phone, {})))
        for section in known.keys() - standing.memberships.keys():
            await self._send("QueueRemove", Queue=section, Interface=interface(phone))
            known.pop(section)
        added = False
        for section, penalty in standing.memberships.items():
            if section not in known:
                await self._add(standing, section, penalty)
                added = True
            elif known[section] != penalty:
                await self._send("QueuePenalty", Queue=section, Interface=interface(phone), Penalty=penalty)
            known[section] = penalty
        await self._pause(standing, added)
        await self._seat(standing.work_number, phone)

    async def remove(self, phone: str, work_number: str, sections: Mapping[str, int]) -> None:
        """Takes a phone out of every queue. Raises AmiError."""
        for section in self._picture.sections.get(phone, {}).keys() | self._sections.get(phone, {}).keys() | sections.keys():
            await self._send("QueueRemove", Queue=section, Interface=interface(phone))
        self._sections.pop(phone, None)
        self._pauses.pop(phone, None)
        await self._seat(work_number, "")

    async def _seat(self, work_number: str, phone: str) -> None:
        """For whoever dials a colleague's work number (conversation.conf); it outlives us, not Asterisk."""
        if self._seats.get(work_number, "") != phone:
            await self._link.action({"Action": "Setvar", "Variable": f"{SEAT}{work_number}", "Value": phone})
            self._seats[work_number] = phone

    async def _add(self, standing: Standing, section: str, penalty: int) -> None:
        paused, _ = standing.wants_pause()
        name = member_name(standing.login, standing.work_number)
        await self._send(
            "QueueAdd", Queue=section, Interface=interface(standing.phone), Penalty=penalty, MemberName=name,
            StateInterface=interface(standing.phone), Paused="true" if paused else "false",
        )  # fmt: skip

    async def _pause(self, standing: Standing, added: bool) -> None:
        wanted = standing.wants_pause()
        known = self._pauses.get(standing.phone) or self._in_picture(standing.phone)
        if not standing.memberships or (wanted == known and not (added and wanted[0])):
            return
        paused, reason = wanted
        await self._send("QueuePause", Interface=interface(standing.phone), Paused="true" if paused else "false", Reason=reason)
        self._pauses[standing.phone] = wanted

    def _in_picture(self, phone: str) -> Pause:
        found = (member for (_, name), member in self._picture.members.items() if name == phone)
        return next(((member.paused, member.pause_reason if member.paused else "") for member in found), (False, ""))

    async def _send(self, action: str, **fields: str | int) -> None:
        """What app_queue refuses is so already (`Already there`, `Not there`) or cannot be (a queue that is gone)."""
        try:
            await self._link.action({"Action": action, **{name: value for name, value in fields.items() if value != ""}})
        except ActionRefused as refusal:
            log.info("app_queue refused", action=action, reason=str(refusal), **{key.lower(): value for key, value in fields.items()})
