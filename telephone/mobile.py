"""A citizen's mobile telephone as far as it writes: short messages go to the hotline as SIP MESSAGE, and its answers come back."""

from __future__ import annotations

import asyncio
import base64
from collections import deque
from typing import Final
from urllib.parse import unquote

from telephone.ami import Ami, Event

ANSWER_SECONDS: Final = 20.0


class Mobile:
    """Hears every message to its number from when it was made; used with `with`."""

    def __init__(self, ami: Ami, number: str, hotline: str) -> None:
        self.number = number
        self._hotline = hotline
        self._ami = ami
        self._got: deque[str] = deque()
        self._news = asyncio.Event()
        self._deaf = ami.listen(self._hear)

    def __enter__(self) -> Mobile:
        return self

    def __exit__(self, *_: object) -> None:
        self._deaf()

    async def writes(self, number: str, text: str) -> None:
        """Sends it, whatever stands in it. Raises AmiError."""
        to, body = f"pjsip:hotline/sip:{number}@{self._hotline}", base64.b64encode(text.encode()).decode()
        await self._ami.action("MessageSend", To=to, From=f"<sip:{self.number}@mobile.example>", Base64Body=body)

    async def is_answered(self, seconds: float = ANSWER_SECONDS) -> str:
        """The next message to this telephone. Raises TimeoutError."""
        async with asyncio.timeout(seconds):
            while not self._got:
                self._news.clear()
                await self._news.wait()
        return self._got.popleft()

    def _hear(self, event: Event) -> None:
        if event["Event"] == "UserEvent" and event.get("UserEvent") == "ShortMessage" and event.get("Number") == self.number:
            self._got.append(unquote(event["Text"]))
            self._news.set()
