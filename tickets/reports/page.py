"""A report as one HTML file that needs nothing else: tables beside charts, charts told in words, no script."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from tickets.reports import charts, fonts
from tickets.reports.figures import Report
from tickets.reports.pages import Cell, Section, percent, summary, title

TEMPLATES = Environment(loader=FileSystemLoader(Path(__file__).parent), autoescape=True, undefined=StrictUndefined)


def page(report: Report, sections: Sequence[Section], font: Path | None, missing: str = "") -> str:
    """`missing`: what is left out, in words. Without a font there are no charts: their letters would be boxes."""
    pictures = {one.name: _data("image/svg+xml", charts.draw(one.chart, font, "svg")) for one in sections if one.chart and font}
    template, made = TEMPLATES.get_template("page.html.j2"), ""
    for letters in (False, True) if font else (False,):  # the second time with the letters of the first
        made = template.render(
            title=title(report), summary=summary(report), sections=sections, pictures=pictures, period=report.period.name, missing=missing,
            numeric={one.name: numeric(one) for one in sections}, shown=shown, letters=_data("font/woff", fonts.cut(font, made)) if letters and font else "",
        )  # fmt: skip
    return made


def numeric(section: Section) -> set[int]:
    """Columns of figures; they stand on the right."""
    return {place for place in range(1, len(section.columns)) if all(isinstance(row[place], int | float | None) for row in section.rows)}


def shown(section: Section, place: int, value: Cell) -> str:
    if place in section.shares:
        return percent(value)
    return "-" if value is None else f"{value:g}" if isinstance(value, float) else str(value)


def _data(kind: str, content: bytes) -> str:
    return f"data:{kind};base64,{base64.b64encode(content).decode()}"
