"""Walks the compiled menu on a real Asterisk, thousands of calls in one channel: keys come from a list, not a telephone.

`hotline-ask` and `hotline-decided`, which the compiled menu relies on, are replaced by ones that take the next key and
write down what was asked and decided. The same walk on the pure flow must write down the same.
"""

from __future__ import annotations

import re
import socket
from collections.abc import Iterable, Sequence
from datetime import datetime
from pathlib import Path

from hotline.asterisk import Asterisk
from ivr import dialplan
from ivr.events import Ask, Decide, Event, Instruction, NoInput, Pressed, Say
from ivr.flow import Call, begin, step
from ivr.model import City

LIMIT_SECONDS = 60
MOST_LINES = 1_000_000
SILENCE = "s"

SHARED = """\
[general]
static = yes
writeprotect = yes

[other-end]
exten => s,1,Answer()
 same => n,Wait({limit})

[hotline-common]
exten => h,1,NoOp()

[hotline-ask]
exten => s,1,Set(TOLD=${{TOLD}} ask:${{ARG1}}:${{ARG2}}:${{HOTLINE_LANGUAGE}})
 same => n,GotoIf($["${{KEYS}}"=""]?left)
 same => n,MSet(HOTLINE_KEY=${{KEYS:0:1}},KEYS=${{KEYS:1}})
 same => n,ExecIf($["${{HOTLINE_KEY}}"="s"]?Set(HOTLINE_KEY=))
 same => n,Return()
 same => n(left),StackPop()
 same => n,Set(TOLD=${{TOLD}} counted:${{HOTLINE_AT}}:$[0${{HOTLINE_NOINPUT}} + 0]:$[0${{HOTLINE_NOMATCH}} + 0]:${{HOTLINE_TURNS}})
 same => n,Goto(next,s,1)

[hotline-decided]
exten => s,1,ExecIf($["${{HOTLINE_SAY}}"!=""]?Set(TOLD=${{TOLD}} say:${{HOTLINE_SAY}}))
 same => n,Set(TOLD=${{TOLD}} decide:${{HOTLINE_DECISION}}:${{HOTLINE_TARGET}}:${{HOTLINE_PATH}}:${{HOTLINE_TYPE}}:${{HOTLINE_OVERFLOW}}:${{HOTLINE_WAIT}}:${{HOTLINE_LANGUAGE}})
 same => n,Goto(next,s,1)

[hotline-language]
exten => s,1,Set(HOTLINE_LANGUAGE=${{ARG1}})
 same => n,Return()

[next]
exten => s,1,Log(NOTICE,CALL ${{CALL}}${{TOLD}} .)
 same => n,Goto(calls,$[${{CALL}} + 1],1)

"""
# GotoIfTime takes Asterisk's clock from TESTTIME, its own variable for tests; STRFTIME is given the same here.
CLOCK = '${IF($["${TESTTIME}"=""]?${EPOCH}:${CUT(TESTTIME,.,1)})}'
NativeCall = tuple[str, str] | tuple[str, str, datetime]  # the node entered at, keys, and when if not now
CLEARED = "TOLD=,HOTLINE_NOINPUT=,HOTLINE_NOMATCH=,HOTLINE_TURNS=,HOTLINE_DIGITS=,HOTLINE_SAY=,HOTLINE_LANGUAGE="


def natively(asterisk: Asterisk, city: City, calls: Sequence[NativeCall]) -> list[str]:
    """What the compiled menu told of each call."""
    with socket.create_server(("127.0.0.1", 0)) as done:
        done.settimeout(LIMIT_SECONDS)
        lines = _calls(calls, done.getsockname()[1])
        text = SHARED.format(limit=LIMIT_SECONDS) + "\n".join(lines) + "\n" + dialplan.compile(city, 1).replace("${EPOCH}", CLOCK)
        (asterisk.instance.home / "etc" / "extensions.conf").write_text(text, encoding="utf-8")
        _keep_every_line(asterisk.instance.home / "etc" / "logger.conf")
        asterisk.start()
        asterisk.cli("channel originate Local/s@other-end extension 0@calls")
        done.accept()[0].close()  # the last extension calls here
        asterisk.stop()  # its logger writes in a thread of its own, and writes all of it before it ends
    log = (asterisk.instance.home / "log" / "messages.log").read_text(encoding="utf-8")
    return [found[1] for found in re.finditer(r"CALL [0-9]+ (.*) \.$", log, re.M)]


def _keep_every_line(logger: Path) -> None:
    """Asterisk throws lines away when more than 1000 wait to be written (logger.c, logger_queue_limit)."""
    text = logger.read_text(encoding="utf-8")
    logger.write_text(text.replace("[general]", f"[general]\nlogger_queue_limit = {MOST_LINES}", 1), encoding="utf-8")


def _calls(calls: Sequence[NativeCall], done: int) -> Iterable[str]:
    yield "[calls]"
    for number, (at, keys, *moment) in enumerate(calls):
        clock = f"TESTTIME={moment[0].timestamp():.0f}.0" if moment else "TESTTIME="
        yield f"exten => {number},1,MSet(CALL={number},KEYS={keys},{clock},{CLEARED})"
        yield f" same => n,Goto(hotline-v1-{at},s,1)"
    yield f"exten => {len(calls)},1,AGI(agi://127.0.0.1:{done}/done)"
    yield " same => n,Hangup()"


def purely(city: City, at: str, keys: str, now: datetime) -> str:
    """What the flow tells of the same call, in the same words."""
    place, said = begin(city, Call("12345", now, at=at))
    told = _told(said, place.language)
    for key in keys:
        if place.outcome:
            break
        event: Event = NoInput() if key == SILENCE else Pressed(key)
        place, said = step(place, event)
        told += _told(said, place.language)
    if not place.outcome:
        told.append(f"counted:{place.at}:{place.no_input}:{place.no_match}:{place.turns}")
    return " ".join(told)


def _told(said: tuple[Instruction, ...], language: str) -> list[str]:
    return [_words(instruction, language) for instruction in said]


def _words(instruction: Instruction, language: str) -> str:
    match instruction:
        case Ask(prompts, seconds):
            return f"ask:{_sounds(prompts)}:{seconds}:{language}"
        case Say(prompts):
            return f"say:{_sounds(prompts)}"
        case Decide():
            return "decide:" + ":".join(
                (instruction.decision, instruction.target, instruction.path, instruction.type, instruction.overflow,
                 str(instruction.wait_seconds or ""), language)
            )  # fmt: skip


def _sounds(prompts: tuple[str, ...]) -> str:
    return "&".join(f"hotline/{prompt}" for prompt in prompts)
