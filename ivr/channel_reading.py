"""channels.yaml, read with its faults; and the channels of a city that has no such file."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ivr.channels import CHANNELS, NEEDS, TELL, Channel, Channels, Repeat, Surge
from ivr.faults import Faults, unknown
from ivr.fields import NAME, SHAPES, Fields
from ivr.hours import spans
from ivr.model import Span

MOST = 50
LONGEST_CODE = 20
DAY = tuple(range(7))
BY_DAY = (Span(DAY, 8 * 60, 21 * 60),)
MANNED = (Span(DAY, 7 * 60, 22 * 60),)
USUAL = Channels(
    {
        one.code: one
        for one in (
            Channel("voice", "电话", tell="sms"),
            Channel("voicemail", "语音留言", tell="sms"),
            Channel("fax", "传真"),
            Channel("sms", "短信", needs=("place",), advised_length=150, progress=False, tell="sms"),
            Channel("email", "电子邮件", tell="email"),
            Channel("web", "网站", needs=("place",), tell="sms"),
            Channel("app", "手机应用", needs=("place",), tell="pull"),
            Channel("wechat", "微信", tell="pull"),
            Channel("weibo", "微博", tell="pull"),
            Channel("open311", "Open311"),
            Channel("qq", "QQ", answered=MANNED, tell="pull"),
        )
    },
    told=BY_DAY,
)
"""Where a city says nothing of its own."""


def read_channels(tree: Mapping[str, Any], faults: Faults) -> Channels:
    """The city's channels; the usual ones where there is no such file."""
    if not tree:
        return USUAL
    fields = Fields(CHANNELS, "", tree, faults)
    named = fields.take("channels")
    if not isinstance(named, dict) or not named or len(named) > MOST:
        fields.fault("channels", f"must be 1 to {MOST} names with a colon and their fields")
        named = {}
    channels = {code: _channel(code, Fields(CHANNELS, f"channels/{code}", value, faults)) for code, value in named.items()}
    repeat = Fields(CHANNELS, "repeat", tree.get("repeat", {}), faults)
    surge = Fields(CHANNELS, "surge", tree.get("surge", {}), faults)
    read = Channels(
        channels,
        Repeat(repeat.count("days", 30, 1, 365), repeat.count("likeness", 60, 20, 100)),
        Surge(surge.count("callers", 5, 2, 1000), surge.count("minutes", 60, 5, 1440), surge.count("likeness", 40, 10, 100)),
        tuple(spans(fields, "told")) if "told" in tree else (),
    )
    repeat.done(("days", "likeness"))
    surge.done(("callers", "minutes", "likeness"))
    for name in ("repeat", "surge"):
        if name in tree:
            fields.take(name)
    fields.done(("channels", "repeat", "surge", "told"))
    return read


def _channel(code: str, fields: Fields) -> Channel:
    if not NAME.fullmatch(code) or len(code) > LONGEST_CODE:
        fields.fault("", f'"{code}" is not {SHAPES["name"][1]}, {LONGEST_CODE} at most')
    needs = tuple(need for need in fields.texts("needs", "label", most=len(NEEDS)) if _known(fields, need))
    answered = tuple(spans(fields, "answered")) if "answered" in fields.names() else ()
    channel = Channel(
        code,
        fields.text("name", "label"),
        needs,
        answered,
        fields.count("advised_length", 0, 0, 4000),
        fields.one_of("progress", ("told", "elsewhere"), "answer", required=False) != "elsewhere",
        fields.one_of("tell", TELL, "way to tell", required=False) or "nothing",
        fields.count("most_an_hour", 20, 1, 10_000),
    )
    fields.done(("name", "needs", "answered", "advised_length", "progress", "tell", "most_an_hour"))
    return channel


def _known(fields: Fields, need: str) -> bool:
    if need and need not in NEEDS:
        fields.fault("needs", unknown("need", need, NEEDS))
    return need in NEEDS
