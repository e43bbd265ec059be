"""`hotline setup`, `run`, `stop`: from a fresh clone to a hotline that answers, and its end."""

from __future__ import annotations

import json
from typing import Annotated

import typer
from rich.console import Console

from hotline import log, menus, running, secrets, setup
from hotline.asterisk import AsteriskFailed, FetchError, RuntimeMissing
from hotline.phones import PhoneError
from hotline.settings import Settings
from ivr.faults import CityRefused
from queues.config import QueueConfigError


def register(app: typer.Typer) -> None:
    """Adds the commands."""
    app.command("setup")(setup_command)
    app.command("run")(run_command)
    app.command("stop")(stop_command)


def setup_command() -> None:
    """Fetch and prepare what is missing: Asterisk, speech models, voices, prompts. A second time it does nothing."""
    settings = Settings.load()
    try:
        secrets.close_to_others(settings.home)
        setup.prepare(settings, Console())
    except (FetchError, OSError) as error:
        _refuse(error)


def run_command() -> None:
    """Start the hotline and stay; Ctrl-C or `hotline stop` ends all of it."""
    settings = Settings.load()
    secrets.close_to_others(settings.home)
    log.configure("supervisor", settings.home / "log", console=True)
    try:
        _publish(settings)
        running.run(settings)
    except (running.CannotRun, RuntimeMissing, AsteriskFailed, menus.PublishError, CityRefused, QueueConfigError, PhoneError, OSError) as error:
        _refuse(error)


def _publish(settings: Settings) -> None:
    """With a full disk the files of the last start are still there, and calls are taken with them."""
    try:
        menus.ensure_published(settings)
    except OSError:
        if menus.Store.of(settings).current() is None:
            raise


def stop_command(as_json: Annotated[bool, typer.Option("--json", help="as JSON")] = False) -> None:
    """End everything that runs of this hotline."""
    try:
        stopped = running.stop(Settings.load())
    except (running.CannotRun, RuntimeMissing) as error:
        _refuse(error)
    if as_json:
        typer.echo(json.dumps({"stopped": stopped}))
        return
    typer.echo("stopped" if stopped else "nothing was running")


def _refuse(error: Exception) -> None:
    typer.echo(f"hotline: {error}", err=True)
    raise typer.Exit(2)
