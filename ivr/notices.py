"""notices.yaml: what the hotline writes to citizens, in Chinese and beside it in English, and at which steps of a ticket.

Texts hold placeholders such as {number}. What is sent unasked by short message carries number and step only.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from ivr.faults import Faults, unknown
from ivr.fields import Fields

NOTICES = "notices.yaml"
PLACEHOLDER = re.compile(r"\{([^{}]*)\}")
TOLD = (  # every step of a ticket's life that a citizen can be told of; tickets/moves.py
    "to_dispatch", "not_accepted", "answered_at_once", "dispatched", "handling", "extended", "replied", "completed", "filed",
)  # fmt: skip
HOLDS = {  # which placeholders each text may hold
    "received": ("number",),
    "pin": ("pin",),
    "repeated": ("number", "step"),
    "noted": ("number",),
    "ask-text": (),
    "ask-place": (),
    "ask-name": (),
    "ask-phone": (),
    "long": ("length", "most"),
    "in-parts": (),
    "queued": ("hours",),
    "progress": (),
    "many": (),
    "refused": (),
    "step": ("number", "step"),
    "subject": ("number",),
}
Texts = Mapping[str, str]
CHINESE: Texts = MappingProxyType(
    {
        "received": "您的诉求已收到，工单号{number}。",
        "pin": "查询密码{pin}，拨打12345凭工单号和查询密码可查进度，请勿告诉他人。",
        "repeated": "您反映的事项已在办理，工单号{number}，目前{step}，本次已一并登记。",
        "noted": "已补充到工单{number}。",
        "ask-text": "请回复您要反映的具体内容。",
        "ask-place": "请回复事发地点（区、街道、路名、门牌号或小区）。",
        "ask-name": "请回复您的姓名。",
        "ask-phone": "请回复您的联系电话。",
        "long": "建议内容不超过{most}字，您本次{length}字，已全部收到。",
        "in-parts": "您的信息过长，未能收到，请分成几条发送，每条不超过150字，或者拨打12345。",
        "queued": "人工受理时间为{hours}，您的诉求已排队，将在受理时间内处理。",
        "progress": "本渠道不提供进度查询，请拨打12345或在12345网站凭工单号和查询密码查询。",
        "many": "您发送的信息过多，本小时内不再受理，紧急情况请拨打110、119、120，其他请拨打12345。",
        "refused": "您的信息无法识别，请拨打12345。",
        "step": "您的工单{number}：{step}。",
        "subject": "12345热线 工单{number}",
    }
)
ENGLISH: Texts = MappingProxyType(
    {
        "received": "We have your request, ticket {number}.",
        "pin": "Your code is {pin}: call 12345 with number and code for progress, and tell it to nobody.",
        "repeated": "This matter is ticket {number} already, now: {step}. Your message was added.",
        "noted": "Added to ticket {number}.",
        "ask-text": "Please reply with what it is about.",
        "ask-place": "Please reply with the place (district, street, number or estate).",
        "ask-name": "Please reply with your name.",
        "ask-phone": "Please reply with a telephone number.",
        "long": "At most {most} characters are advised; yours had {length}, and all were taken.",
        "in-parts": "Your message was too long and did not arrive. Please send it in parts of at most 150 characters, or call 12345.",
        "queued": "People answer {hours}. Your request waits and will be looked at then.",
        "progress": "Progress cannot be asked for here. Call 12345, or use the website with ticket number and code.",
        "many": "Too many messages: no more are taken this hour. In an emergency call 110, 119 or 120, else 12345.",
        "refused": "Your message could not be read. Please call 12345.",
        "step": "Your ticket {number}: {step}.",
        "subject": "12345 hotline, ticket {number}",
    }
)


@dataclass(frozen=True)
class Notices:
    """`signature` begins every short message, so that one of ours that comes back is known."""

    signature: str = "【12345热线】"
    told: tuple[str, ...] = TOLD
    texts: Mapping[str, Texts] = field(default_factory=lambda: {"zh": CHINESE, "en": ENGLISH})

    def text(self, name: str, language: str = "", /, **values: object) -> str:
        """In the citizen's language where there is one, with its placeholders filled."""
        words = self.texts.get(language, self.texts["zh"]).get(name) or self.texts["zh"][name]
        return PLACEHOLDER.sub(lambda found: str(values.get(found[1], "")), words)


def read_notices(tree: Mapping[str, Any], faults: Faults) -> Notices:
    """The city's texts; what it leaves out is as it comes."""
    if not tree:
        return Notices()
    fields = Fields(NOTICES, "", tree, faults)
    signature = fields.text("signature", "label") if "signature" in tree else Notices.signature
    told = fields.texts("told", "label", most=len(TOLD)) if "told" in tree else TOLD
    for step in told:
        if step and step not in TOLD:
            fields.fault("told", unknown("step", step, TOLD))
    texts = {"zh": dict(CHINESE), "en": dict(ENGLISH)}
    given = fields.take("texts") if "texts" in tree else {}
    if not isinstance(given, dict):
        fields.fault("texts", "must be names with a colon and their texts")
        given = {}
    for name, value in given.items():
        _read(name, Fields(NOTICES, f"texts/{name}", value, faults), texts)
    fields.done(("signature", "told", "texts"))
    return Notices(signature, told, texts)


def _read(name: str, fields: Fields, texts: Mapping[str, dict[str, str]]) -> None:
    if name not in HOLDS:
        fields.fault("", unknown("text", name, HOLDS))
        return
    for language in texts:
        if language in fields.names() and (words := fields.text(language, "words")):
            texts[language][name] = words
            for held in PLACEHOLDER.findall(words):
                if held not in HOLDS[name]:
                    allowed = ", ".join(f"{{{one}}}" for one in HOLDS[name]) or "none"
                    fields.fault(language, f"{{{held}}} cannot stand here; there are: {allowed}")
    fields.done(tuple(texts))
