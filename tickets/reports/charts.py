"""Bars as pictures, drawn by matplotlib with the report's own Chinese font; the table beside them has the same figures."""

from __future__ import annotations

import io
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from tickets.reports.pages import Chart

if TYPE_CHECKING:
    from matplotlib.axes import Axes

COLOUR = "#1f5f99"  # 6.6 : 1 on white (WCAG 2.1 wants 3 : 1 of graphics)
GREY = "#595959"
WIDE, ROW = 7.2, 0.32  # inches
DOTS = 200


def draw(chart: Chart, font: Path, form: Literal["svg", "png"]) -> bytes:
    """Its letters are outlines, so it looks the same wherever it is read."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg  # noqa: PLC0415 - takes a second to import
    from matplotlib.figure import Figure  # noqa: PLC0415
    from matplotlib.font_manager import FontProperties  # noqa: PLC0415

    letters = FontProperties(fname=str(font), size=9)
    height = 2.4 if chart.kind == "columns" else 0.5 + ROW * len(chart.labels)
    figure = Figure(figsize=(WIDE, height), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    if chart.kind == "columns":
        _columns(axes, chart)
    else:
        _bars(axes, chart, letters)
    for label in (*axes.get_xticklabels(), *axes.get_yticklabels()):
        label.set_fontproperties(letters)
        label.set_color(GREY)
    axes.spines[["top", "right", "left" if chart.kind == "bars" else "right"]].set_visible(False)
    axes.tick_params(length=0)
    picture = io.BytesIO()
    figure.savefig(picture, format=form, dpi=DOTS, metadata={"Date": None} if form == "svg" else None)
    return picture.getvalue()


def _columns(axes: Axes, chart: Chart) -> None:
    places = range(len(chart.labels))
    axes.bar(places, chart.values, color=COLOUR, width=0.7)
    axes.set_xticks(places, chart.labels)
    axes.grid(axis="y", color="#dddddd", linewidth=0.6)
    axes.set_axisbelow(True)
    axes.locator_params(axis="y", integer=True, nbins=5)
    axes.set_ylim(bottom=0)


def _bars(axes: Axes, chart: Chart, letters: object) -> None:
    places = range(len(chart.labels))
    drawn = axes.barh(places, chart.values, color=COLOUR, height=0.65)
    axes.set_yticks(places, [_short(label) for label in chart.labels])
    axes.invert_yaxis()
    axes.set_xticks([])
    shown = [f"{value:.1f} %" if chart.unit == "%" else f"{value:.0f}" for value in chart.values]
    axes.bar_label(drawn, shown, padding=4, fontproperties=letters, color=GREY)
    axes.set_xlim(0, 100 * 1.12 if chart.unit == "%" else max(1.0, *chart.values) * 1.12)
    axes.spines["bottom"].set_visible(False)


def _short(label: str) -> str:
    return label if len(label) <= 14 else f"{label[:13]}…"
