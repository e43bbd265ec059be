"""`hotline persons`: what the hotline keeps of somebody, given to them or erased (PIPL, art. 44 to 47)."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

from hotline import opening
from hotline.settings import Settings
from hotline.terminal import NO, refuse

if TYPE_CHECKING:  # the database's packages take seconds to import
    from web.persons import PersonDesk

Number = Annotated[str, typer.Argument(help="the telephone number they called from or gave; of who wrote without one, the e-mail address, or wechat:OPENID")]
Reason = Annotated[str, typer.Option(help="why; the audit keeps it")]


def register(app: typer.Typer) -> None:
    """Adds the commands."""
    persons = typer.Typer(no_args_is_help=True, help="A person's data: given out or erased.")
    persons.command("export")(export)
    persons.command("erase")(erase)
    app.add_typer(persons, name="persons")


def export(number: Number, file: Annotated[Path, typer.Argument(help="the zip to write; it is plain, give it to nobody else")], reason: Reason = "") -> None:
    """Write everything that is kept of this person into a zip: person.json, recordings, faxes, attachments."""
    with _desk() as (desk, me):
        try:
            handle = os.open(file, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        except OSError as error:
            _fail(f"{file}: {error.strerror}")
        with contextlib.ExitStack() as failing:
            failing.callback(file.unlink)  # half of it is nobody's
            with os.fdopen(handle, "w+b") as archive:
                print(json.dumps(desk.export(me, number, reason, archive), ensure_ascii=False))
            failing.pop_all()


def erase(
    number: Number,
    reason: Reason = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="only say what would go")] = False,
    open_too: Annotated[bool, typer.Option("--open-too", help="also tickets that somebody still works on")] = False,
) -> None:
    """Destroy this person's key, empty their rows, delete their files. It cannot be taken back; look with --dry-run first."""
    with _desk() as (desk, me):
        done = desk.look(me, number, reason) if dry_run else desk.erase(me, number, reason, open_too=open_too)
        print(json.dumps({"dry_run": dry_run, **done}, ensure_ascii=False))


@contextlib.contextmanager
def _desk() -> Iterator[tuple[PersonDesk, Any]]:
    from hotline.menus import whoever  # noqa: PLC0415
    from queues.actor import ADMINISTRATOR, Actor, Refused  # noqa: PLC0415
    from tickets.vault import Vault  # noqa: PLC0415
    from web.persons import PersonDesk  # noqa: PLC0415

    try:
        with opening.register() as store:
            yield PersonDesk(store, Vault(Settings.load().home, store.database)), Actor(ADMINISTRATOR, name=whoever())
    except Refused as no:
        more = no.extra.get("open")
        _fail(no.detail.replace("header X-Hotline-Reason or parameter reason", "--reason WHY") + (f": {', '.join(more)} (--open-too erases them all the same)" if more else ""))
    except OSError as error:
        refuse(error)


def _fail(message: object) -> NoReturn:
    refuse(message, NO)
