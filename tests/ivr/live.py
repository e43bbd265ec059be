"""Many callers at once on a real Asterisk, each pressing its keys when it is asked; what was said to each is written down.

    async with Exchange(settings) as exchange:
        told = await exchange.call("12345", "1s#")     # presses 1, says nothing, presses #, and hangs up when asked again
        told.words == ["ask:hotline/welcome&hotline/main-menu:zh", …]

A caller is a Local channel into the number table: the same dialplan, sounds and AGI as a telephone, only no SIP. What it
hears is what Asterisk says of itself (Newexten: the arguments of Read and Playback), and the sounds must exist: a
prompt that cannot be played is asked twice, which no expectation has.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import re
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

from hotline.asterisk import Asterisk
from hotline.settings import Settings
from ivr.events import Ask, Decide, Event, Instruction, NoInput, Pressed, Say
from ivr.flow import Call, begin, step
from ivr.model import City
from ivr.numbers import table
from telephone.ami import Ami, AmiError
from telephone.ami import Event as AmiEvent
from tests.ivr.cities import MONDAY

USER, SECRET = "trace", "trace"
SILENCE = "s"
SAID = re.compile(r"1\?Playback\((.+)\)")  # what ExecIf is given
LIMIT_SECONDS = 40.0  # of one call
MOST_CALLS = 64  # at once: more, and the keys of some come too late on a small machine
_numbers = itertools.count(1)


@dataclass(eq=False)
class Told:
    """One call: what was said to it, in which version, by which path."""

    number: str
    keys: str
    version: str = ""
    natively: bool = False
    words: list[str] = field(default_factory=list)
    silences: list[float] = field(default_factory=list)  # seconds waited for each key that was not pressed
    begun: asyncio.Event = field(default_factory=asyncio.Event)
    ended: asyncio.Event = field(default_factory=asyncio.Event)


def allow_tracing(asterisk: Asterisk) -> None:
    """A user of AMI who is told each step of the dialplan; the hotline's own is not."""
    with (asterisk.instance.home / "etc" / "manager.conf").open("a", encoding="utf-8") as conf:
        conf.write(f"\n[{USER}]\nsecret = {SECRET}\nread = call,dialplan,user\nwrite = call,originate,system\nwritetimeout = 5000\n")
        conf.write("eventfilter = Event: Newexten.*Application: (Read|ExecIf|Gosub)\neventfilter = Event: (UserEvent|Hangup)\n")


class Exchange:
    """Places calls and follows them."""

    def __init__(self, settings: Settings) -> None:
        self._port = settings.ami_port
        self._calls: dict[str, _Following] = {}
        self._ami: Ami | None = None
        self._lines = asyncio.Semaphore(MOST_CALLS)

    async def __aenter__(self) -> Self:
        self._ami = await Ami.connect("127.0.0.1", self._port, USER, SECRET)
        self._ami.listen(self._note)
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self._ami:
            await self._ami.close()

    def begins(self, number: str, keys: str) -> tuple[Told, asyncio.Task[Told]]:
        """A call that goes on by itself."""
        told = Told(number, keys)
        return told, asyncio.create_task(self._call(told))

    async def _call(self, told: Told) -> Told:
        assert self._ami is not None
        name = f"walk-{next(_numbers):06}"  # of one length: Asterisk takes walk-3 for walk-30
        self._calls[f"{name};2"] = _Following(self._ami, told)
        try:
            async with self._lines, asyncio.timeout(LIMIT_SECONDS):
                await self._ami.action(
                    "Originate", Channel=f"Local/{told.number}@hotline-trunk/n", ChannelId=name,
                    Application="Wait", Data=f"{LIMIT_SECONDS:g}", CallerID="13800000000", Async="true",
                )  # fmt: skip
                await told.ended.wait()
        except TimeoutError:
            raise AssertionError(f"{told.number} {told.keys} did not end; so far: {told.words}") from None
        return told

    def _note(self, event: AmiEvent) -> None:
        following = self._calls.get(event.get("Uniqueid", ""))
        if following is not None:
            following.note(event)


class _Following:
    """What Asterisk says of one call, and the keys it presses."""

    def __init__(self, ami: Ami, told: Told) -> None:
        self._ami = ami
        self._told = told
        self._keys = list(told.keys)
        self._silent = False
        self._decided = False
        self._doing: set[asyncio.Task[None]] = set()

    def note(self, event: AmiEvent) -> None:
        told = self._told
        kind, context, application = event["Event"], event.get("Context", ""), event.get("Application")
        told.natively |= application == "Gosub" and context.startswith("hotline-v") and context[9:10].isdigit()
        if kind == "UserEvent" and event.get("UserEvent") == "HotlineDecided" and not self._decided:
            told.version, self._decided = event["Version"], True
            told.words.append(":".join(("decide", event["Decision"], event["Target"], event["Path"], event["Type"])))
            self._hang_up(event)
        elif self._decided and kind != "Hangup":
            return  # what comes after the menu may ask and decide, too, before the call has ended
        elif kind == "Newexten" and application == "Read" and context == "hotline-ask":
            self._asked(event, *event["AppData"].split(","))
        elif kind == "Newexten" and context == "hotline-decided" and (said := SAID.fullmatch(event.get("AppData", ""))):
            told.words.append(f"say:{said[1]}")
        elif kind == "Hangup":
            told.begun.set()
            told.ended.set()

    def _asked(self, event: AmiEvent, _variable: str, prompts: str, _digits: str, _options: str, _attempts: str, seconds: str) -> None:
        if self._silent and not prompts:  # AGI waits in pieces
            self._told.silences[-1] += float(seconds)
            return
        language, _, version = event["Language"].partition("_v")
        self._told.version = self._told.version or version
        self._told.words.append(f"ask:{prompts}:{language}")
        self._told.begun.set()
        key = self._keys.pop(0) if self._keys else ""
        self._silent = key == SILENCE
        if self._silent:
            self._told.silences.append(float(seconds))
        elif key:
            self._do("PlayDTMF", event, Digit=key, Duration="80", Receive="true")
        else:
            self._hang_up(event)

    def _hang_up(self, event: AmiEvent) -> None:
        self._told.begun.set()
        self._do("Hangup", event)

    def _do(self, action: str, event: AmiEvent, **fields: str) -> None:
        task = asyncio.create_task(self._done(action, event["Channel"], fields))
        self._doing.add(task)
        task.add_done_callback(self._doing.discard)

    async def _done(self, action: str, channel: str, fields: dict[str, str]) -> None:
        with contextlib.suppress(AmiError):  # it has hung up by itself meanwhile
            await self._ami.action(action, Channel=channel, **fields)


def purely(city: City, number: str, keys: str) -> tuple[list[str], list[float]]:
    """What the flow tells of the same call: its words, and the seconds of each silence."""
    place, said = begin(city, Call(number, MONDAY.now(MONDAY.tzinfo), at=table(city)[number]))
    told, silences = [], []
    for key in [*keys, ""]:
        told += [_words(instruction, place.language) for instruction in said]
        if place.outcome or not key:
            break
        event: Event = NoInput() if key == SILENCE else Pressed(key)
        silences += [float(ask.seconds) for ask in said if isinstance(ask, Ask) and key == SILENCE]
        place, said = step(place, event)
    return told, silences


def _words(instruction: Instruction, language: str) -> str:
    match instruction:
        case Ask(prompts):
            return f"ask:{_sounds(prompts)}:{language or 'zh'}"
        case Say(prompts):
            return f"say:{_sounds(prompts)}"
        case Decide():
            return ":".join(("decide", instruction.decision, instruction.target, instruction.path, instruction.type))


def _sounds(prompts: tuple[str, ...]) -> str:
    return "&".join(f"hotline/{prompt}" for prompt in prompts)
