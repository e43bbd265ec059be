"""Every error as `application/problem+json` (RFC 9457): what, where, and nothing of our insides."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any, Literal

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict
from sqlalchemy.exc import SQLAlchemyError
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException

from queues.actor import Refused

MEDIA_TYPE = "application/problem+json"
LONGEST_ECHO = 100  # of what a client sent
log = structlog.get_logger("web")


class ProblemView(BaseModel):
    """RFC 9457; some have more fields."""

    model_config = ConfigDict(extra="allow")
    type: Literal["about:blank"]
    title: str
    status: int
    detail: str


_PROMISE: dict[str, Any] = {"description": "a problem (RFC 9457)", "content": {MEDIA_TYPE: {"schema": ProblemView.model_json_schema()}}}
PROMISED: dict[int | str, dict[str, Any]] = {"4XX": _PROMISE, "5XX": _PROMISE}


class Problem(Exception):
    """Raised by a route; answered as it stands."""

    def __init__(self, status: int, detail: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(detail)
        self.status, self.detail, self.headers = status, detail, headers


def answer(status: int, detail: str, headers: Mapping[str, str] | None = None, /, **more: Any) -> JSONResponse:
    """One problem. `type` is about:blank: the status says what kind it is."""
    content = {**more, "type": "about:blank", "title": HTTPStatus(status).phrase, "status": status, "detail": detail}
    safe = {"X-Content-Type-Options": "nosniff", **(headers or {})}  # a 500 is answered outside our middleware
    return JSONResponse(content, status, headers=safe, media_type=MEDIA_TYPE)


def install(app: FastAPI, invalid_request: Callable[[Request, str], None] = lambda request, why: None) -> None:
    """Makes all errors of the application problems. `invalid_request` is told in a thread of requests whose fields are wrong."""

    @app.exception_handler(Problem)
    async def problem(_: Request, error: Problem) -> JSONResponse:
        return answer(error.status, error.detail, error.headers)

    @app.exception_handler(Refused)
    async def refused(_: Request, error: Refused) -> JSONResponse:
        retry = {"Retry-After": "2"} if error.status == 503 else None
        return answer(error.status, error.detail, retry, **error.extra)

    @app.exception_handler(HTTPException)
    async def http(request: Request, error: HTTPException) -> JSONResponse:
        detail = error.detail if error.detail != HTTPStatus(error.status_code).phrase else _usual(request, error.status_code)
        return answer(error.status_code, detail, error.headers)

    @app.exception_handler(RequestValidationError)
    async def invalid(request: Request, error: RequestValidationError) -> JSONResponse:
        faults = [{"where": ".".join(map(str, fault["loc"])), "what": fault["msg"]} for fault in error.errors()]
        why = "; ".join(f"{fault['where']}: {fault['what']}" for fault in faults)
        await run_in_threadpool(invalid_request, request, why)
        return answer(422, why, errors=faults)

    @app.exception_handler(SQLAlchemyError)
    async def database(_: Request, error: SQLAlchemyError) -> JSONResponse:
        log.error("database", error=type(error).__name__)
        return answer(503, "the database does not answer", {"Retry-After": "5"})

    @app.exception_handler(Exception)
    async def fault(_: Request, error: Exception) -> JSONResponse:
        return answer(500, "a fault in the hotline; its log has the rest")


def _usual(request: Request, status: int) -> str:
    path = request.url.path[:LONGEST_ECHO]
    return f"{path}: {'no such page' if status == 404 else f'{request.method} is not possible here' if status == 405 else HTTPStatus(status).phrase}"
