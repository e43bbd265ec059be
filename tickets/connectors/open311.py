"""Files tickets in a system that speaks Open311 GeoReport v2, and asks it what became of them.

    case_system:
      connector: open311
      url: https://city.example.cn/open311/v2          # what its discovery names; secrets/case-system holds its api_key
      options: {jurisdiction_id: city.example.cn, services: {roads: "007"}, service_code: other, address: 东城区, attributes: {type: "{type}"}}

GeoReport v2 has no updates, so only tickets that are complete are filed, each once. A request whose answer was lost is looked
for before it is sent again, and carries our Idempotency-Key, which some systems know. Its answers are XML or JSON.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from urllib.parse import quote, urlencode
from xml.etree.ElementTree import Element, ParseError

import httpx
from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from tickets.connectors import Delivered, DeliveryError, Event, Held, Refused, Unreachable, Wishes
from tickets.open311 import LINES, LONGEST_DESCRIPTION

TOKEN = "token:"  # before a reference that is no number yet
TRY_AGAIN = (408, 409, 425, 429)
LARGEST_ANSWER = 4 * 1024 * 1024
AT_ONCE = 50  # numbers in one question
TICKET = "ticket"
Fields = dict[str, str]


class Options(BaseModel):
    """What the connector wants to know besides; `attributes` may hold {type}, {urgency} and {category} of the ticket."""

    model_config = ConfigDict(extra="forbid")
    jurisdiction_id: str = ""
    services: dict[str, str] = Field({}, description="their service_code for our category")
    service_code: str = Field("", description="theirs for all other categories; empty: our code is theirs")
    address: str = Field("", description="where a matter is that names no place")
    attributes: dict[str, str] = {}
    persons: bool = Field(True, description="whether the citizen's name and number are sent, where they allow it")
    format: str = Field("json", pattern="^(json|xml)$")


def connect(wishes: Wishes) -> Open311:
    """Raises ValueError."""
    try:
        options = Options.model_validate(dict(wishes.options))
    except ValidationError as error:
        raise ValueError("; ".join(f"case_system.options.{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors())) from None
    return Open311(wishes.url.rstrip("/"), wishes.secret.decode("ascii", "replace"), options, wishes.timeout_seconds)


@dataclass(frozen=True)
class Status:
    """Where a request stands there. `notes` are theirs."""

    reference: str
    closed: bool
    notes: str = ""


@dataclass(frozen=True)
class Open311:
    """One endpoint, its key and what the city wishes."""

    url: str
    api_key: str
    options: Options = field(default_factory=Options)
    timeout_seconds: float = 10.0

    def deliver(self, event: Event) -> Delivered:
        if event.name != TICKET or event.reference:  # nothing that GeoReport v2 has a word for, or filed already
            return Delivered(200, event.reference)
        form = self._form(event.content["ticket"])
        if found := self._filed_before(form, event.day):
            return Delivered(200, found)
        answered = self._answer("POST", "requests", form, {"Idempotency-Key": event.key})
        if not answered:
            raise Unreachable("it took the request and named nothing")
        number, token = answered[0].get("service_request_id", ""), answered[0].get("token", "")
        return Delivered(200, number or (f"{TOKEN}{token}" if token else ""))

    def held(self, day: date) -> Mapping[str, Held] | None:
        return None

    def follow(self, references: Sequence[str]) -> list[Status]:
        """Where these stand now; what they do not find is left out. Raises as `deliver`."""
        found = []
        for start in range(0, len(references), AT_ONCE):
            answered = self._answer("GET", "requests", {"service_request_id": ",".join(references[start : start + AT_ONCE])})
            found += [Status(one.get("service_request_id", ""), one.get("status") == "closed", one.get("status_notes", "")) for one in answered]
        return found

    def number(self, token: str) -> str:
        """The number of what was filed under a token, "" as long as there is none. Raises as `deliver`."""
        answered = self._answer("GET", f"tokens/{quote(token, safe='')}", {})
        return answered[0].get("service_request_id", "") if answered else ""

    def _form(self, ticket: Mapping[str, Any]) -> Fields:
        """The request. Raises Refused for what cannot be filed there."""
        if ticket.get("confidential"):
            raise Refused("the matter is confidential, and requests of Open311 are public: hand it over another way")
        place = str(ticket.get("place") or self.options.address)[: LINES["address_string"]]
        code = self.options.services.get(ticket["category"], self.options.service_code or ticket["category"])
        if lacks := [what for what, text in (("a place (options.address)", place), ("a service (options.services, options.service_code)", code)) if not text]:
            raise Refused(f"the ticket lacks {' and '.join(lacks)}")
        form = {"service_code": code, "address_string": place, "description": _description(ticket)}
        if self.options.persons:
            form |= {"phone": str(ticket.get("caller") or ""), "last_name": str(ticket.get("caller_name") or "")[: LINES["last_name"]]}
        known = {name: str(ticket.get(name) or "") for name in ("type", "urgency", "category")}
        return form | {f"attribute[{code}]": value.format_map(known) for code, value in self.options.attributes.items()}

    def _filed_before(self, form: Fields, day: date) -> str:
        """What was filed by an attempt whose answer was lost, known by our number at the end of its description."""
        asked = {"service_code": form["service_code"], "start_date": f"{day.isoformat()}T00:00:00+08:00"}
        mark = form["description"].rpartition("\n")[2]
        return next((one["service_request_id"] for one in self._answer("GET", "requests", asked) if mark in one.get("description", "")), "")

    def _answer(self, method: str, path: str, fields: Fields, headers: Mapping[str, str] | None = None) -> list[Fields]:
        """The requests in an answer. Raises Refused or Unreachable."""
        said = {name: value for name, value in (fields | {"jurisdiction_id": self.options.jurisdiction_id}).items() if value}
        url, sent = f"{self.url}/{path}.{self.options.format}", {**(headers or {})}
        if method == "POST":
            content: str | None = urlencode(said | {"api_key": self.api_key})
            sent["Content-Type"] = "application/x-www-form-urlencoded; charset=utf-8"
        else:  # the key in a header, where no log of addresses has it
            url, content = f"{url}?{urlencode(said)}", None
            sent["Authorization"] = f"Bearer {self.api_key}"
        try:
            status, body = asyncio.run(self._exchange(method, url, content, sent))
        except TimeoutError:
            raise Unreachable(f"no answer within {self.timeout_seconds:g} s") from None
        except (httpx.HTTPError, httpx.InvalidURL, UnicodeEncodeError) as error:
            raise Unreachable(f"{type(error).__name__}: {error}") from error
        return _judged(status, body, self.options.format)

    async def _exchange(self, method: str, url: str, content: str | None, headers: Mapping[str, str]) -> tuple[int, bytes]:
        async with (
            asyncio.timeout(self.timeout_seconds),
            httpx.AsyncClient(timeout=None, follow_redirects=False, trust_env=False) as client,
            client.stream(method, url, content=content, headers=dict(headers)) as answer,
        ):
            body = b""
            async for part in answer.aiter_bytes():
                body += part
                if len(body) > LARGEST_ANSWER:
                    raise httpx.DecodingError(f"an answer of more than {LARGEST_ANSWER} bytes")
            return answer.status_code, body


def _judged(status: int, body: bytes, form: str) -> list[Fields]:
    """The specification answers 400 where the service is away; its entries' own codes may say so."""
    if 200 <= status < 300:
        try:
            return _read(body, form)
        except ValueError as error:
            raise Unreachable(f"{status}, and an answer that cannot be read: {error}", status) from None
    try:
        faults = _read(body, form)
    except ValueError:
        faults = []
    codes, why = {fault.get("code", "") for fault in faults}, "; ".join(fault.get("description", "") for fault in faults)[:1000]
    away = bool(codes) and all(code.startswith("5") for code in codes)
    kind: type[DeliveryError] = Refused if 400 <= status < 500 and status not in TRY_AGAIN and not away else Unreachable
    raise kind(f"{status} {why}".strip(), status)


def _read(body: bytes, form: str) -> list[Fields]:
    """A list of flat entries, as texts. Raises ValueError."""
    if form == "json":
        try:
            found = json.loads(body)
        except RecursionError:
            raise ValueError("nested too deeply") from None
        if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
            raise ValueError("no list of requests")
        return [{str(name): "" if value is None else str(value).strip() for name, value in one.items()} for one in found]
    try:
        tree: Element = fromstring(body, forbid_dtd=True)
    except (ParseError, DefusedXmlException) as error:
        raise ValueError(f"no XML: {type(error).__name__}") from None
    return [{child.tag: (child.text or "").strip() for child in one} for one in tree]


def _description(ticket: Mapping[str, Any]) -> str:
    """All of it as far as GeoReport v2 takes it, and our number in a last line of its own."""
    words = "\n".join(filter(None, (ticket.get("title"), ticket.get("transcript_corrected") or ticket.get("transcript"))))
    mark = f"[12345 {ticket['number']}]"
    room = LONGEST_DESCRIPTION - len(mark) - 1
    return f"{words if len(words) <= room else words[: room - 1] + '…'}\n{mark}"
