"""`hotline models`: what recognises speech, and the voices."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import Progress
from ruamel.yaml.comments import CommentedMap

from hotline.edit import EditRefused, edit
from hotline.settings import Settings
from hotline.terminal import NO, AsJson, print_items, print_table, refuse
from speech import catalogue, engines, setup, store, trial
from speech.recogniser import EngineUnusable
from speech.store import ModelError

Name = Annotated[str, typer.Argument(help="a name of `hotline models list`")]
models = typer.Typer(name="models", help="Recognisers' models and voices 语音模型.")


def register(app: typer.Typer) -> None:
    """Adds `models` to the command."""
    app.add_typer(models)


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
        print_items(items, note=note)
        return
    print_table(("model", "kind", "language", "state", "licence"), (
        (f"{item['name']}{' *' if item['used'] else ''}", item["kind"], item["language"], item["state"], item["licence"]) for item in items
    ))  # fmt: skip
    Console().print(note or f"* recognises messages: {used}", style="dim", markup=False)


@models.command()
def fetch(
    name: Name,
    source: Annotated[Path | None, typer.Option("--from", metavar="PATH", help="a folder or zip on this machine, instead of the network")] = None,
    as_json: AsJson = False,
) -> None:
    """Fetch a model: checked, unpacked aside, put in place when whole. One that broke off goes on where it was."""
    model = _known(name)
    settings = Settings.load()
    try:
        with Progress(console=Console(stderr=True), transient=True) as progress:
            folder = setup.get(settings, model, progress, source)
    except (ModelError, OSError) as error:
        refuse(error, code=1)
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
        print_items(items)
    else:
        for item in items:
            print(f"{item['name']}: {'; '.join(item['faults']) or 'whole'}")
    if any(item["faults"] for item in items):
        raise typer.Exit(1)


@models.command()
def use(
    model: Annotated[str, typer.Argument(metavar="NAME|FOLDER", help="a name of `hotline models list`, or the folder of your own")],
    engine: Annotated[str, typer.Option("--engine", help="where a folder fits more than one")] = engines.AUTO,
    as_json: AsJson = False,
) -> None:
    """Have messages recognised with a model, after a trial on the city's own prompts. Exit 1: it is refused, all stays as it was."""
    settings = Settings.load()
    wish = str(Path(model).resolve()) if catalogue.named(model) is None else model
    try:
        choice = engines.choose(settings, engine, wish, settings.file.speech.input_path, settings.file.speech.hotwords)
        with Console(stderr=True).status(f"{choice.model}: a trial on the city's own prompts …"):
            result = trial.of(choice, settings)
        edit(settings.home / "settings.yaml", lambda file: _write(file, choice.engine, wish), new="{}\n", mode=0o600)
    except (EngineUnusable, EditRefused, OSError) as error:
        refuse(error, NO)
    if as_json:
        print(json.dumps({"engine": choice.engine, "model": wish, "wrong": result.wrong, "characters": result.characters}, ensure_ascii=False))
        return
    heard = "it loads; there was no spoken prompt to hear" if result.wrong is None else f"{result.wrong:.1%} of {result.characters} characters wrong"
    print(f"{choice.model} ({choice.engine}): {heard}. Written to {settings.home / 'settings.yaml'}; used from the hotline's next start.")


@models.command()
def remove(name: Name) -> None:
    """Take a model off this machine. Exit 1 if it recognises messages, or is not here."""
    model = _known(name)
    settings = Settings.load()
    if _used(settings)[0] == name:
        refuse(f"{name} recognises messages; `hotline models use` another one first", NO)
    if not setup.remove(settings, model):
        refuse(f"{name} is not here", NO)
    print(f"{name} is removed; `hotline models fetch {name}` brings it back")


def _known(name: str) -> catalogue.Model:
    model = catalogue.named(name)
    if model is None:
        refuse(f"no model {name!r} (known: {', '.join(known.name for known in catalogue.MODELS)})")
    return model


def _write(file: CommentedMap, engine: str, model: str) -> None:
    section = file.setdefault("speech", CommentedMap())
    section["engine"], section["model"] = engine, model


def _used(settings: Settings) -> tuple[str, str]:
    """The model that recognises messages, and what there is to say about that."""
    wish = settings.file.speech
    try:
        choice = engines.choose(settings, wish.engine, wish.model, wish.input_path)
    except EngineUnusable as error:
        return "", str(error)
    return choice.model, choice.note
