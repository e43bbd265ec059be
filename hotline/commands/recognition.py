"""`hotline speech calibrate`: which engine and which way in understands this city's callers best."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from hotline.settings import Settings

LEAST_RECORDINGS = 20
speech = typer.Typer(name="speech", help="Recognition of messages 语音识别.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    """Adds `speech` to the command."""
    app.add_typer(speech)


@speech.callback()
def group() -> None:
    """A group even with one command, so that it is `hotline speech calibrate`."""


@speech.command()
def calibrate(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="recordings and transcripts.tsv (columns file and text)")],
    places: Annotated[Path | None, typer.Option(metavar="FILE", help="gazetteer, or a folder of them; default: beside the recordings, else the city's")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="as JSON")] = False,
) -> None:
    """Compare engines, models and ways in on at least twenty of your own recordings, and propose settings."""
    from speech import corpus, trials  # noqa: PLC0415
    from speech.measure import Result, with_engine  # noqa: PLC0415
    from speech.recogniser import RecognitionError  # noqa: PLC0415
    from speech.text.gazetteer import FILE, GazetteerError  # noqa: PLC0415

    settings = Settings.load()
    results: dict[str, Result] = {}
    try:
        clips = corpus.read(folder)
        if len(clips) < LEAST_RECORDINGS:
            _refuse(f"{folder}: {len(clips)} recordings; fewer than {LEAST_RECORDINGS} tell nothing")
        own = settings.city / FILE
        source = places or corpus.beside(folder) or (own if own.exists() else None)
        choices = trials.of_machine(settings)
        for name, choice in choices.items():
            print(f"{name}: {len(clips)} recordings …", file=sys.stderr, flush=True)
            results[name] = with_engine(choice, clips, lambda city: corpus.names(city, source))
    except (corpus.CorpusError, GazetteerError, RecognitionError, OSError) as error:
        _refuse(error)
    best, wish = trials.proposal(choices, results)
    rows = [result.row(name) for name, result in results.items()]
    if as_json:
        print(json.dumps({"items": rows, "next": None, "best": best, "speech": wish}, ensure_ascii=False))
        return
    _show(rows)
    print(f"\nfewest errors: {best}. For {settings.home / 'settings.yaml'}:\nspeech:")
    for key, value in wish.items():
        print(f"  {key}: {json.dumps(value)}")


def _show(rows: list[dict[str, Any]]) -> None:
    shown = ("setting", "clips", "cer", "cer_bare", "places", "places_bare", "phones", "false", "no_speech", "review", "review_hits", "x_real_time")
    table = Table(*shown, box=None, pad_edge=False)
    for row in rows:
        table.add_row(*(f"{row[name]:.1%}" if name.startswith("cer") else str(row[name]) for name in shown))
    Console().print(table)


def _refuse(error: object) -> Any:
    typer.echo(f"hotline: {error}", err=True)
    raise typer.Exit(2)
