"""A report's figures are those of the rows, whatever the rows are; its page, PDF and CSV say the same; what is published hides everybody."""

from __future__ import annotations

import base64
import csv
import io
import json
import random
import re
from collections import Counter
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from fontTools import ttLib
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from hotline.cli import build
from hotline.settings import PROJECT
from tests.tickets.test_knowledge import WATER
from tickets.daily import Daily
from tickets.item import new_id
from tickets.knowledge import Knowledge
from tickets.life import begin, note
from tickets.models import History, Ticket
from tickets.numbers import SHANGHAI
from tickets.rates import Rates
from tickets.reports import cells, fonts
from tickets.reports.figures import Report, Share
from tickets.reports.make import Reports
from tickets.reports.open_data import Group, groups
from tickets.reports.pages import Names, sections, summary
from tickets.reports.period import Period, last_whole, named, of
from tickets.reports.rows import Matter, area
from tickets.revisit_tables import Revisit
from tickets.store import Store

NOVEMBER = of("month", date(2026, 11, 22))
NAMES = Names({"water": "市水务公司"}, {"noise": "噪音扰民"})
CATEGORIES, UNITS, PLACES = ("", "noise", "water"), ("", "water", "police"), ("", "和平路12号", "东营区人民路3号", "幸福小区")


def fill(store: Store, dice: random.Random, count: int) -> None:
    """Tickets of ten weeks with whatever may be in their history."""
    with store.database.writes() as session:
        for _ in range(count):
            ticket = begin(session, dice.choice(("voice", "fax", "sms")), "open")
            ticket.created_at = datetime(2026, 9, 28, tzinfo=UTC) + timedelta(minutes=dice.randrange(10 * 7 * 24 * 60))
            ticket.type, ticket.category = dice.choice(("", "complaint", "praise")), dice.choice(CATEGORIES)
            ticket.organisation, ticket.place, ticket.stage = dice.choice(UNITS), dice.choice(PLACES), dice.choice(("handling", "filed"))
            session.add(ticket)
            session.flush()
            for number in range(dice.randrange(3)):
                session.add(_visit(ticket, number, dice))
            for minutes in sorted(dice.sample(range(20 * 24 * 60), dice.randrange(7))):
                note(session, ticket, *_happening(dice), at=ticket.created_at + timedelta(minutes=minutes))


def _visit(ticket: Ticket, number: int, dice: random.Random) -> Revisit:
    at = ticket.created_at + timedelta(minutes=dice.randrange(30 * 24 * 60))
    return Revisit(
        id=new_id(), ticket_id=ticket.id, round=number, state=dice.choice(("done", "done", "done", "task", "waiting")), tries=1, made_at=at, changed_at=at, reason="",
        in_time=dice.choice((True, False, None)), solved=dice.choice(("yes", "partly", "no", "")), satisfied=dice.choice(("satisfied", "fair", "dissatisfied", "")),
        settled=True, words_state="none", words_attempts=0,
    )  # fmt: skip


def _happening(dice: random.Random) -> tuple[str, dict[str, Any]]:
    move = dice.choice(("accept", "dispatch", "reply", "complete", "complete", "rate", "return", "extend", "supervise", "reopen", "", ""))
    if not move:
        return dice.choice(("deadline_missed", "deadline_near", "repeated", "note_added")), {}
    detail: dict[str, Any] = {"move": move}
    if move in ("dispatch", "reply") and dice.random() < 0.9:
        detail["late"] = dice.random() < 0.3
    if move == "rate":
        detail["rating"] = dice.choice(("satisfied", "fair", "dissatisfied", "unreachable"))
    return "moved", detail


@pytest.mark.parametrize("seed", range(2))
def test_the_figures_are_those_of_the_rows(store: Store, seed: int) -> None:
    dice = random.Random(seed)
    fill(store, dice, 70)
    with store.database.reads() as session:
        tickets, lines, visits = list(session.query(Ticket)), list(session.query(History).order_by(History.id)), list(session.query(Revisit))
    for period in (NOVEMBER, of("week", date(2026, 10, 12 + 7 * seed))):
        report = Reports(store.database).report(period)
        assert_counted(report, tickets, lines, period)
        assert_asked(report, tickets, visits, period)


def assert_counted(report: Report, tickets: list[Ticket], lines: list[History], period: Period) -> None:
    """Counted again, the slow and plain way."""
    here = [ticket for ticket in tickets if period.first <= ticket.created_at.astimezone(SHANGHAI).date() < period.end]
    before = [ticket for ticket in tickets if period.before().first <= ticket.created_at.astimezone(SHANGHAI).date() < period.first]
    told = [line for line in lines if period.begin_at <= line.at < period.end_at]
    assert (report.total, report.before) == (len(here), len(before)) and sum(report.by_day.values()) == len(here)
    for kind in ("channel", "type", "category", "organisation"):
        assert report.by[kind] == Counter(getattr(ticket, kind) for ticket in here)
        assert report.by_before[kind] == Counter(getattr(ticket, kind) for ticket in before)
    assert report.by["area"] == Counter(area(ticket.place) for ticket in here)
    moves = [line for line in told if line.event == "moved"]
    for name, share in (("dispatch", report.dispatched), ("reply", report.replied)):
        counted = [line.detail["late"] for line in moves if line.detail["move"] == name and "late" in line.detail]
        assert share == Share(counted.count(False), len(counted))
    assert report.completed == completed(lines, moves)
    assert report.ratings == Counter(line.detail["rating"] for line in moves if line.detail["move"] == "rate")
    good, bad = report.ratings.get("satisfied", 0) + report.ratings.get("fair", 0), report.ratings.get("dissatisfied", 0)
    assert report.pleased == Share(good, good + bad)
    assert report.missed == sum(line.event == "deadline_missed" for line in told)
    assert report.repeated == sum(line.event == "repeated" for line in told)
    trouble = Counter(line.detail["move"] for line in moves if line.detail["move"] in ("return", "extend", "supervise", "reopen"))
    assert report.troubles == trouble and (len(report.hard) == 20 or sum(sum(hard.troubles.values()) for hard in report.hard) == trouble.total())
    top = Counter((ticket.category, area(ticket.place)) for ticket in here if ticket.category).most_common(1)
    assert [report.hot[0].count] == [top[0][1]]
    for unit in report.units:
        assert unit.replies.of == sum(line.detail["move"] == "reply" and "late" in line.detail and owner(line, tickets) == unit.organisation for line in moves)


def assert_asked(report: Report, tickets: list[Ticket], visits: list[Revisit], period: Period) -> None:
    """响应率 解决率 满意率 as docs/figures.md defines them, over all and for each organisation; the table shows the same."""
    over = [visit for visit in visits if visit.state == "done" and period.begin_at <= visit.changed_at < period.end_at]
    units = {ticket.id: ticket.organisation for ticket in tickets}
    assert over and report.visits == three(over)
    assert report.visits_by == {unit: three([visit for visit in over if units[visit.ticket_id] == unit]) for unit in {units[visit.ticket_id] for visit in over} if unit}
    [table] = [section for section in sections(report, NAMES) if section.name == "revisits"]
    assert table.rows == [("响应率", report.visits.response, report.visits.response_of), ("解决率", report.visits.solution, report.visits.solution_of), ("满意率", report.visits.satisfaction, report.visits.satisfaction_of)]


def three(over: list[Revisit]) -> Rates:
    had_deadline = [visit for visit in over if visit.in_time is not None]
    said_solved = [visit for visit in over if visit.solved != ""]
    said_pleased = [visit for visit in over if visit.satisfied != ""]
    return Rates(
        len(over), sum(visit.in_time is True for visit in had_deadline) / len(had_deadline), len(had_deadline),
        sum(visit.solved == "yes" for visit in said_solved) / len(said_solved), len(said_solved),
        sum(visit.satisfied != "dissatisfied" for visit in said_pleased) / len(said_pleased), len(said_pleased),
    )  # fmt: skip


def completed(lines: list[History], moves: list[History]) -> Share:
    """The last completion of each ticket, and its last reply before that one."""
    ends = []
    for ticket in {line.ticket_id for line in moves if line.detail["move"] == "complete"}:
        last = max(line.id for line in moves if line.ticket_id == ticket and line.detail["move"] == "complete")
        replies = [line.detail["late"] for line in lines if line.ticket_id == ticket and line.id < last and line.detail.get("move") == "reply" and "late" in line.detail]
        ends += replies[-1:]
    return Share(ends.count(False), len(ends))


def owner(line: History, tickets: list[Ticket]) -> str:
    return next(ticket.organisation for ticket in tickets if ticket.id == line.ticket_id)


def test_a_report_of_nothing_has_no_rates(store: Store) -> None:
    report = Reports(store.database).report(NOVEMBER)
    assert report.visits == Rates(0, None, 0, None, 0, None, 0) and not report.visits_by
    assert (report.total, report.completed.rate, report.pleased.rate, report.replied.rate, report.hot, report.units) == (0, None, None, None, [], [])
    assert not any(section.chart for section in sections(report, NAMES))
    assert [told for _, told in summary(report)].count("期内没有") == 4


def test_page_pdf_and_tables_beside_each_other(light_store: Store, tmp_path: Path) -> None:
    fill(light_store, random.Random(7), 40)
    font = fonts.find(PROJECT / "var" / "downloads")
    floor = {"offered": 10, "answered": 9, "connection_rate": 0.9, "average_answer_seconds": None}
    reports = Reports(light_store.database, lambda: NAMES, lambda _: floor, lambda: font)
    made = reports.write(NOVEMBER, tmp_path)
    report = reports.report(NOVEMBER)
    page = (made / "report.html").read_text(encoding="utf-8")
    assert made.name == "2026-11" and not list(tmp_path.glob(".*")) and made.stat().st_mode & 0o077 == 0
    assert '<html lang="zh-CN">' in page and "<script" not in page and "噪音扰民" in page and "市水务公司" in page and "90.0%" in page
    told = sections(report, NAMES)
    assert page.count("<table>") == page.count("<caption>") == sum(bool(section.rows) for section in told)
    for section in told:
        with (made / f"{section.name}.csv").open(encoding="utf-8-sig", newline="") as file:
            lines = list(csv.reader(file))
        assert lines[0] == list(section.columns) and len(lines) == len(section.rows) + 1
    if font:
        assert len(re.findall(r'<img src="data:image/svg\+xml;base64,[^"]+" alt="[^"]+"', page)) == page.count("<img") == sum(bool(section.chart) for section in told)
        [letters] = re.findall(r"@font-face [^}]+url\(data:font/woff;base64,([^)]+)\)", page)
        with ttLib.TTFont(io.BytesIO(base64.b64decode(letters))) as cut:
            assert {ord(letter) for letter in "噪音扰民市水务公司"} <= set(cut.getBestCmap()) and len(letters) < 400_000
        assert (made / "report.pdf").read_bytes().startswith(b"%PDF-") and "字体" not in page
    bare = replace(reports, font=lambda: None).write(NOVEMBER, tmp_path)
    assert not (bare / "report.pdf").exists() and "没有中文字体" in (bare / "report.html").read_text(encoding="utf-8")


def test_every_morning_what_is_over_is_reported_once_and_due_articles_are_named(light_store: Store, tmp_path: Path) -> None:
    said: list[dict[str, Any]] = []
    knowledge = Knowledge(light_store.database)
    knowledge.save("water", replace(WATER, review_on=date(2026, 11, 22)), "li")
    knowledge.publish("water")
    daily = Daily(Reports(light_store.database), knowledge, tmp_path / "reports", tmp_path / "told", said.append, lambda: datetime(2026, 11, 22, 22, 30, tzinfo=UTC))
    daily()
    assert sorted(path.name for path in (tmp_path / "reports").iterdir()) == ["2026-10", "2026-W47"]
    first = (tmp_path / "reports/2026-W47/report.html").stat().st_ino
    daily()
    assert (tmp_path / "reports/2026-W47/report.html").stat().st_ino == first
    assert said == [{"alarm": "review", "articles": ["water"], "count": 1}]
    replace(daily, clock=lambda: datetime(2026, 11, 23, 22, 30, tzinfo=UTC))()
    assert len(said) == 2


def test_the_commands(light_store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(light_store, random.Random(3), 30)
    monkeypatch.setenv("HOTLINE_HOME", str(tmp_path))
    monkeypatch.setenv("HOTLINE_DATABASE_URL", light_store.database.url.render_as_string())

    def command(*words: str, code: int = 0) -> str:
        done = CliRunner().invoke(build(), ["report", *words])
        assert done.exit_code == code, done.output
        return done.stdout

    said = json.loads(command("month", "--date", "2026-10-05", "--json"))
    assert (said["schema"], said["period"], said["total"]) == ("report", "2026-10", Reports(light_store.database).report(of("month", date(2026, 10, 5))).total)
    assert not (tmp_path / "reports").exists()
    monkeypatch.setattr(fonts, "find", lambda _: None)
    assert command("week", "--date", "2026-10-05", code=1).strip() == str(tmp_path / "reports" / "2026-W41")
    assert command("open-data", "--date", "2026-10-05").splitlines()[0] == "\ufeffmonth,channel,type,category,count"
    command("open-data", "--least", "4", code=2)
    command("week", "--date", "soon", code=2)
    (tmp_path / "blocked").write_text("")
    command("week", "--into", str(tmp_path / "blocked"), code=2)


@pytest.mark.parametrize(
    ("kind", "day", "name", "first", "end"),
    [("week", "2026-11-22", "2026-W47", "2026-11-16", "2026-11-23"), ("week", "2027-01-01", "2026-W53", "2026-12-28", "2027-01-04"), ("month", "2026-12-31", "2026-12", "2026-12-01", "2027-01-01"),
     ("month", "2028-02-29", "2028-02", "2028-02-01", "2028-03-01")],
)  # fmt: skip
def test_weeks_and_months(kind: Any, day: str, name: str, first: str, end: str) -> None:
    period = of(kind, date.fromisoformat(day))
    assert (period.name, period.first.isoformat(), period.end.isoformat()) == (name, first, end)
    assert period.before().end == period.first and len(period.days) == (period.end - period.first).days


@pytest.mark.parametrize("name", ["2026-W47", "2026-11", "2026-W53", "2020-02"])
def test_a_period_by_its_name(name: str) -> None:
    assert named(name).name == name


@pytest.mark.parametrize("name", ["", "2026", "2026-13", "2026-W54", "2025-W53", "2026-W00", "2026-1", "2026-11-01", "../2026-11", "２０２６-11", "2026-W1", "0000-01"])
def test_what_names_no_period(name: str) -> None:
    with pytest.raises(ValueError, match="no week and no month"):
        named(name)


def test_a_period_is_over_by_the_citizens_clock() -> None:
    assert last_whole("month", datetime(2026, 10, 31, 15, 59, tzinfo=UTC)).name == "2026-09"
    assert last_whole("month", datetime(2026, 10, 31, 16, 0, tzinfo=UTC)).name == "2026-10"


@pytest.mark.parametrize(
    ("place", "found"),
    [("和平路12号幸福小区3号楼", "和平路"), ("山东省东营市东营区和平路12号", "东营区"), ("幸福小区A座", ""), ("", ""), ("东营市垦利区", "垦利区"), ("建设大街400号", "建设大街"), ("张三家", "")],
)  # fmt: skip
def test_a_place_is_told_without_its_house(place: str, found: str) -> None:
    assert area(place) == found


MATTERS = st.builds(
    Matter, st.uuids().map(str), st.sampled_from(("voice", "fax", "sms")), st.sampled_from(("", "complaint", "praise")), st.sampled_from(("", "noise", "water", "tax", "waste")),
    st.just("secret-unit"), st.just("和平路"), st.just(datetime(2026, 11, 5, tzinfo=UTC)),
)  # fmt: skip


@given(st.lists(MATTERS, max_size=200), st.integers(5, 30))
def test_what_is_published_hides_everybody(found: list[Matter], least: int) -> None:
    lines = groups(NOVEMBER, found, NAMES, least)
    assert all(line.count >= least for line in lines) and sum(line.count for line in lines) <= len(found)
    assert len({replace(line, count=0) for line in lines}) == len(lines)
    exact = Counter((one.channel, one.type, one.category) for one in found)
    for key, number in exact.items():
        if number >= least:
            assert Group("2026-11", *(NAMES.of(kind, code) for kind, code in zip(("channel", "type", "category"), key, strict=True)), number) in lines
    text = cells.table(("a",), [(str(vars(line)),) for line in lines])
    assert "secret-unit" not in text and "和平路" not in text and not any(one.id in text for one in found)


def test_a_group_that_hides_nobody_is_refused() -> None:
    with pytest.raises(ValueError, match="hide nobody"):
        groups(NOVEMBER, [], NAMES, 4)


def test_a_cell_is_never_a_formula() -> None:
    [_, row] = csv.reader(io.StringIO(cells.table(("a",), [("=1+1", "＝1", "-2", -2, None, 0.5)]).removeprefix("\ufeff")))
    assert row == ["'=1+1", "'＝1", "'-2", "-2", "", "0.5"]
