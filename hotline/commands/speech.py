"""`hotline models` and `hotline prompts`: what recognises speech, and what callers hear."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict
from typing import Annotated, Any, NoReturn

import typer
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from hotline import elderly
from hotline.settings import Settings
from speech import catalogue, engines, prompt_check, setup, store, studio
from speech import prompts as city_prompts
from speech.audio import AudioError
from speech.recogniser import EngineUnusable
from speech.store import ModelError

models = typer.Typer(name="models", help="Recognisers' models and voices 语音模型.")
prompts = typer.Typer(name="prompts", help="What callers hear 提示音.")

Language = Annotated[str | None, typer.Option("--language", "-l", help="en, zh_slow …; default: the city's own")]
AsJson = Annotated[bool, typer.Option("--json", help="as JSON")]


def register(app: typer.Typer) -> None:
    """Adds `models` and `prompts` to the command."""
    app.add_typer(models)
    app.add_typer(prompts)


@models.callback(invoke_without_command=True)
def models_alone(context: typer.Context, as_json: AsJson = False) -> None:
    """Speech models 语音模型; alone it lists them."""
    if context.invoked_subcommand is None:
        list_models(as_json)


@models.command("list")
def list_models(as_json: AsJson = False) -> None:
    """Every known model, whether it is here, and which one recognises."""
    settings = Settings.load()
    used, note = _used(settings)
    items: list[dict[str, Any]] = [
        {"name": f.model.name, "kind": f.model.kind, "language": f.model.language, "state": f.state, "used": f.model.name == used,
         "when": f.model.when, "licence": f.model.licence, "note": f.model.note, "folder": str(f.folder)}
        for f in store.look_all(settings)
    ]  # fmt: skip
    if as_json:
        _print_items(items, note=note)
        return
    _table(("model", "kind", "language", "state", "licence"), (
        (f"{item['name']}{' *' if item['used'] else ''}", item["kind"], item["language"], item["state"], item["licence"]) for item in items
    ))  # fmt: skip
    Console().print(note or f"* recognises messages: {used}", style="dim", markup=False)


@models.command()
def fetch(name: Annotated[str, typer.Argument(help="a name of `hotline models list`")], as_json: AsJson = False) -> None:
    """Fetch a model: checked, unpacked aside, put in place when whole."""
    model = catalogue.named(name)
    if model is None:
        _refuse(f"no model {name!r} (known: {', '.join(known.name for known in catalogue.MODELS)})")
    settings = Settings.load()
    try:
        with Progress(console=Console(stderr=True), transient=True) as progress:
            folder = setup.get(settings, model, progress)
    except (ModelError, OSError) as error:
        _refuse(error, code=1)
    if as_json:
        print(json.dumps({"name": name, "folder": str(folder)}, ensure_ascii=False))
    else:
        print(f"{name} is ready in {folder}")


@models.command()
def verify(as_json: AsJson = False) -> None:
    """Read every model that is here against its checksums. Exit 1 if one is damaged."""
    settings = Settings.load()
    here = [found.model for found in store.look_all(settings) if found.state != "absent"]
    items: list[dict[str, Any]] = [{"name": model.name, "faults": store.verify(settings, model)} for model in here]
    if as_json:
        _print_items(items)
    else:
        for item in items:
            print(f"{item['name']}: {'; '.join(item['faults']) or 'whole'}")
    if any(item["faults"] for item in items):
        raise typer.Exit(1)


@prompts.callback(invoke_without_command=True)
def prompts_alone(context: typer.Context, as_json: AsJson = False) -> None:
    """Prompts 提示音: what callers hear; alone it lists them."""
    if context.invoked_subcommand is None:
        list_prompts(as_json)


@prompts.command("list")
def list_prompts(as_json: AsJson = False) -> None:
    """Every prompt, its text and what it is made of."""
    _show(Settings.load(), as_json)


@prompts.command()
def check(as_json: AsJson = False) -> None:
    """As list, and exit 1 if a prompt is missing, unheard, too long, too quiet or out of date."""
    if not _show(Settings.load(), as_json):
        raise typer.Exit(1)


@prompts.command()
def render(as_json: AsJson = False) -> None:
    """Make what is missing or changed. The city's own recordings come first."""
    settings = Settings.load()
    try:
        done = [prompt for language in _languages(settings) for prompt in city_prompts.render(settings.city, settings, language)]
    except (city_prompts.PromptsError, OSError) as error:
        _refuse(error)
    if as_json:
        _print_items([asdict(prompt) for prompt in done])
        return
    print(f"{len(done)} prompts ready, {sum(prompt.made for prompt in done)} made now")
    for prompt in done:
        if prompt.problem:
            typer.echo(f"{prompt.id}: {prompt.problem}", err=True)


@prompts.command()
def record(
    name: Annotated[str, typer.Argument(metavar="ID")],
    seconds: Annotated[float, typer.Option(min=1, max=studio.LONGEST_SECONDS, help="Ctrl-C ends it earlier")] = 15.0,
    language: Language = None,
) -> None:
    """Record a prompt with this computer's microphone; it takes precedence over the voice."""
    settings = Settings.load()
    language = _known(settings, language)
    try:
        text = city_prompts.texts(settings.city, language).get(name)
        if text is None:
            _refuse(f"there is no prompt {name!r} in {settings.city / 'prompts.yaml'}")
        print(f"请读：{text}")
        print(f"saved as {studio.save(settings.city, name, studio.record(seconds), language)}; next: hotline prompts render")
    except (city_prompts.PromptsError, studio.StudioError, OSError) as error:
        _refuse(error)


@prompts.command()
def play(name: Annotated[str, typer.Argument(metavar="ID")], language: Language = None) -> None:
    """Play a prompt as callers hear it."""
    settings = Settings.load()
    if not city_prompts.ID.fullmatch(name):
        _refuse(f"{name!r} is not a prompt id")
    try:
        studio.play(settings.sounds / _known(settings, language) / f"{name}.wav")
    except (studio.StudioError, AudioError, OSError) as error:
        _refuse(error)


def _show(settings: Settings, as_json: bool) -> bool:
    """Prints every prompt with its faults; whether there are none."""
    languages = _languages(settings, slowly=False)
    try:
        items = [(language, item) for language in languages for item in prompt_check.check(settings.city, settings, language)]
        strays = [stray for language in languages for stray in prompt_check.strays(settings.city, language)]
    except city_prompts.PromptsError as error:
        _refuse(error)
    if as_json:
        _print_items([{**asdict(item), "language": language} for language, item in items], strays=strays)
    else:
        _table(("language", "id", "source", "seconds", "dBFS", "text"), (
            (language, item.id, item.source, f"{item.seconds:.1f}", f"{item.level_dbfs:.0f}", item.text) for language, item in items
        ))  # fmt: skip
        for line in [f"{_named(language, item.id)}: {fault}" for language, item in items for fault in item.faults] + strays:
            typer.echo(line, err=True)
    return not strays and not any(item.faults for _, item in items)


def _named(language: str, prompt: str) -> str:
    return prompt if language == city_prompts.LANGUAGE else f"{language}/{prompt}"


def _languages(settings: Settings, slowly: bool | None = None) -> list[str]:
    wanted = elderly.anybody_slowly(settings) if slowly is None else slowly
    return city_prompts.languages(settings.city, settings.file.menu.language, slowly=wanted)


def _known(settings: Settings, language: str | None) -> str:
    """The language named, or the city's own; a name becomes a folder's."""
    known = _languages(settings, slowly=True)
    if language is not None and language not in known:
        _refuse(f"no language {language!r} (there are: {', '.join(known)})")
    return language or settings.file.menu.language


def _used(settings: Settings) -> tuple[str, str]:
    """The model that recognises messages, and what there is to say about that."""
    wish = settings.file.speech
    try:
        choice = engines.choose(settings, wish.engine, wish.model, wish.input_path)
    except EngineUnusable as error:
        return "", str(error)
    return choice.model, choice.note


def _print_items(items: list[dict[str, Any]], **more: Any) -> None:
    print(json.dumps({"items": items, "next": None, **more}, ensure_ascii=False))


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> None:
    table = Table(*head, box=None, pad_edge=False)
    for row in rows:
        table.add_row(*(cell.replace("[", "\\[") for cell in row))
    Console().print(table)


def _refuse(error: object, code: int = 2) -> NoReturn:
    typer.echo(f"hotline: {error}", err=True)
    raise typer.Exit(code)
