"""`hotline pin NUMBER`: a new PIN for a citizen who lost theirs, or never had one."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from hotline.menus import whoever
from hotline.settings import Settings


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command()(pin)


def pin(number: Annotated[str, typer.Argument(help="of a ticket")]) -> None:
    """Give a ticket a new PIN and print it, once: with it the citizen asks how far it is. The one before opens nothing any more."""
    from hotline.commands.records import opened  # noqa: PLC0415 - the database's packages take seconds to import
    from hotline.secrets import pin_key  # noqa: PLC0415
    from queues.actor import ADMINISTRATOR, Actor  # noqa: PLC0415
    from tickets.progress import Progress  # noqa: PLC0415
    from tickets.store import NoSuchTicket  # noqa: PLC0415

    with opened() as database:
        try:
            made = Progress(database, pin_key(Settings.load())).issue_pin(number, str(Actor(ADMINISTRATOR, name=whoever())))
        except NoSuchTicket:
            typer.echo(f"hotline: no ticket has the number or id {number}", err=True)
            raise typer.Exit(1) from None
    print(json.dumps({"number": number, "pin": made}))
