"""`hotline prompts`: what callers hear."""

from __future__ import annotations

import sys
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn

from hotline import elderly
from hotline.settings import Settings
from hotline.terminal import NO, AsJson, print_items, print_table, refuse
from speech import audio, imported, prompt_check, soundcard, studio
from speech import prompts as city_prompts
from speech.audio import AudioError, Sound

prompts = typer.Typer(name="prompts", help="What callers hear 提示音.")

KEEP, AGAIN, PLAY, QUIT = "kapq"
Language = Annotated[str | None, typer.Option("--language", "-l", help="en, zh_slow …; default: the city's own")]


def register(app: typer.Typer) -> None:
    """Adds `prompts` to the command."""
    app.add_typer(prompts)


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
        refuse(error)
    if as_json:
        print_items([asdict(prompt) for prompt in done])
        return
    made = sum(prompt.made for prompt in done)
    print(f"{len(done)} prompts ready, {made} made now" + ("; callers hear them after: hotline publish" if made else ""))
    for prompt in done:
        if prompt.problem:
            typer.echo(f"{prompt.id}: {prompt.problem}", err=True)


@prompts.command("import")
def import_files(
    files: Annotated[list[Path], typer.Argument(metavar="FILE…", exists=True, dir_okay=False, help=f"named by prompt (welcome.m4a); {' '.join(imported.KINDS)}")],
    name: Annotated[str | None, typer.Option("--as", metavar="ID", help="the prompt, where the file's name says something else")] = None,
    language: Language = None,
) -> None:
    """Take the city's own recordings in; each takes precedence over the voice. All or none."""
    settings = Settings.load()
    language = _known(settings, language)
    if name is not None and len(files) > 1:
        refuse("--as names one prompt; give one file")
    try:
        sounds = {name or file.stem: imported.read(file, city_prompts.LONGEST_SECONDS) for file in files}
        unknown = sorted(sounds.keys() - city_prompts.texts(settings.city, language).keys())
        if unknown:
            refuse(f"there is no prompt {', '.join(unknown)} in {settings.city / 'prompts.yaml'}; nothing was taken in")
        for prompt, sound in sounds.items():
            print(f"saved as {studio.save(settings.city, prompt, studio.trimmed(sound), language)}")
    except (city_prompts.PromptsError, studio.StudioError, AudioError, OSError) as error:
        refuse(error)
    print("next: hotline prompts render")


@prompts.command()
def record(
    name: Annotated[str, typer.Argument(metavar="ID")],
    seconds: Annotated[float, typer.Option(min=1, max=studio.LONGEST_SECONDS, help="Ctrl-C ends it earlier")] = 15.0,
    language: Language = None,
) -> None:
    """Record a prompt with this computer's microphone; it takes precedence over the voice. At a terminal: hear it, keep it, or again."""
    settings = Settings.load()
    language = _known(settings, language)
    try:
        text = city_prompts.texts(settings.city, language).get(name)
        if text is None:
            refuse(f"there is no prompt {name!r} in {settings.city / 'prompts.yaml'}")
        card = soundcard.open_card(settings.downloads)
        take = _kept(card, text, seconds)
        print(f"saved as {studio.save(settings.city, name, take, language)}; next: hotline prompts render")
    except (city_prompts.PromptsError, studio.StudioError, soundcard.NoSoundCard, OSError) as error:
        refuse(error)


@prompts.command()
def play(name: Annotated[str, typer.Argument(metavar="ID")], language: Language = None) -> None:
    """Play a prompt as callers hear it."""
    settings = Settings.load()
    if not city_prompts.ID.fullmatch(name):
        refuse(f"{name!r} is not a prompt id")
    path = settings.sounds / _known(settings, language) / f"{name}.wav"
    if not path.exists():
        refuse(f"{name} is not there to be heard: `hotline prompts list` names all prompts, `hotline prompts render` speaks those that are missing")
    try:
        sound = audio.read(path, studio.LONGEST_SECONDS)
        studio.play(soundcard.open_card(settings.downloads), sound)
    except (studio.StudioError, soundcard.NoSoundCard, AudioError, OSError) as error:
        refuse(error)


def _kept(card: Any, text: str, seconds: float) -> Sound:
    """Takes until one is kept. Without a terminal nobody can be asked: the first one is."""
    while True:
        take = _take(card, text, seconds)
        answer = PLAY
        while answer == PLAY and sys.stdin.isatty():
            answer = typer.prompt(f"{take.seconds:.1f} s. {KEEP} 保留 keep, {AGAIN} 重录 again, {PLAY} 试听 play, {QUIT} 放弃 give up", default=KEEP).strip().lower()[:1]
            if answer == PLAY:
                studio.play(card, take)
        if answer == QUIT:
            refuse("given up, nothing was saved", NO)
        if answer != AGAIN:
            return take


def _take(card: Any, text: str, seconds: float) -> Sound:
    with Progress(TextColumn("{task.description}"), BarColumn(), console=Console(stderr=True), transient=True) as progress:
        progress.console.print(f"请读 Please read: {text}   (Ctrl-C ends it)", markup=False)
        level = progress.add_task("", total=-studio.METER_FLOOR_DB)

        def meter(dbfs: float) -> None:
            heard = "太响 too loud" if dbfs > studio.TOO_LOUD_DB else "太轻 too soft" if dbfs < studio.TOO_SOFT_DB else "正好 good"
            progress.update(level, completed=max(0.0, dbfs - studio.METER_FLOOR_DB), description=f"{dbfs:6.1f} dBFS {heard}")

        return studio.record(card, seconds, meter)


def _show(settings: Settings, as_json: bool) -> bool:
    """Prints every prompt with its faults; whether there are none."""
    languages = _languages(settings, slowly=False)
    try:
        items = [(language, item) for language in languages for item in prompt_check.check(settings.city, settings, language)]
        strays = [stray for language in languages for stray in prompt_check.strays(settings.city, language)]
    except city_prompts.PromptsError as error:
        refuse(error)
    if as_json:
        print_items([{**asdict(item), "language": language} for language, item in items], strays=strays)
    else:
        print_table(("language", "id", "source", "seconds", "dBov", "text"), (
            (language, item.id, item.source, f"{item.seconds:.1f}", f"{item.level_dbov:.0f}", item.text) for language, item in items
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
        refuse(f"no language {language!r} (there are: {', '.join(known)})")
    return language or settings.file.menu.language
