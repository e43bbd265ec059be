"""`hotline doctor`: what is missing and what to do; every setting with its meaning."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from hotline import doctor, explained
from hotline.settings import Settings

COLOURS = {"ok": "green", "note": "cyan", "warning": "yellow", "fault": "red"}


def register(app: typer.Typer) -> None:
    """Adds `doctor` to the command."""
    app.command("doctor")(doctor_command)


def doctor_command(
    as_json: Annotated[bool, typer.Option("--json", help="as JSON")] = False,
    settings_too: Annotated[bool, typer.Option("--settings", help="explain every setting as well")] = False,
) -> None:
    """Say what is there, what is missing and what to do. Exit 1 if something keeps the hotline from its work."""
    settings = Settings.load()
    findings = doctor.examine(settings)
    if as_json:
        print(json.dumps({
            "items": [asdict(finding) for finding in findings], "next": None,
            "settings": [asdict(one) for one in explained.settings(settings)],
        }, ensure_ascii=False))  # fmt: skip
    else:
        _show(findings)
        if settings_too:
            _explain(settings)
        else:
            Console().print("every setting explained: hotline doctor --settings", style="dim")
    if any(finding.level == "fault" for finding in findings):
        raise typer.Exit(1)


def _show(findings: list[doctor.Finding]) -> None:
    table = Table(box=None, show_header=False, pad_edge=False)
    for finding in findings:
        what_to_do = f"\n→ {finding.do}" if finding.do else ""
        table.add_row(f"[{COLOURS[finding.level]}]{finding.level}[/]", finding.what, finding.says.replace("[", "\\[") + what_to_do)
    Console().print(table)


def _explain(settings: Settings) -> None:
    table = Table("setting", "now", "meaning", title=str(settings.home / "settings.yaml"))
    for one in explained.settings(settings):
        table.add_row(one.name, one.value, one.meaning)
    Console().print(table)
