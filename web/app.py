"""Puts the HTTP API together. It can be down without a caller noticing; it reads, and writes almost nothing."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
from collections.abc import AsyncIterator, Callable, Sequence
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from fastapi import FastAPI, Response
from fastapi.responses import JSONResponse
from sqlalchemy.exc import SQLAlchemyError
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from queues import alarm_file
from queues.snapshot import Snapshot
from tickets.case import Cases
from tickets.deadlines import Rules
from tickets.knowledge import Knowledge
from tickets.progress import Progress
from tickets.reconciliation import Reconciling
from tickets.spool import Item, Spool
from tickets.store import Store
from tickets.vault import Vault
from web import (
    access,
    agent_routes,
    alarm_routes,
    call_routes,
    callback_routes,
    case_routes,
    delivery_routes,
    events,
    exchange_routes,
    figure_routes,
    floor_routes,
    intake_routes,
    knowledge_routes,
    open311_routes,
    person_routes,
    problems,
    progress_routes,
    reconciliation_routes,
    record_routes,
    report_routes,
    reports_routes,
    revisit_routes,
    supervisor_routes,
    surge_routes,
    ticket_routes,
    upload_routes,
    waiting_routes,
)
from web.intake_routes import Doors
from web.metrics import Figures, Sessions, exposition
from web.open311_routes import Provider
from web.uploads import Uploads
from web.views import HealthView

Reasons = Callable[[], Sequence[str]]
LATE_SECONDS = 60
MOST_BYTES = 1024 * 1024  # of a request, where its route takes no more: FastAPI reads it before anybody asks whose it is
OPEN311 = Provider()
DOORS = Doors()


def create_app(
    store: Store,
    *,
    home: Path,
    reasons: Reasons,
    concerns: Reasons = lambda: (),
    floor: Callable[[], Snapshot | None] = lambda: None,
    agi: Callable[[], Sessions | None] = lambda: None,
    rules: Callable[[], Rules] = Rules,
    open311: Provider = OPEN311,
    doors: Doors = DOORS,
    pin_key: bytes = b"",
    callback_key: Callable[[], bytes | None] = lambda: None,
    minimum_free_mb: int = 0,
    version: str = "0.1.0",
) -> FastAPI:
    """The API over one hotline's data.

    `reasons` says why calls cannot be taken (empty: they can), `concerns` what else needs a person, `floor` what is going on, `agi` what became of
    callers in the menu, `rules` what the city's files say about tickets (`pin_key`: of citizens' PINs; without it those of this process alone open),
    `callback_key` what signs the case system's callbacks (None: there is no key); all are called in threads
    and may read files, but must not take long. `store` is not closed here.
    """
    spool = Spool(home / "spool", minimum_free_mb)
    app = FastAPI(title="12345 hotline", version=version, docs_url=None, redoc_url=None, lifespan=_lifespan, responses=problems.PROMISED, max_body_size=MOST_BYTES)
    app.state.store, app.state.home, app.state.floor = store, home.absolute(), floor
    app.state.cases = Cases(store.database, rules)
    app.state.callback_key = callback_key
    app.state.knowledge = Knowledge(store.database)
    app.state.vault = Vault(home.absolute(), store.database)
    app.state.progress = Progress(store.database, pin_key or secrets.token_bytes(32))
    app.state.feed = events.Feed(store, home)
    app.add_middleware(SafeHeaders)
    problems.install(app, access.invalid)
    _plain_pages(app, Figures(store, spool, floor, reasons, agi, partial(alarm_file.read, alarm_file.where(home))), store, spool, reasons, concerns)
    for routes in (
        knowledge_routes, ticket_routes, case_routes, call_routes, supervisor_routes, agent_routes, floor_routes, alarm_routes, delivery_routes, record_routes, figure_routes, waiting_routes, progress_routes,
        exchange_routes, callback_routes, person_routes, reconciliation_routes, events,
    ):  # fmt: skip
        app.include_router(routes.router)
    app.include_router(revisit_routes.router)
    open311_routes.install(app, open311)
    intake_routes.install(app, doors)
    app.include_router(surge_routes.router)
    app.include_router(upload_routes.router)
    app.state.uploads = Uploads()
    app.include_router(reports_routes.router)
    report_routes.install(app, doors.report_key)
    return app


@contextlib.asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    follower = asyncio.create_task(app.state.feed.follow())
    yield
    follower.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await follower


def _plain_pages(app: FastAPI, figures: Figures, store: Store, spool: Spool, reasons: Reasons, concerns: Reasons) -> None:
    @app.get("/health", response_model=HealthView, responses={503: {"model": HealthView}})
    def health() -> JSONResponse:
        """200 when calls can be taken, 503 with the reasons otherwise."""
        why = list(reasons())
        content = {"status": "unavailable" if why else "ok", "reasons": why, "warnings": [*concerns(), *warnings(store, spool)]}
        return JSONResponse(content, 503 if why else 200)

    @app.get("/metrics", response_class=Response, responses={200: {"content": {"text/plain": {}}}})
    def metrics() -> Response:
        """For Prometheus."""
        return Response(exposition(figures), media_type="text/plain; version=0.0.4; charset=utf-8")


def warnings(store: Store, spool: Spool) -> list[str]:
    """What needs a person although calls are taken."""
    found = []
    try:
        if not spool.has_room():
            found.append(f"disk full ({spool.free_mb()} MB free): callers reach a person instead of voicemail")
        if late := sum(_is_late(item) for item in spool.waiting()):
            found.append(f"{late} messages or faxes have waited in the spool for more than a minute: is the worker well?")
    except OSError as error:
        found.append(f"the spool cannot be read: {error.strerror}")
    try:
        if dead := store.backlog().dead_letters:
            found.append(f"{dead} tickets were refused by the case system: hotline tickets dead-letters")
        found += [f"the case system and we differ on {n} tickets or calls of {day}: hotline reconcile {day} --resend" for day, n in Reconciling(store.outbox).with_differences()]
    except SQLAlchemyError:
        found.append("the database does not answer: messages wait in the spool")
    return found


def _is_late(item: Item) -> bool:
    """Ended more than a minute ago; a ticket is due within seconds."""
    try:
        ended = datetime.fromisoformat(item.closed_at)
    except ValueError:
        return False
    return ended.tzinfo is not None and (datetime.now(UTC) - ended).total_seconds() > LATE_SECONDS



class SafeHeaders:
    """On every answer: nothing is sniffed, cached, framed or told to other sites."""

    HEADERS = {
        "X-Content-Type-Options": "nosniff",
        "Cache-Control": "no-store",
        "Referrer-Policy": "no-referrer",
        "X-Frame-Options": "DENY",
        "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    }

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in self.HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        await self._app(scope, receive, with_headers)
