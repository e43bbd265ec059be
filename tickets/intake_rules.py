"""What a message must be, whatever brought it: the one validation of the intake. Pure.

Nothing a person wrote is cut: what is too long for a ticket is refused with how long it may be.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, replace
from datetime import datetime

from tickets.matter import cleaned
from tickets.models import TYPES

LONGEST = {"text": 20_000, "place": 200, "title": 200, "sender_name": 80, "sender": 200, "message_id": 200}
PHONE = re.compile(r"\+?[0-9]{5,20}")
EMAIL = re.compile(r"[A-Za-z0-9._%+'-]{1,64}@[A-Za-z0-9-]{1,63}(\.[A-Za-z0-9-]{1,63}){1,8}")
CATEGORY = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*|")
TELL = ("", "sms", "email", "pull", "nothing")
LANGUAGES = ("", "zh", "en")


class IntakeRefused(Exception):  # noqa: N818 - a refusal, read as a sentence
    """Nothing was taken. `field` is the one that is wrong."""

    def __init__(self, field: str, detail: str) -> None:
        super().__init__(detail)
        self.field, self.detail = field, detail


@dataclass(frozen=True)
class Report:
    """A message as its channel gives it. `message_id` and `sender` are the channel's own names; `at`: when it was written."""

    channel: str
    message_id: str
    sender: str
    text: str
    place: str = ""
    title: str = ""
    sender_name: str = ""
    phone: str = ""
    email: str = ""
    type: str = ""
    category: str = ""
    language: str = ""
    confidential: bool = False
    reply_wanted: bool = True
    tell_by: str = ""
    at: datetime | None = None
    attachments: int = 0
    """How many files came with it; a photograph may say what words do not."""
    lost: bool = False
    """Its text was too long for the way it came, and is not here: the sender is asked for it in parts."""


def checked(report: Report) -> Report:
    """The same, tidied. Raises IntakeRefused."""
    for name, longest in LONGEST.items():
        if len(getattr(report, name)) > longest:
            raise IntakeRefused(name, f"{name} has {len(getattr(report, name))} characters, at most {longest} are taken")
    for name in ("message_id", "sender"):
        value = getattr(report, name)
        if not value.strip() or value != value.strip() or not value.isprintable():
            raise IntakeRefused(name, f"{name} must be given, without blanks around it or control characters")
    phone = tidied_number(report.phone)
    if phone and not PHONE.fullmatch(phone):
        raise IntakeRefused("phone", "phone is not a telephone number")
    if report.email and not EMAIL.fullmatch(report.email):
        raise IntakeRefused("email", "email is not an address")
    for name, known in (("type", ("", *TYPES)), ("tell_by", TELL), ("language", LANGUAGES)):
        if getattr(report, name) not in known:
            raise IntakeRefused(name, f"{name} is one of {', '.join(filter(None, known))}")
    if not CATEGORY.fullmatch(report.category) or len(report.category) > 40:
        raise IntakeRefused("category", "a category is a code of categories.yaml: small letters, digits and dashes")
    if report.tell_by in ("sms", "email") and not (phone if report.tell_by == "sms" else report.email):
        raise IntakeRefused("tell_by", f"to be told by {report.tell_by}, {'phone' if report.tell_by == 'sms' else 'email'} must be given")
    place, title, name = _line(report.place), _line(report.title), _line(report.sender_name)
    return replace(report, text=cleaned(report.text), phone=phone, place=place, title=title, sender_name=name)


def tidied_number(number: str) -> str:
    """One form of a number in China: +86 138 0000 1234 is 13800001234."""
    plain = re.sub(r"[\s()-]", "", unicodedata.normalize("NFKC", number))
    digits = plain.removeprefix("+").removeprefix("00")
    if len(digits) in (12, 13) and digits.startswith("86"):
        rest = digits.removeprefix("86")
        return rest if rest.startswith("1") and len(rest) == 11 else f"0{rest}"
    return plain


def _line(text: str) -> str:
    return " ".join(cleaned(text).split())
