"""`hotline retention` and `hotline vault`: what is deleted by time and the proof of it; the key under which everything lies."""

from __future__ import annotations

import contextlib
import json
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from hotline import opening
from hotline.settings import Settings
from hotline.terminal import NO, refuse

if TYPE_CHECKING:  # the database's packages take seconds to import
    from tickets.store import Store

MOST_LISTED = 500


def register(app: typer.Typer) -> None:
    """Adds the commands."""
    retention = typer.Typer(no_args_is_help=True, help="What is deleted by time (retention.yaml), and the proof of it.")
    retention.command("run")(run)
    retention.command("report")(report)
    app.add_typer(retention, name="retention")
    vault = typer.Typer(no_args_is_help=True, help="The key under which recordings and documents lie.")
    vault.command("status")(status)
    vault.command("rotate")(rotate)
    app.add_typer(vault, name="vault")


def run(dry_run: Annotated[bool, typer.Option("--dry-run", help="only count what would go")] = False) -> None:
    """Delete what has been kept for long enough, now instead of tonight; prints how much of what."""
    from hotline import retention  # noqa: PLC0415
    from hotline.menus import PublishError, whoever  # noqa: PLC0415
    from ivr.faults import CityRefused  # noqa: PLC0415

    with _store() as store:
        try:
            found = retention.keeper(Settings.load(), store)
        except (PublishError, CityRefused) as error:
            _fail(str(error).splitlines()[0])
        if found is None:
            _fail(retention.NO_RULES)
        print(json.dumps(found.run(f"administrator {whoever()}", dry=dry_run), ensure_ascii=False))


def report(limit: Annotated[int, typer.Option(min=1, max=MOST_LISTED, help="how many runs, the newest first")] = 20) -> None:
    """What was deleted, run by run; exit 1 if a line is not what was written."""
    from tickets import deletions  # noqa: PLC0415
    from tickets.vault import Vault  # noqa: PLC0415

    with _store() as store:
        known = Vault(Settings.load().home, store.database).persons.master()
        with store.database.reads() as session:
            print(json.dumps({"items": [deletions.as_json(line) for line in deletions.lines(session, limit)], "next": None}, ensure_ascii=False))
            if why := deletions.verify(session, known):
                _fail(why)


def status() -> None:
    """How many files lie sealed and plain, how many persons have a key, which master key wraps them."""
    from sqlalchemy import func, select  # noqa: PLC0415

    from tickets import sealing  # noqa: PLC0415
    from tickets.person_tables import Person  # noqa: PLC0415
    from tickets.vault import Vault  # noqa: PLC0415

    home = Settings.load().home
    with _store() as store:
        with store.database.reads() as session:
            keys = session.execute(select(func.count()).select_from(Person).where(Person.wrapped_key.is_not(None))).scalar_one()
            erased = session.execute(select(func.count()).select_from(Person).where(Person.erased_at.is_not(None))).scalar_one()
        known = Vault(home, store.database).persons.master()
        files = sum(1 for _ in sealing.files(home))
        plain = sealing.plain(home)
        print(json.dumps({"persons": keys, "erased": erased, "files": files, "plain": plain, "master": known.current, "masters": len(known.keys)}))


def rotate() -> None:
    """Make a new master key and wrap every person's key with it. Files stay as they are; running processes follow by themselves."""
    from tickets.vault import Vault  # noqa: PLC0415

    home = Settings.load().home
    with _store() as store:
        persons = Vault(home, store.database).persons
        count = persons.rotate()
        print(json.dumps({"wrapped": count, "master": persons.master().current}))
        print("make a backup now: older ones hold the older key", file=sys.stderr)


@contextlib.contextmanager
def _store() -> Iterator[Store]:
    """What cannot be read or written, the vault's keys for example, is said in one line."""
    try:
        with opening.register() as store:
            yield store
    except OSError as error:
        refuse(error)


def _fail(message: object) -> NoReturn:
    refuse(message, NO)
