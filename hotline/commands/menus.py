"""`hotline check`, `walk`, `publish`, `versions`, `rollback`: what an administrator does with the menus."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from hotline import menus, reload
from hotline.asterisk import AsteriskFailed
from hotline.settings import Settings
from hotline.terminal import clock as on_the_clock
from hotline.terminal import print_table
from ivr.faults import CityRefused
from ivr.loading import Findings, examine, load
from ivr.model import City
from ivr.stories import clock
from ivr.walk import Walk, WrongStep, told
from speech import prompts
from speech.choosing import meaning
from speech.text import categories, gazetteer
from speech.text.sounds import HANZI

BY_A_PERSON = ("recording", "own")
MOST_NAMED = 5


def register(app: typer.Typer) -> None:
    """Adds the commands."""
    app.command("check")(check_command)
    app.command("walk")(walk_command)
    app.command("publish")(publish_command)
    app.command("versions")(versions_command)
    app.command("rollback")(rollback_command)


def check_command(folder: Annotated[Path | None, typer.Argument(metavar="[DIR]", help="the city's folder")] = None) -> None:
    """Check a city's files and stories 检查菜单: a line for each fault, exit 1 if there is one. Warnings do not count."""
    settings = Settings.load()
    city = folder or settings.city
    try:
        found = examine(menus.texts(city), meaning)
        gazetteer.of_city(city)
        categories.of_city(city)
    except (menus.PublishError, gazetteer.GazetteerError, categories.CategoriesError) as error:
        _fail([error])
    if found.faults:
        _fail(found.faults)
    for warning in (*_warnings(found), *_unrecorded(settings, city)):
        typer.echo(warning)
    typer.echo("no faults")


def walk_command(
    number: Annotated[str, typer.Argument(help="as a citizen dials it: 12345, 0546-12345, 1234511")],
    keys: Annotated[list[str] | None, typer.Argument(metavar="[KEY]...", help="0-9 * #, words a caller says (我要投诉), or silence; none: you are asked")] = None,
    at: Annotated[str | None, typer.Option(help='the moment of the call, "2026-11-23 10:00"; default: now')] = None,
    published: Annotated[bool, typer.Option(help="the current published version instead of the files being edited")] = False,
) -> None:
    """Walk through the menus as a caller does 走一遍菜单; prints the story, ready for the stories/ folder."""
    settings = Settings.load()
    try:
        city = _city(settings, published)
        now = datetime.now().astimezone() if at is None else clock(city, at)
        walk = Walk(city, now, menu=settings.file.menu.enabled, understand=meaning)
        walk.dials(number)
        if keys:
            for key in keys:
                _do(walk, key)
            if not walk.over:
                walk.hangs_up()  # a story must say how it ends
        else:
            _converse(walk)
    except (menus.PublishError, WrongStep) as error:
        _fail([error])
    except CityRefused as refused:
        _fail(refused.faults)
    typer.echo(told(walk, " ".join([number, *(keys or [])])))


def publish_command(
    folder: Annotated[Path | None, typer.Argument(metavar="[DIR]", help="your own copy of the city's folder")] = None,
    *,
    note: Annotated[str, typer.Option("--note", "-m", help="what changed, and why")],
    author: Annotated[str | None, typer.Option(help="who publishes; default: who is logged in")] = None,
    base: Annotated[int | None, typer.Option(help="the version you edited; default: the one last published from this folder")] = None,
    force: Annotated[bool, typer.Option("--force", help="even if somebody else published since")] = False,
) -> None:
    """Make the city's files the current version 发布菜单: new calls get it, calls in progress keep theirs."""
    settings = Settings.load()
    try:
        for warning in _warnings(examine(menus.texts(folder or settings.city), meaning)):
            typer.echo(warning, err=True)
        version = menus.publish(settings, note, folder=folder, author=author, base=base, force=force)
    except CityRefused as refused:
        _fail(refused.faults)
    except menus.PublishError as error:
        _fail([error])
    _say_what_is_not_heard(settings, menus.Store.of(settings).load(version.number))
    for change in version.changes:
        typer.echo(f"  {change}")
    typer.echo(f"version {version.number} is current")
    _tell_asterisk(settings)


def versions_command(as_json: Annotated[bool, typer.Option("--json", help="as JSON")] = False) -> None:
    """The published versions 已发布的版本, the newest first."""
    try:
        versions = menus.Store.of(Settings.load()).versions()
    except menus.PublishError as error:
        _fail([error])
    if as_json:
        typer.echo(json.dumps({"items": [asdict(version) for version in versions], "next": None}, ensure_ascii=False))
        return
    print_table(("version", "current", "published", "author", "note and changes"), map(_row, versions), none="nothing was published yet")


def _row(version: menus.Version) -> tuple[str, ...]:
    """On this machine's clock, as the other listings have it."""
    told = "\n".join([version.note, *(f"  {change}" for change in version.changes)])
    return str(version.number), "*" if version.current else "", on_the_clock(datetime.fromisoformat(version.published_at).timestamp()), version.author, told


def rollback_command(number: Annotated[int | None, typer.Argument(metavar="[N]", help="default: the version that the current one replaced")] = None) -> None:
    """Make an older version current again 回退."""
    settings = Settings.load()
    try:
        version = menus.Store.of(settings).rollback(number)
    except menus.PublishError as error:
        _fail([error])
    typer.echo(f"version {version.number} is current")
    _tell_asterisk(settings)


def _city(settings: Settings, published: bool) -> City:
    if not published:
        return load(menus.texts(settings.city))
    store = menus.Store.of(settings)
    current = store.current()
    if current is None:
        raise menus.PublishError("nothing was published yet")
    return store.load(current)


def _do(walk: Walk, words: str) -> None:
    if words == "silence":
        walk.is_silent()
    elif HANZI.search(words):
        walk.says(words)
    else:
        walk.presses(words)


def _converse(walk: Walk) -> None:
    """Asks the person at the terminal until the menu is over; a wrong key is said and asked again."""
    while True:
        for prompt in walk.unheard:
            typer.echo(f"  {walk.city.text(prompt, walk.place.language if walk.place else '')}")
        walk.unheard.clear()
        if walk.over:
            typer.echo(f"  -> {walk.where}\n")
            return
        what = "key or words" if walk.listening else "key"
        answer = typer.prompt(f"{what} (Enter: silence, q: hang up)", default="", show_default=False).strip()
        try:
            if answer == "q":
                walk.hangs_up()
            else:
                _do(walk, answer or "silence")
        except WrongStep as wrong:
            typer.echo(f"  {wrong}")


def _warnings(found: Findings) -> Iterator[str]:
    yield from (f"{one.file}:{one.line}: {one.path}: warning: {one.message}" for one in found.warnings)


def _unrecorded(settings: Settings, city: Path) -> Iterator[str]:
    """A line for each language in which a machine speaks: it is for trials, a city has a person's voice."""
    texts = prompts.texts(city)
    for language in prompts.languages(city, settings.file.menu.language):
        own = language == settings.file.menu.language
        file = city / ("prompts.yaml" if own else f"prompts.{language}.yaml")
        prepared = settings.sounds / language if city == settings.city else city / "recordings"
        left = [
            name
            for name, text in prompts.texts(city, language).items()
            if (own or text != texts[name])  # what is not translated is heard in the city's own language
            and prompts.recording_of(city, name, language) is None
            and prompts.source_of(prepared / f"{name}.wav") not in BY_A_PERSON
        ]
        if left:
            yield f"{file.name}:1: file: warning: no person has recorded {_some(left)}: until then a machine speaks, or nobody"


def _some(names: list[str]) -> str:
    return ", ".join(names[:MOST_NAMED]) + (f" and {len(names) - MOST_NAMED} more" if len(names) > MOST_NAMED else "")


def _say_what_is_not_heard(settings: Settings, city: City) -> None:
    """A warning, not a refusal: an administrator may publish now and record later. Callers hear nothing there."""
    own = settings.file.menu.language
    spoken = [(language, prompt) for language in (own, *(name for name in city.languages if name != own)) for prompt in city.prompts]
    silent = [
        prompt if language == own else f"{language}/{prompt}"
        for language, prompt in spoken
        if not _is_heard(settings, language, prompt, city.text(prompt, language))
    ]
    if silent:
        typer.echo(f"warning: {len(silent)} prompts have no sound yet, or one that says something else: {_some(silent)} (hotline prompts render)", err=True)


def _is_heard(settings: Settings, language: str, prompt: str, text: str) -> bool:
    place = settings.sounds / language / f"{prompt}.wav"
    return place.is_file() and not prompts.outdated(place, text, prompts.recording_of(settings.city, prompt, language), language)


def _tell_asterisk(settings: Settings) -> None:
    try:
        reload.menus(settings)
    except AsteriskFailed as error:
        _fail([f"published, but Asterisk could not be told: {error}"])


def _fail(reasons: Iterable[object]) -> NoReturn:
    for reason in reasons:
        typer.echo(str(reason), err=True)
    raise typer.Exit(1)
