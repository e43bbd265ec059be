"""A report as PDF, for printing and for the file; set by ReportLab with an embedded Chinese font."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

from tickets.reports import charts
from tickets.reports.figures import Report
from tickets.reports.page import numeric, shown
from tickets.reports.pages import Section, summary, title

FONT = "report"
MARGIN_MM = 18
ON_ONE_PAGE = 16  # rows of a table, with its chart


def document(report: Report, sections: Sequence[Section], font: Path) -> bytes:
    """A4, a page number at the foot of each page. Raises OSError, and ValueError for a font that cannot be embedded."""
    from reportlab.lib.pagesizes import A4  # noqa: PLC0415 - takes a while to import
    from reportlab.lib.units import mm  # noqa: PLC0415
    from reportlab.pdfbase import pdfmetrics, ttfonts  # noqa: PLC0415
    from reportlab.platypus import SimpleDocTemplate  # noqa: PLC0415

    try:
        pdfmetrics.registerFont(ttfonts.TTFont(FONT, str(font)))
    except ttfonts.TTFError as error:
        raise ValueError(f"{font}: {error}") from error
    file = io.BytesIO()
    paper = SimpleDocTemplate(
        file, pagesize=A4, title=title(report), author="12345", lang="zh-CN", leftMargin=MARGIN_MM * mm, rightMargin=MARGIN_MM * mm,
        topMargin=MARGIN_MM * mm, bottomMargin=MARGIN_MM * mm,
    )  # fmt: skip

    def foot(canvas: Any, _: Any) -> None:
        canvas.setFont(FONT, 8)
        canvas.drawCentredString(A4[0] / 2, 10 * mm, f"{report.period.name}  ·  {canvas.getPageNumber()}")

    paper.build(_story(report, sections, font, paper.width), onFirstPage=foot, onLaterPages=foot)
    return file.getvalue()


def _story(report: Report, sections: Sequence[Section], font: Path, width: float) -> list[Any]:
    from reportlab.lib.styles import ParagraphStyle  # noqa: PLC0415
    from reportlab.platypus import Image, KeepTogether, Paragraph, Spacer  # noqa: PLC0415

    text = ParagraphStyle("text", fontName=FONT, fontSize=9.5, leading=14, wordWrap="CJK")
    head = ParagraphStyle("head", text, fontSize=16, leading=22, spaceAfter=8)
    below = ParagraphStyle("below", text, fontSize=12, leading=18, spaceBefore=14, spaceAfter=4, textColor="#123f66")
    small = ParagraphStyle("small", text, fontSize=8.5, leading=12, textColor="#444444", spaceBefore=3)
    story: list[Any] = [Paragraph(escape(title(report)), head)]
    story += [Paragraph(f"{escape(name)}：{escape(value)}", text) for name, value in summary(report)]
    for section in sections:
        part: list[Any] = [Paragraph(escape(section.title), below)]
        if section.chart:
            picture = Image(io.BytesIO(charts.draw(section.chart, font, "png")))
            picture.drawHeight, picture.drawWidth = picture.imageHeight * width / picture.imageWidth, width
            part += [picture, Spacer(0, 4)]
        above = len(part)
        part.append(_table(section, text, width) if section.rows else Paragraph("期内没有。", text))
        if section.note:
            part.append(Paragraph(escape(section.note), small))
        whole = len(part) if len(section.rows) <= ON_ONE_PAGE else above  # a longer table goes on overleaf, under its columns again
        story += [KeepTogether(part[:whole]), *part[whole:]]
    return story


def _table(section: Section, text: Any, width: float) -> Any:
    from reportlab.lib.styles import ParagraphStyle  # noqa: PLC0415
    from reportlab.platypus import Paragraph, Table, TableStyle  # noqa: PLC0415

    right = ParagraphStyle("right", text, alignment=2)
    figures = numeric(section)
    rows = [section.columns, *([row[0], *(shown(section, place, value) for place, value in enumerate(row[1:], 1))] for row in section.rows)]
    cells = [[Paragraph(escape(str(value)), right if place in figures else text) for place, value in enumerate(row)] for row in rows]
    share = width / (len(section.columns) + 1)
    table = Table(cells, [share * 2, *[share] * (len(section.columns) - 1)], repeatRows=1)
    lines = [("LINEBELOW", (0, 0), (-1, 0), 1, "#555555"), ("LINEBELOW", (0, 1), (-1, -1), 0.4, "#dddddd"), ("VALIGN", (0, 0), (-1, -1), "TOP")]
    table.setStyle(TableStyle([*lines, ("TOPPADDING", (0, 0), (-1, -1), 2), ("BOTTOMPADDING", (0, 0), (-1, -1), 2)]))
    return table
