"""The 18 columns that city systems exchange (工单台账), and a ticket as one row of them.

Pure: a row is a list of texts and moments, whatever file it came from or goes to.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from ivr.organisations import Organisation
from tickets import wire
from tickets.deadlines import Rules
from tickets.models import Ticket
from tickets.moves import STAGES
from tickets.numbers import SHANGHAI
from tickets.sight import Sight, masked, masked_name, masked_words

COLUMNS = (
    "序号", "办件编号", "办件来源", "市级编号", "诉求主题", "诉求内容", "办理单位", "办理科室", "诉求人", "诉求人电话", "处理结果", "事项大类", "事项小类",
    "派发时间", "承诺完成时间", "办件状态", "派单员", "预警状态",
)  # fmt: skip
NUMBER, DISPATCHED, DUE = "办件编号", "派发时间", "承诺完成时间"
MOMENTS = (DISPATCHED, DUE)
SPOKEN = {"voice": "电话", "voicemail": "语音留言", "fax": "传真", "open311": "Open311", "import": "导入"}
NORMAL, NEAR, MISSED = "正常", "即将到期", "已超期"
EXCEL_BEGAN = datetime(1899, 12, 30)  # of its day numbers, with the leap day that 1900 did not have
LATEST_SERIAL = 73_050  # the last day of the year 2099
DATE = re.compile(r"(\d{4})\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})\s*日?")
TIME = re.compile(r"(上午|下午|AM|PM|am|pm)?\s*(\d{1,2})\s*[:：时]\s*(\d{1,2})?\s*(?:[:：分]\s*(\d{1,2})?)?\s*秒?\s*(AM|PM|am|pm)?")
Cell = str | datetime | None


@dataclass(frozen=True)
class Words:
    """What a ticket's row says that is not in the ticket."""

    result: str = ""
    dispatcher: str = ""


@dataclass(frozen=True)
class Names:
    """Names for codes, and codes for names."""

    organisations: Mapping[str, Organisation] = field(default_factory=dict)
    channels: Mapping[str, str] = field(default_factory=dict)
    categories: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    """Code: name of the category it is within, or its own; its own where it is within one."""

    @classmethod
    def of(cls, rules: Rules, categories: Mapping[str, tuple[str, str]]) -> Names:
        channels = SPOKEN | {code: channel.name for code, channel in rules.channels.channels.items()}
        return cls(rules.organisations, channels, categories)

    def unit(self, code: str) -> tuple[str, str]:
        """办理单位 and 办理科室: an organisation of level 3 is an office of the one above it."""
        one = self.organisations.get(code)
        if one is None:
            return code, ""
        above = self.organisations.get(one.parent)
        return (above.name, one.name) if one.level == 3 and above else (one.name, "")

    def organisation(self, unit: str, office: str) -> str | None:
        """The code for these two names; None where there is none, or more than one."""
        found = [code for code in self.organisations if self.unit(code) == (unit, office)]
        return found[0] if len(found) == 1 else None

    def channel(self, name: str) -> str | None:
        return next((code for code, known in self.channels.items() if known == name), None)

    def matter(self, code: str) -> tuple[str, str]:
        """事项大类 and 事项小类."""
        return self.categories.get(code, (code, ""))

    def category(self, wide: str, narrow: str) -> str | None:
        return next((code for code, names in self.categories.items() if names == (wide, narrow)), None)


def row(ticket: Ticket, place: int, words: Words, names: Names, now: datetime, how: Sight) -> list[Cell]:
    """One ticket, its citizen as far as they are seen."""
    unit, office = names.unit(ticket.organisation)
    wide, narrow = names.matter(ticket.category)
    return [
        str(place), ticket.number, names.channels.get(ticket.channel, ticket.channel), ticket.reference,
        seen(ticket, "诉求主题", how), seen(ticket, "诉求内容", how), unit, office, seen(ticket, "诉求人", how), seen(ticket, "诉求人电话", how),
        masked_words(words.result, wire.names(ticket), how) or "", wide, narrow, ticket.dispatched_at, ticket.due_at, STAGES[ticket.stage], words.dispatcher, warning(ticket, now),
    ]  # fmt: skip


def seen(ticket: Ticket, column: str, how: Sight) -> str:
    """What one of the citizen's own columns says."""
    match column:
        case "诉求人" | "诉求人电话" if how is Sight.WITHOUT:
            return ""
        case "诉求人":
            return ticket.caller_name if how is Sight.FULL else masked_name(ticket.caller_name)
        case "诉求人电话":
            return ticket.caller if how is Sight.FULL else masked(ticket.caller)
        case "诉求主题":
            return masked_words(ticket.title, wire.names(ticket), how) or ""
    return masked_words(ticket.transcript_corrected or ticket.transcript, wire.names(ticket), how) or ""


def warning(ticket: Ticket, now: datetime) -> str:
    """预警状态; nothing where nothing is due."""
    if ticket.due_at is None:
        return ""
    if now > ticket.due_at:
        return MISSED
    return NEAR if ticket.warn_at and now >= ticket.warn_at else NORMAL


def moment(cell: Cell) -> datetime | None:
    """A date as people and Excel write it, by the clock of the city. None for nothing. Raises ValueError."""
    if cell is None or isinstance(cell, datetime):
        return _zoned(cell) if cell else None
    text = cell.strip()
    if not text:
        return None
    if re.fullmatch(r"\d{1,5}(\.\d+)?", text) and 1 < float(text) < LATEST_SERIAL:
        return _zoned((EXCEL_BEGAN + timedelta(days=float(text)) + timedelta(milliseconds=500)).replace(microsecond=0))
    if re.fullmatch(r"\d{8}", text):
        return _zoned(datetime(int(text[:4]), int(text[4:6]), int(text[6:])))
    if "T" in text:
        return _zoned(datetime.fromisoformat(text))
    date = DATE.match(text)
    if date is None:
        raise ValueError(f"{text[:30]} is no date; 2026-11-22 09:05 is one")
    year, month, day = map(int, date.groups())
    return _zoned(datetime(year, month, day) + _time(text[date.end() :].strip()))


def _time(text: str) -> timedelta:
    if not text:
        return timedelta()
    found = TIME.fullmatch(text)
    if found is None:
        raise ValueError(f"{text[:30]} is no time of day; 09:05 is one")
    half = (found[1] or found[5] or "").upper()
    hour, minute, second = int(found[2]), int(found[3] or 0), int(found[4] or 0)
    if half in ("下午", "PM") and hour < 12:
        hour += 12
    elif half in ("上午", "AM") and hour == 12:
        hour = 0
    if hour > 23 or minute > 59 or second > 59:
        raise ValueError(f"{text[:30]} is no time of day")
    return timedelta(hours=hour, minutes=minute, seconds=second)


def _zoned(found: datetime) -> datetime:
    return found if found.tzinfo else found.replace(tzinfo=SHANGHAI)

