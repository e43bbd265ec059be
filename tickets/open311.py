"""Open311 GeoReport v2, the words both of its ends share: services, a request that is handed in, what a query asks for.

Pure: it reads what came over HTTP and refuses what the specification (wiki.open311.org/GeoReport_v2) or we do not take.
Every refusal names all that is wrong, for the specification answers with a list.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

from tickets.models import TYPES, Ticket
from tickets.moves import CLOSED

CHANNEL = "open311"
SPECIFICATION = "http://wiki.open311.org/GeoReport_v2"
LONGEST_DESCRIPTION = 4000  # characters, by the specification
MOST_DAYS, MOST_REQUESTS = 90, 1000
MOST_IDS = 200
LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)
OPEN, CLOSED_STATUS = "open", "closed"
LINES = {  # one line each: name and the most characters
    "email": 254, "device_id": 100, "account_id": 100, "first_name": 60, "last_name": 60, "phone": 40,
    "address_string": 300, "address_id": 100, "media_url": 2000,
}  # fmt: skip
CONFIDENTIAL = "confidential"
ATTRIBUTES = {  # of every service; each answer by its key
    "type": ("诉求类型 kind of request", dict(TYPES)),
    CONFIDENTIAL: ("是否保密 keep it confidential", {"yes": "是", "no": "否"}),
}
SPACED_ZONE = re.compile(r"(T[\d:.]+) (\d\d:\d\d)")  # a `+` that nobody encoded arrives as a space
PHONE = re.compile(r"\+?[0-9][0-9 -]{1,38}")


@dataclass(frozen=True)
class Service:
    """One kind of matter: a category of the city."""

    code: str
    name: str
    group: str = ""
    keywords: tuple[str, ...] = ()


OTHER = Service("other", "其他", keywords=("其他", "other"))


@dataclass(frozen=True)
class Fault:
    """One entry of the list of errors; `code` may say more than the HTTP status does."""

    code: int
    description: str


class Refused(Exception):  # noqa: N818 - a refusal, read as a sentence
    """Nothing was changed. `status` is 403 for a key, 404 for what does not exist, 400 for all the rest."""

    def __init__(self, *faults: Fault) -> None:
        self.faults = tuple(dict.fromkeys(faults))
        super().__init__("; ".join(fault.description for fault in self.faults))
        codes = {fault.code for fault in faults}
        self.status = next((code for code in (403, 404) if code in codes), 400)


@dataclass(frozen=True)
class Report:
    """A request as it was handed in, checked."""

    service: Service
    description: str
    address: str = ""
    address_id: str = ""
    lat: float | None = None
    long: float | None = None
    name: str = ""
    phone: str = ""
    email: str = ""
    device_id: str = ""
    account_id: str = ""
    media_url: str = ""
    type: str = ""
    confidential: bool = False


@dataclass(frozen=True)
class Query:
    """Which requests are asked for. `ids` overrides everything else; `since` and `until` are never more than 90 days apart."""

    since: datetime = LONG_AGO
    until: datetime = LONG_AGO
    ids: tuple[str, ...] = ()
    codes: tuple[str, ...] = ()
    statuses: frozenset[str] = frozenset((OPEN, CLOSED_STATUS))
    offset: int = 0
    limit: int = MOST_REQUESTS


@dataclass
class _Form:
    """The fields of a form, each read once; what is wrong is collected."""

    given: Mapping[str, Sequence[str]]
    faults: list[Fault] = field(default_factory=list)

    def wrong(self, why: str, code: int = 400) -> None:
        self.faults.append(Fault(code, why))

    def one(self, name: str) -> str:
        values = self.given.get(name, ())
        if len(values) > 1:
            self.wrong(f"{name} was given {len(values)} times")
        return values[0].strip() if values else ""

    def line(self, name: str) -> str:
        text = self.one(name)
        if any(unicodedata.category(letter)[0] == "C" for letter in text):
            self.wrong(f"{name} holds line breaks or control characters")
        if len(text) > LINES[name]:
            self.wrong(f"{name} has {len(text)} characters, at most {LINES[name]} are taken")
        return text

    def degrees(self, name: str, most: int) -> float | None:
        text = self.one(name)
        if not text:
            return None
        try:
            value = float(text)
        except ValueError:
            value = math.nan
        if not -most <= value <= most:
            self.wrong(f"{name} is a number of degrees from -{most} to {most} (WGS84)")
            return None
        return value


def report(given: Mapping[str, Sequence[str]], services: Mapping[str, Service]) -> Report:
    """The request of a form; an empty field is one that was not given. Raises Refused."""
    form = _Form(given)
    service = _service(form, services)
    lat, long = form.degrees("lat", 90), form.degrees("long", 180)
    lines = {name: form.line(name) for name in LINES}
    if bool(form.one("lat")) != bool(form.one("long")):
        form.wrong("lat and long are given together or not at all")
    if not (form.one("lat") or lines["address_string"] or lines["address_id"]):
        form.wrong("a location is needed: lat and long, address_string or address_id")
    if lines["media_url"] and not _is_web_address(lines["media_url"]):
        form.wrong("media_url is an address that begins with http:// or https://")
    if lines["phone"] and not PHONE.fullmatch(lines["phone"]):
        form.wrong("phone is a telephone number: figures, with + before them, spaces and dashes between")
    description = _description(form)
    answers = _answers(form)
    if form.faults or service is None:
        raise Refused(*form.faults)
    return Report(
        service, description, lines["address_string"], lines["address_id"], lat, long, full_name(lines["last_name"], lines["first_name"]),
        lines["phone"], lines["email"], lines["device_id"], lines["account_id"], lines["media_url"], answers["type"], answers[CONFIDENTIAL] == "yes",
    )  # fmt: skip


def query(given: Mapping[str, Sequence[str]], now: datetime) -> Query:
    """What GET requests asks for. Raises Refused."""
    form = _Form(given)
    ids = tuple(_listed(given, "service_request_id"))
    if len(ids) > MOST_IDS:
        form.wrong(f"{len(ids)} service_request_id were given, at most {MOST_IDS} are taken")
    if ids and not form.faults:
        return Query(ids=ids)  # the specification: it overrides all other arguments
    statuses = frozenset(_listed(given, "status")) or frozenset((OPEN, CLOSED_STATUS))
    if statuses - {OPEN, CLOSED_STATUS}:
        form.wrong("status is open or closed")
    since, until = _moment(form, "start_date"), _moment(form, "end_date")
    longest = timedelta(days=MOST_DAYS)
    until = until or (since + longest if since else now)
    since = since or until - longest
    if since > until:
        form.wrong("start_date is after end_date")
    elif until - since > longest:
        form.wrong(f"start_date and end_date may not be more than {MOST_DAYS} days apart")
    size, page = _count(form, "page_size", MOST_REQUESTS), _count(form, "page", 1, most=100_000)
    if form.faults:
        raise Refused(*form.faults)
    return Query(since, until, (), tuple(_listed(given, "service_code")), statuses, (page - 1) * size, size)


def status(ticket: Ticket) -> str:
    return CLOSED_STATUS if ticket.stage in CLOSED else OPEN


def full_name(last: str, first: str) -> str:
    """A Chinese name is written without a space, family name first; any other the other way round."""
    if not (last and first):
        return last or first
    return f"{first} {last}" if (last + first).isascii() else f"{last}{first}"


def _service(form: _Form, services: Mapping[str, Service]) -> Service | None:
    code = form.one("service_code")
    if not code:
        form.wrong("service_code was not provided")
    elif code not in services:
        form.wrong(f"service_code was not found: {code[:40]}", 404)
    return services.get(code)


def _description(form: _Form) -> str:
    text = form.one("description").replace("\r\n", "\n")
    if any(unicodedata.category(letter) in ("Cc", "Cs", "Cf") and letter not in "\n\t" for letter in text):
        form.wrong("description holds control characters")
    if len(text) > LONGEST_DESCRIPTION:
        form.wrong(f"description has {len(text)} characters, at most {LONGEST_DESCRIPTION} are taken")
    return text


def _answers(form: _Form) -> dict[str, str]:
    """attribute[CODE]=KEY, one key each; `attribute[CODE][]` is the same."""
    answers = dict.fromkeys(ATTRIBUTES, "")
    for name in form.given:
        found = re.fullmatch(r"attribute\[([^\]]{0,100})\](\[\])?", name)
        if not found:
            continue
        code, key = found[1], form.one(name)
        if code not in ATTRIBUTES:
            form.wrong(f"there is no attribute {code[:40]}")
        elif key and key not in ATTRIBUTES[code][1]:
            form.wrong(f"attribute[{code}] is one of {', '.join(ATTRIBUTES[code][1])}")
        elif key:
            answers[code] = key
    return answers


def _listed(given: Mapping[str, Sequence[str]], name: str) -> list[str]:
    """Given several times, with commas, or both."""
    return [part.strip() for value in given.get(name, ()) for part in value.split(",") if part.strip()]


def _moment(form: _Form, name: str) -> datetime | None:
    text = form.one(name)
    if not text:
        return None
    try:
        found = datetime.fromisoformat(SPACED_ZONE.sub(r"\1+\2", text))
    except ValueError:
        found = None
    if found is None or found.tzinfo is None or not 1900 < found.year < 9000:
        form.wrong(f"{name} is a moment with its zone, such as 2010-01-01T00:00:00Z")
        return None
    return found




def _count(form: _Form, name: str, default: int, most: int = MOST_REQUESTS) -> int:
    text = form.one(name)
    if not text:
        return default
    if not (text.isascii() and text.isdigit() and len(text) < 9 and 1 <= int(text) <= most):
        form.wrong(f"{name} is a number from 1 to {most}")
        return default
    return int(text)


def _is_web_address(text: str) -> bool:
    try:
        return urlsplit(text).scheme in ("http", "https") and bool(urlsplit(text).hostname)
    except ValueError:
        return False
