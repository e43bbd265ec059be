"""`hotline deliveries` and `hotline reconcile`: what goes to the case system, what it has, and sending it again."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated, Any

import typer

from hotline import opening
from hotline.menus import whoever
from hotline.settings import Settings
from hotline.terminal import NO, AsJson, print_items, print_table, refuse

if TYPE_CHECKING:  # the database's packages take seconds to import
    from datetime import date

    from tickets.models import Delivery
    from tickets.reconciliation import Compared
    from tickets.replaying import Replayed
    from tickets.store import Store

group = typer.Typer(name="deliveries", help="What goes to the case system 推送.", invoke_without_command=True)
MOST_LISTED = 500
COLUMNS = ("id", "about", "sequence", "event", "state", "attempts", "last_status", "last_error", "created_at")


def register(app: typer.Typer) -> None:
    """Adds the commands."""
    app.add_typer(group)
    app.command()(reconcile)


@group.callback()
def deliveries(
    context: typer.Context,
    dead: Annotated[bool, typer.Option("--dead", help="those a person must look at, instead of those that wait")] = False,
    after: Annotated[str, typer.Option(help="the id of the last one seen")] = "",
    limit: Annotated[int, typer.Option(min=1, max=MOST_LISTED)] = 50,
    as_json: AsJson = False,
) -> None:
    """Those that wait, or the dead letters, oldest first."""
    if context.invoked_subcommand is not None:
        return
    with opening.register() as store:
        found = (store.outbox.dead_letters if dead else store.outbox.waiting)(limit + 1, after)
    page = [_shown(row) for row in found[:limit]]
    if as_json:
        print(json.dumps({"items": page, "next": page[-1]["id"] if len(found) > limit else None}, ensure_ascii=False))
        return
    print_table(COLUMNS, ([str(row[name] or "") for name in COLUMNS] for row in page), none="none is dead" if dead else "none waits")


@group.command()
def replay(
    since: Annotated[str, typer.Option(help="a delivery's id, or a time such as 2026-11-22T08:00 (Asia/Shanghai)")],
    ticket: Annotated[str, typer.Option(help="only of this ticket, by number, or call, by linkedid")] = "",
) -> None:
    """Sends everything again from this point on: same keys, same bytes, in order. For a case system that lost something."""
    from tickets.replaying import NoSuchPoint, Replaying  # noqa: PLC0415

    with opening.register() as store:
        replaying = Replaying(store.outbox)
        try:
            done = replaying.since(replaying.point(since), ticket, _me())
        except NoSuchPoint as error:
            refuse(error)
        _audit(store, "deliveries.replay", ticket or since, _said(done))
    typer.echo(_said(done))
    if not done.sent:
        raise typer.Exit(NO)


def reconcile(
    day: Annotated[str, typer.Argument(help="YYYY-MM-DD")] = "yesterday",
    resend: Annotated[bool, typer.Option("--resend", help="send again what they lack")] = False,
    as_json: AsJson = False,
) -> None:
    """Compares what the case system says it took on a day with what we know: exit 1 where something differs."""
    from hotline.serve.worker import case_system  # noqa: PLC0415
    from tickets.connectors import DeliveryError  # noqa: PLC0415
    from tickets.reconciliation import Reconciling, parsed  # noqa: PLC0415
    from tickets.replaying import Replaying  # noqa: PLC0415

    destination = case_system(Settings.load())
    if destination is None:
        refuse("there is no case system: case_system in settings.yaml; `hotline doctor` says what is wrong with it")
    with opening.register() as store:
        reconciling = Reconciling(store.outbox)
        try:
            when = parsed(day, reconciling.today())
            found = reconciling.reconcile(when, destination.connector)
        except ValueError:
            refuse(f"{day[:40]!r} is no day such as 2026-11-22")
        except DeliveryError as error:
            refuse(f"the case system cannot be asked: {error}")
        if found is None:
            refuse("this case system cannot be asked: case_system.reconciliation_url in settings.yaml")
        again = Replaying(store.outbox).of_day(when.isoformat(), [*found.missing, *found.different], _me()) if resend and found.differences else None
        if again is not None:
            _audit(store, "reconcile.resend", when.isoformat(), _said(again))
    _tell(when, found, again, as_json)
    if found.differences:
        raise typer.Exit(NO)


def _tell(day: date, found: Compared, again: Replayed | None, as_json: bool) -> None:
    kinds = {"missing": found.missing, "different": found.different, "unknown": found.unknown}
    items = [{"about": about, "difference": kind} for kind, abouts in kinds.items() for about in abouts]
    if as_json:
        print_items(items, day=day.isoformat(), compared=found.compared, sent_again=again.sent if again else 0)
        return
    print_table(("about", "difference"), ([item["about"], item["difference"]] for item in items), none=f"{day}: {found.compared} tickets and calls, the same on both sides")
    if again is not None:
        typer.echo(_said(again))


def _said(done: Replayed) -> str:
    lost = f"; {done.gone} are kept no longer" if done.gone else ""
    return f"{done.sent} are sent again{lost}"


def _shown(row: Delivery) -> dict[str, Any]:
    from tickets import wire  # noqa: PLC0415

    return {name: getattr(row, name) for name in COLUMNS[:-1]} | {"created_at": wire.moment(row.created_at)}


def _me() -> str:
    return f"administrator {whoever()}"


def _audit(store: Store, action: str, target: str, what: str) -> None:
    from queues import audit  # noqa: PLC0415
    from queues.actor import ADMINISTRATOR, Actor  # noqa: PLC0415

    audit.write(store.database, audit.Line(Actor(ADMINISTRATOR, name=whoever()), action, target, audit.DONE, what))
