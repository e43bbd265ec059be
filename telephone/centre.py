"""A department's own seats: they ring when the hotline passes a call on, see what it says of the call, answer or refuse."""

from __future__ import annotations

from telephone.ami import Ami, AmiError
from telephone.audiosocket import AudioSocketServer
from telephone.phone import Phone, PhoneAccount


class Centre(Phone):
    """Reached through the trunk at a number; `rings`, `answers`, `refuses`, `speaks` and `hangs_up` are a phone's."""

    def __init__(self, ami: Ami, server: AudioSocketServer, number: str) -> None:
        super().__init__(ami, server, PhoneAccount(number, ""))

    async def told(self, header: str) -> str:
        """A SIP header of the call that rings; '' where it has none."""
        try:
            answer = await self._ami.action("Getvar", Channel=self._channel, Variable=f"PJSIP_HEADER(read,{header})")
        except AmiError:
            return ""
        return answer.get("Value", "")
