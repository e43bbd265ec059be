"""/open311: GeoReport v2, for programs of citizens that report where something is wrong and follow what becomes of it.

By the specification (wiki.open311.org/GeoReport_v2), errors and all: 404 for what does not exist, 403 for a key, 400 for
everything else, the database being away as well; the entry's `code` then says 503.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any
from urllib.parse import parse_qsl

from fastapi import APIRouter, Depends, FastAPI, Header, Query, Request, Response, params
from fastapi.exceptions import RequestValidationError
from sqlalchemy.exc import SQLAlchemyError
from starlette.exceptions import HTTPException

from tickets import open311
from tickets.intake import Intake
from tickets.item import new_id
from tickets.open311 import ATTRIBUTES, LINES, SPECIFICATION, Fault, Refused, Service
from tickets.open311_register import Register
from web.access import ROLES, May, Reader, refused
from web.open311_format import JSON, TYPES, XML, answer, refusal, wanted

PREFIX = "/open311"
LARGEST_FORM = 64 * 1024  # bytes; the longest description is 36 000 of them when it is percent-encoded
MOST_FIELDS = 100
FORM = "application/x-www-form-urlencoded"
LATER = "请求已收到，受理后可凭 token 查到编号。Received; its number can be asked for by the token once it was accepted."
CONTENT: dict[str, Any] = {XML.split(";")[0]: {"schema": {"type": "string"}}, JSON.split(";")[0]: {}}
ANSWERS: dict[int | str, dict[str, Any]] = {
    200: {"content": CONTENT}, 400: {"content": CONTENT}, 403: {"content": CONTENT}, 404: {"content": CONTENT},
}  # fmt: skip
FORMS = {"name": "form", "in": "path", "required": True, "schema": {"type": "string", "enum": list(TYPES)}}
BODY = {
    "required": True,
    "content": {
        FORM: {
            "schema": {
                "type": "object",
                "properties": {
                    name: {"type": "string"}
                    for name in ("api_key", "jurisdiction_id", "service_code", "lat", "long", *LINES, "description", *(f"attribute[{code}]" for code in ATTRIBUTES))
                },
            }
        }
    },
}
router = APIRouter(prefix=PREFIX, tags=["open311"])
Form = Annotated[str, Depends(wanted)]
Text = Annotated[str, Query()]
Texts = Annotated[list[str], Query(description="several with commas")]


@dataclass(frozen=True)
class Provider:
    """What the city says of itself; `url` is its public address, where that is not the one asked by."""

    services: Callable[[], Sequence[Service]] = tuple
    jurisdiction_id: str = ""
    url: str = ""
    contact: str = "12345"
    key_service: str = "12345"
    batch: bool = False
    changeset: Callable[[], str] = str
    """When the services last changed, sortable."""


def install(app: FastAPI, provider: Provider) -> None:
    """Adds the routes, and makes every refusal below /open311 the specification's. After the other handlers of errors."""
    app.state.open311 = provider
    app.state.open311_register = Register(app.state.store, app.state.cases.rules, provider.services, provider.batch)
    app.include_router(router)
    for kind, faults in FAULTS.items():
        app.exception_handlers[kind] = _here(faults, app.exception_handlers.get(kind))


def _here(faults: Callable[[Any], tuple[int, tuple[Fault, ...]]], elsewhere: Callable[..., Any] | None) -> Callable[..., Any]:
    async def answered(request: Request, error: Exception) -> Response:
        if elsewhere is not None and not request.url.path.startswith(PREFIX):
            other: Response = await elsewhere(request, error)
            return other
        status, said = faults(error)
        return refusal(request, status, said, {"Retry-After": "5"} if said[0].code == 503 else None)

    return answered


def _http(error: HTTPException) -> tuple[int, tuple[Fault, ...]]:
    status = 404 if error.status_code == 404 else 400
    return status, (Fault(error.status_code, "there is nothing at this address" if status == 404 else str(error.detail)),)


FAULTS: dict[Any, Callable[[Any], tuple[int, tuple[Fault, ...]]]] = {
    Refused: lambda error: (error.status, error.faults),
    HTTPException: _http,
    RequestValidationError: lambda error: (400, tuple(Fault(400, f"{'.'.join(map(str, one['loc']))}: {one['msg']}") for one in error.errors())),
    SQLAlchemyError: lambda error: (400, (Fault(503, "the service is not reachable at the moment, please try again later"),)),
}


def _both(path: str, post: bool = False, dependencies: Sequence[params.Depends] = ()) -> Callable[[Callable[..., Response]], Callable[..., Response]]:
    """The address with `.xml` or `.json` at its end, and without, for programs that say Accept."""
    add = router.post if post else router.get

    def register(route: Callable[..., Response]) -> Callable[..., Response]:
        extra: dict[str, Any] = {"parameters": [FORMS]} | ({"requestBody": BODY} if post else {})
        add(path + ".{form}", responses=ANSWERS, response_class=Response, openapi_extra=extra, dependencies=dependencies)(route)
        add(path, response_class=Response, include_in_schema=False, dependencies=dependencies)(route)
        return route

    return register


def _provider(request: Request) -> Provider:
    provider: Provider = request.app.state.open311
    return provider


def _register(request: Request) -> Register:
    register: Register = request.app.state.open311_register
    return register


def _place(request: Request, jurisdiction_id: Text = "") -> None:
    """One city is served, so its name may be left out; another one's is not found."""
    _checked(_provider(request), jurisdiction_id)


def _checked(provider: Provider, jurisdiction_id: str) -> None:
    if jurisdiction_id and provider.jurisdiction_id and jurisdiction_id != provider.jurisdiction_id:
        raise Refused(Fault(404, f"jurisdiction_id was not found: {jurisdiction_id[:60]}"))


Here = Depends(_place)


def _key(request: Request, api_key: Text = "") -> Reader | None:
    """Whose key it is; none is needed to look. A key that is none is refused, whatever it was for."""
    scheme, _, bearer = request.headers.get("authorization", "").partition(" ")
    return _holder(request, api_key or (bearer.strip() if scheme.lower() == "bearer" else ""))


def _holder(request: Request, secret: str) -> Reader | None:
    if not secret:
        return None
    token = request.app.state.store.tokens.find(secret)
    if token is None or token.role not in ROLES:
        raise Refused(Fault(403, "this api_key is not known, or was revoked"))
    return Reader(token.id, token.role, token.agent, token.organisation)


Key = Annotated[Reader | None, Depends(_key)]


@_both("/discovery")
def discovery(request: Request, form: Form) -> Response:
    """Where the API is, in which formats, and whom to ask."""
    provider = _provider(request)
    changed = provider.changeset()
    endpoint = {
        "specification": SPECIFICATION, "url": (provider.url or str(request.base_url)).rstrip("/") + f"{PREFIX}/v2", "changeset": changed,
        "type": "production", "formats": [kind.split(";")[0] for kind in TYPES.values()],
    }  # fmt: skip
    said = {"changeset": changed, "contact": provider.contact, "key_service": provider.key_service, "endpoints": [endpoint]}
    return answer(form, "discovery", said)


@_both("/v2/services", dependencies=[Here])
def services(request: Request, form: Form) -> Response:
    """The kinds of matters: the city's categories."""
    register = _register(request)
    return answer(form, "services", [_service(service, register.batch) for service in register.known().values()])


@_both("/v2/services/{service_code}", dependencies=[Here])
def service_definition(request: Request, form: Form, service_code: str) -> Response:
    """What may be said with one of them; nothing must."""
    if service_code not in _register(request).known():
        raise Refused(Fault(404, f"service_code was not found: {service_code[:40]}"))
    return answer(form, "service_definition", {"service_code": service_code, "attributes": [_attribute(order, code) for order, code in enumerate(ATTRIBUTES, 1)]})


@_both("/v2/requests", dependencies=[Here])
def requests(
    request: Request, form: Form, holder: Key, service_request_id: Texts = [], service_code: Texts = [], start_date: Text = "", end_date: Text = "",  # noqa: B006 - FastAPI copies it
    status: Texts = [], page: Text = "", page_size: Text = "",  # noqa: B006
) -> Response:  # fmt: skip
    """Newest first: those of the last 90 days and at most 1000, unless something else is asked for; more by `page`."""
    given = {name: request.query_params.getlist(name) for name in request.query_params}
    query = open311.query(given, datetime.now(UTC))
    return answer(form, "service_requests", _register(request).requests(query, with_key=_may_read(holder)))


@_both("/v2/requests/{service_request_id}", dependencies=[Here])
def one_request(request: Request, form: Form, holder: Key, service_request_id: str) -> Response:
    """One of them."""
    return answer(form, "service_requests", [_register(request).request(service_request_id, with_key=_may_read(holder))])


@_both("/v2/tokens/{token}", dependencies=[Here])
def number(request: Request, form: Form, token: str) -> Response:
    """The number of what was handed in under this token; empty as long as nobody has looked at it."""
    register = _register(request)
    ticket, said = register.by_token(token)
    return answer(form, "service_requests", [{"service_request_id": ticket.number if register.has_number(ticket) else None, "token": said.token}])


def _may_read(holder: Reader | None) -> bool:
    return holder is not None and holder.may(May.READ_TICKETS) and not holder.organisation  # a unit's token reads /api


async def _form(request: Request) -> dict[str, list[str]]:
    """The fields of the body. Raises Refused: too large, not a form, not UTF-8."""
    if (kind := request.headers.get("content-type", FORM).split(";")[0].strip().lower()) != FORM:
        raise Refused(Fault(400, f"the body is {kind[:60]}; {FORM} is taken"))
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > LARGEST_FORM:
            raise Refused(Fault(400, f"the request is longer than {LARGEST_FORM} bytes"))
    try:
        pairs = parse_qsl(body.decode(), keep_blank_values=True, errors="strict", max_num_fields=MOST_FIELDS)
    except ValueError:  # UnicodeDecodeError is one
        raise Refused(Fault(400, f"the body is no form in UTF-8 with at most {MOST_FIELDS} fields")) from None
    fields: dict[str, list[str]] = {}
    for name, value in pairs:
        fields.setdefault(name, []).append(value)
    return fields


@_both("/v2/requests", post=True)
def hand_in(
    request: Request, form: Form, given: Annotated[dict[str, list[str]], Depends(_form)], api_key: Text = "",
    idempotency_key: Annotated[str, Header(alias="Idempotency-Key", max_length=200)] = "",
) -> Response:  # fmt: skip
    """A new request. `Idempotency-Key`: sent again under the same key it stays one."""
    provider, register = _provider(request), _register(request)
    holder = _key(request, next(iter(given.get("api_key", ())), "") or api_key)
    if holder is None:
        raise Refused(Fault(403, "api_key was not provided"))
    if not holder.may(May.MOVE_TICKETS):
        raise _told(request, holder, Refused(Fault(403, "this api_key may not hand in requests")))
    _checked(provider, next(iter(given.get("jurisdiction_id", ())), "").strip())
    try:
        report = open311.report(given, register.known())
    except Refused as no:
        raise _told(request, holder, no) from None
    intake: Intake = request.app.state.intake
    try:
        taken, ticket, token = register.take_in(intake, report, f"{holder.token} {idempotency_key or new_id()}")
    except Refused as no:
        raise _told(request, holder, no) from None
    if provider.batch and token:
        return answer(form, "service_requests", [{"token": token, "service_notice": LATER, "account_id": report.account_id or None}])
    notice = taken.answer + (intake.rules().notices.text("pin", "", pin=taken.pin) if taken.pin else "")
    return answer(form, "service_requests", [{"service_request_id": ticket.number, "service_notice": notice, "account_id": report.account_id or None}])


def _told(request: Request, holder: Reader, no: Refused) -> Refused:
    refused(request, holder, str(no))
    return no


def _service(service: Service, batch: bool) -> dict[str, Any]:
    return {
        "service_code": service.code,
        "service_name": service.name,
        "description": "、".join(service.keywords) or service.name,
        "metadata": True,
        "type": "batch" if batch else "realtime",
        "keywords": ",".join(service.keywords),
        "group": service.group,
    }


def _attribute(order: int, code: str) -> dict[str, Any]:
    label, keys = ATTRIBUTES[code]
    return {
        "variable": True,
        "code": code,
        "datatype": "singlevaluelist",
        "required": False,
        "datatype_description": None,
        "order": order,
        "description": label,
        "values": [{"key": key, "name": name} for key, name in keys.items()],
    }
