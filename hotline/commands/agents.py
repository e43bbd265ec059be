"""`hotline agents`: what agents are doing, and the people themselves: add, edit, remove, import, PINs."""

from __future__ import annotations

import contextlib
import getpass
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

from hotline import opening
from hotline.commands import queues as floor
from hotline.commands import telling
from hotline.settings import Settings
from hotline.terminal import NO, AsJson, print_items, print_table, refuse

if TYPE_CHECKING:  # the database's packages take a while to import, and `hotline --help` should not wait for them
    from queues.tables import Person
    from tickets.database import Database

Login = Annotated[str, typer.Argument(help="a-z, 0-9, dot, dash, underscore")]
Name = Annotated[str | None, typer.Option("--name", help="as people call them")]
WorkNumber = Annotated[str | None, typer.Option("--work-number", help="工号: digits, said to callers and dialled at a phone")]
Skill = Annotated[list[str] | None, typer.Option("--skill", help="NAME:LEVEL, level 1 to 9; may be given again")]
Language = Annotated[list[str] | None, typer.Option("--language", help="spoken besides Mandarin; may be given again")]
Dialect = Annotated[list[str] | None, typer.Option("--dialect", help="may be given again")]
Level = Annotated[int | None, typer.Option("--level", help="1 to 9")]
Role = Annotated[str | None, typer.Option("--role", help="agent | supervisor")]
Wrapup = Annotated[int | None, typer.Option("--wrapup-seconds", help="their own rest after a call, instead of the queue's")]

group = typer.Typer(name="agents", help="Agents 坐席: what they are doing; the people themselves.", invoke_without_command=True)
group.command()(telling.announce)
group.command()(telling.tell)


def register(app: typer.Typer) -> None:
    """Adds `agents` to the command."""
    app.add_typer(group)


@group.callback()
def agents(context: typer.Context, as_json: AsJson = False) -> None:
    """Who is logged in where and what they are doing; phones that need nobody, too."""
    if context.invoked_subcommand is None:
        floor.agents(as_json)


@group.command()
def add(
    login: Login, name: Name = None, work_number: WorkNumber = None, skill: Skill = None, language: Language = None,
    dialect: Dialect = None, level: Level = None, role: Role = None, wrapup_seconds: Wrapup = None,
    pin: Annotated[bool, typer.Option("--pin", help="read a PIN for phones from the terminal or standard input")] = False,
) -> None:  # fmt: skip
    """Add somebody who answers calls."""
    from queues import people  # noqa: PLC0415

    fields = _fields(name, work_number, skill, language, dialect, level, role, wrapup_seconds)
    with _people() as (database, by):
        _print(people.add(database, by, login, fields, _asked_pin() if pin else None))


@group.command()
def edit(
    login: Login, name: Name = None, work_number: WorkNumber = None, skill: Skill = None, language: Language = None,
    dialect: Dialect = None, level: Level = None, role: Role = None, wrapup_seconds: Wrapup = None,
    active: Annotated[bool | None, typer.Option("--active/--inactive", help="somebody who left cannot log in any more")] = None,
) -> None:  # fmt: skip
    """Change what is named; skills, languages and dialects are replaced as a whole."""
    from queues import people  # noqa: PLC0415

    fields = _fields(name, work_number, skill, language, dialect, level, role, wrapup_seconds)
    if active is not None:
        fields["active"] = active
    with _people() as (database, by):
        _print(people.edit(database, by, login, fields))
    _tell(login)


@group.command()
def remove(login: Login) -> None:
    """Remove somebody; their calls and tickets keep their name."""
    from queues import people  # noqa: PLC0415

    with _people() as (database, by):
        people.remove(database, by, login)


@group.command("list")
def list_(as_json: AsJson = False) -> None:
    """The people, logged in or not."""
    from queues import people  # noqa: PLC0415

    with _people() as (database, _):
        found = [_shown(person) for person in people.everybody(database)]
    if as_json:
        print_items(found)
        return
    head = ("login", "name", "work number", "role", "skills", "languages", "dialects", "level", "active")
    print_table(head, map(_row, found), none="nobody yet: `hotline agents add`, `hotline agents import`")


@group.command("import")
def import_(file: Annotated[Path, typer.Argument(help="YAML, or CSV where its name ends so")]) -> None:
    """Add the people of a list, change those who are there already. The first fault stops it; what came before stays."""
    from queues import people, roster  # noqa: PLC0415
    from queues.actor import Refused  # noqa: PLC0415

    try:
        rows = roster.read(file.read_text(encoding="utf-8"), is_csv=file.suffix.lower() == ".csv")
    except (OSError, UnicodeDecodeError, roster.RosterRefused) as error:
        _fail(f"{file}: {error}")
    done = {"added": 0, "changed": 0}
    with _people() as (database, by):
        known = {person.login for person in people.everybody(database)}
        for login, fields, pin in rows:
            try:
                if login in known:
                    people.edit(database, by, login, fields)
                    if pin:
                        people.set_pin(database, by, login, pin)
                else:
                    people.add(database, by, login, fields, pin)
            except Refused as no:
                _fail(f"{file}: {login}: {no.detail} ({done['added']} added, {done['changed']} changed before)")
            done["changed" if login in known else "added"] += 1
    for login, *_ in rows:
        if login in known:
            _tell(login)
    print(json.dumps(done))


@group.command()
def pin(login: Login, none: Annotated[bool, typer.Option("--none", help="no log-in at a phone")] = False) -> None:
    """Set the PIN for phones, read from the terminal or standard input; ends a lock."""
    from queues import people  # noqa: PLC0415

    with _people() as (database, by):
        people.set_pin(database, by, login, None if none else _asked_pin())


def _asked_pin() -> str:
    """Never an argument: those can be read in the list of processes and in the shell's history."""
    return getpass.getpass("PIN: ") if sys.stdin.isatty() else sys.stdin.readline().strip()


def _fields(
    name: str | None, work_number: str | None, skill: list[str] | None, language: list[str] | None, dialect: list[str] | None,
    level: int | None, role: str | None, wrapup_seconds: int | None,
) -> dict[str, Any]:  # fmt: skip
    given = {
        "name": name, "work_number": work_number, "skills": None if skill is None else _skills(skill), "languages": language,
        "dialects": dialect, "level": level, "role": role, "wrapup_seconds": wrapup_seconds,
    }  # fmt: skip
    return {field: value for field, value in given.items() if value is not None}


def _skills(given: list[str]) -> dict[str, int]:
    pairs = [word.partition(":") for word in given if word]
    if any(not (level.isascii() and level.isdigit()) for _, _, level in pairs):
        raise typer.BadParameter("NAME:LEVEL, such as tax:7", param_hint="--skill")
    return {skill: int(level) for skill, _, level in pairs}


@contextlib.contextmanager
def _people() -> Iterator[tuple[Database, Any]]:
    from hotline.menus import whoever  # noqa: PLC0415
    from queues.actor import ADMINISTRATOR, Actor, Refused  # noqa: PLC0415

    try:
        with opening.register() as store:
            yield store.database, Actor(ADMINISTRATOR, name=whoever())
    except Refused as no:
        _fail(no.detail)


def _tell(login: str) -> None:
    """Whoever is logged in works by what the table says now; where nobody runs, at the next start."""
    from hotline.menus import whoever  # noqa: PLC0415
    from queues.actor import ADMINISTRATOR, Actor, Refused  # noqa: PLC0415
    from queues.desk import ask  # noqa: PLC0415

    with contextlib.suppress(Refused):
        ask(Settings.load().home, "agent.changed", Actor(ADMINISTRATOR, name=whoever()), login=login)


def _shown(person: Person) -> dict[str, Any]:
    from queues.person_fields import shown  # noqa: PLC0415

    return shown(person)


def _row(person: dict[str, Any]) -> tuple[str, ...]:
    skills = " ".join(f"{skill}:{level}" for skill, level in sorted(person["skills"].items()))
    return (
        person["login"], person["name"], person["work_number"], person["role"], skills, " ".join(person["languages"]),
        " ".join(person["dialects"]), str(person["level"]), "yes" if person["active"] else "no",
    )  # fmt: skip


def _print(person: Person) -> None:
    print(json.dumps(_shown(person), ensure_ascii=False))


def _fail(message: str) -> NoReturn:
    refuse(message, NO)
