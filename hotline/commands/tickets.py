"""`hotline tickets` and `hotline token`: the register of tickets, its dead letters, and who may ask the API."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer
from rich.console import Console
from rich.table import Table

from hotline import exchange_commands, opening
from hotline.settings import Settings
from hotline.terminal import NO, refuse

if TYPE_CHECKING:  # the database's packages take seconds to import, and `hotline --help` should not wait for them
    from tickets.models import Delivery, Ticket, Token
    from tickets.store import Store

AsJson = Annotated[bool, typer.Option("--json", help="as JSON")]
WAYS = "a ticket's number or id; or `export`, `import`; or `dead-letters`; or `search`, `replay`, `history`, `move` or `verify`"
Words = Annotated[str, typer.Option(help="with `move`: docs/tickets.md says which move needs what")]
MOST_LISTED = 1000
WIDE = 200  # characters, where the output is no terminal


def register(app: typer.Typer) -> None:
    """Adds the commands."""
    app.command()(tickets)
    token = typer.Typer(no_args_is_help=True, help="Bearer tokens of the HTTP API.")
    token.command("create")(create_token)
    token.command("list")(list_tokens)
    token.command("revoke")(revoke_token)
    app.add_typer(token, name="token")


def tickets(
    what: Annotated[str | None, typer.Argument(help=WAYS)] = None,
    which: Annotated[str | None, typer.Argument(help="with `export` and `import` a file; with `search` the words; with `replay` a delivery's id; with `history` and `move` a ticket's number")] = None,
    name: Annotated[str | None, typer.Argument(metavar="[MOVE]", help="with `move`: accept, dispatch, …")] = None,
    as_json: AsJson = False,
    limit: Annotated[int, typer.Option(min=1, max=MOST_LISTED, help="how many, the newest first")] = 50,
    reason: Annotated[str, typer.Option(help="what callers' numbers and names are needed for: shows them, the audit says so; with `move`: why")] = "",
    way: Words = "",
    reply: Words = "",
    organisation: Words = "",
    helper: Annotated[list[str] | None, typer.Option(help="with `move NUMBER dispatch`: an organisation that helps")] = None,
    rating: Words = "",
    head: Annotated[str, typer.Option(help="with `verify`: a head that was written down earlier")] = "",
    apply: Annotated[bool, typer.Option("--apply", help="with `import`: do it; without, it is said what would be done")] = False,
    since: Annotated[datetime | None, typer.Option(help="with `export`: tickets made from this moment on")] = None,
    until: Annotated[datetime | None, typer.Option(help="with `export`: tickets made before this moment")] = None,
) -> None:
    """Tickets 工单: the newest, one of them, a move of its life, or what the case system refused."""
    if (what in ("search", "replay", "history", "move", "export", "import")) != (which is not None) or (what == "move") != (name is not None):
        raise typer.BadParameter("hotline tickets [NUMBER | search WORDS | dead-letters | replay ID | history NUMBER | move NUMBER MOVE | verify | export FILE | import FILE]")
    with opening.register() as store:
        match what:
            case None:
                _list(store, store.tickets(limit + 1), limit, as_json, reason)
            case "search":
                _list(store, _found(store, str(which), limit + 1), limit, as_json, reason)
            case "dead-letters":
                _dead_letters(store, as_json)
            case "verify":
                _verify(store, head)
            case "replay":
                _replay(store, str(which), as_json)
            case "history":
                _show(store, str(which), as_json, reason, only_history=True)
            case "export":
                exchange_commands.export(store, Path(str(which)), reason, since, until)
            case "import":
                exchange_commands.bring_in(store, Path(str(which)), apply=apply, as_json=as_json)
            case "move":
                words = {"reason": reason, "way": way, "reply": reply, "organisation": organisation, "helpers": tuple(helper or ()), "rating": rating}
                _move(store, str(which), str(name), words, as_json)
            case _:
                _show(store, what, as_json, reason)


def create_token(
    role: Annotated[str, typer.Option(help="agent | supervisor | administrator | integration")],
    name: Annotated[str, typer.Option(help="whose it is, for the list")] = "",
    agent: Annotated[str, typer.Option(help="the login of the agent it is for, so that their own state and calls are known")] = "",
    organisation: Annotated[str, typer.Option(help="with the role integration: code of the unit it is for; it sees its own tickets only")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="always so: the output is JSON")] = True,
) -> None:
    """Make a token and print it, with its secret, once."""
    from queues import people  # noqa: PLC0415
    from queues.actor import Refused  # noqa: PLC0415

    with opening.register() as store:
        try:
            if agent:
                people.find(store.database, agent)
            token, secret = store.tokens.create(role, name, agent, organisation)
        except Refused as no:
            raise typer.BadParameter(no.detail, param_hint="--agent") from None
        except ValueError as error:
            raise typer.BadParameter(str(error), param_hint="--role") from None
    _print({"id": token.id, "role": token.role, "agent": token.agent, "organisation": token.organisation, "name": token.name, "secret": secret, "token": secret})


def list_tokens(as_json: AsJson = False) -> None:
    """List the tokens, without their secrets."""
    with opening.register() as store:
        found = [_token(token) for token in store.tokens.all()]
    if as_json:
        _print({"items": found, "next": None})
    else:
        _table(("id", "role", "agent", "organisation", "name", "created_at", "revoked_at"), found)


def revoke_token(identity: Annotated[str, typer.Argument(metavar="ID", help="as `hotline token list` shows it")]) -> None:
    """Refuse a token from now on."""
    from tickets.tokens import NoSuchToken  # noqa: PLC0415

    with opening.register() as store:
        try:
            store.tokens.revoke(identity)
        except NoSuchToken:
            _fail(f"no token has the id {identity}")


def _found(store: Store, words: str, limit: int) -> Sequence[Ticket]:
    from tickets.words import NothingToFind  # noqa: PLC0415

    try:
        return store.search(words, limit)
    except NothingToFind as no:
        _fail(no)


def _list(store: Store, rows: Sequence[Ticket], limit: int, as_json: bool, reason: str) -> None:
    from hotline import cases  # noqa: PLC0415

    page = rows[:limit]
    shown = cases.shown(store, page, reason)
    if as_json:
        _print({"items": shown, "next": page[-1].id if len(rows) > limit else None})
        return
    _table(("number", "began", "channel", "type", "path", "caller", "agent", "status", "stage", "said"), [_row(item) for item in shown])


def _row(shown: dict[str, Any]) -> dict[str, Any]:
    """A ticket in one line."""
    said = shown["transcript"] or (f"{shown['document']['pages']} pages" if shown["document"] else shown["transcript_state"])
    return shown | {"began": shown["began_at"][:16].replace("T", " "), "type": shown["type_name"], "said": said}


def _move(store: Store, number: str, name: str, words: dict[str, Any], as_json: bool) -> None:
    from hotline import cases  # noqa: PLC0415
    from tickets.case import Said  # noqa: PLC0415
    from tickets.moves import CaseRefused  # noqa: PLC0415
    from tickets.store import NoSuchTicket  # noqa: PLC0415

    try:
        moved = cases.move(store, Settings.load(), number, name, Said(**words))
    except NoSuchTicket:
        _fail(f"no ticket has the number or id {number}")
    except CaseRefused as no:
        _fail(f"{no.detail}; possible now: {', '.join(no.allowed) or 'nothing'}")
    if as_json:
        _print(moved)
    else:
        print(f"{moved['number']}: {moved['stage']} {moved['stage_name']}" + (f", due {moved['due_at'][:16]}" if moved["due_at"] else ""))


def _verify(store: Store, head: str) -> None:
    from hotline import cases  # noqa: PLC0415

    whole, words = cases.verified(store, head)
    print(words) if whole else _fail(words)


def _show(store: Store, number: str, as_json: bool, reason: str, only_history: bool = False) -> None:
    from hotline import cases  # noqa: PLC0415
    from tickets import wire  # noqa: PLC0415
    from tickets.store import NoSuchTicket  # noqa: PLC0415

    try:
        row = store.ticket(number)
    except NoSuchTicket:
        _fail(f"no ticket has the number or id {number}")
    [ticket], history = cases.shown(store, [row], "" if only_history else reason), [wire.event(line) for line in store.history(ticket_id=row.id)]
    if as_json:
        _print({"items": history, "next": None} if only_history else ticket | {"history": history})
        return
    if only_history:
        _table(("at", "event", "actor", "detail"), history)
        return
    told = ticket | {"findings": "\n".join(wire.findings.lines(ticket["findings"]))}
    _table(("", row.number), [{"": name, row.number: value} for name, value in told.items() if value not in (None, "")])
    _table(("at", "event", "actor", "detail"), history)


def _dead_letters(store: Store, as_json: bool) -> None:
    found = [_delivery(row) for row in store.outbox.dead_letters()]
    if as_json:
        _print({"items": found, "next": None})
    else:
        _table(("id", "ticket", "event", "attempts", "last_status", "last_error", "created_at"), found)


def _replay(store: Store, identity: str, as_json: bool) -> None:
    from tickets.jobs import DurableJobs  # noqa: PLC0415
    from tickets.outbox import NoSuchDelivery  # noqa: PLC0415

    store.jobs = DurableJobs(store.database)
    try:
        row = store.outbox.replay(identity, "hotline tickets replay")
    except NoSuchDelivery as error:
        _fail(f"no dead letter: {error}")
    if as_json:
        _print(_delivery(row))
    else:
        print(f"{identity} is sent again")


def _delivery(row: Delivery) -> dict[str, Any]:
    from tickets import wire  # noqa: PLC0415

    return {
        "id": row.id, "ticket": row.about, "event": row.event, "state": row.state, "attempts": row.attempts,
        "last_status": row.last_status, "last_error": row.last_error, "created_at": wire.moment(row.created_at),
    }  # fmt: skip


def _token(row: Token) -> dict[str, Any]:
    from tickets import wire  # noqa: PLC0415

    return {
        "id": row.id, "role": row.role, "agent": row.agent, "organisation": row.organisation, "name": row.name,
        "created_at": wire.moment(row.created_at), "revoked_at": wire.moment(row.revoked_at),
    }  # fmt: skip


def _print(data: dict[str, Any]) -> None:
    print(json.dumps(data, ensure_ascii=False))


def _table(columns: Sequence[str], rows: Sequence[dict[str, Any]]) -> None:
    if not rows:
        print("none")
        return
    table = Table()
    for name in columns:
        table.add_column(name, no_wrap=name in ("id", "number", "began"), overflow="fold")
    for row in rows:
        table.add_row(*("" if row[name] is None else str(row[name]).replace("[", "\\[") for name in columns))
    Console(width=None if sys.stdout.isatty() else WIDE).print(table)


def _fail(message: object) -> NoReturn:
    refuse(message, NO)
