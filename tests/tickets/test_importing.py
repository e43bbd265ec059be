"""Files of other city systems brought in: said first, done whole or not at all, and the same again changes nothing."""

from __future__ import annotations

import contextlib
import io
from datetime import UTC, datetime

import pytest

from ivr.organisations import Organisation
from tests.tickets import postgres
from tests.tickets.stage import CALL
from tickets import chain, exchange, importing
from tickets.case import Cases, Said, Who
from tickets.columns import COLUMNS, Names
from tickets.deadlines import Rules
from tickets.importing import Report
from tickets.life import begin, note
from tickets.models import OPEN, Ticket
from tickets.open311 import Service
from tickets.sheet_files import SheetError, write_csv, write_xlsx
from tickets.sight import Viewer
from tickets.store import Store

NOW = datetime(2026, 11, 22, 1, tzinfo=UTC)
RULES = Rules(
    organisations={
        "city": Organisation("city", "市政府", 1), "ecology": Organisation("ecology", "生态环境局", 2, "city"),
        "noise": Organisation("noise", "噪声科", 3, "ecology"),
    }
)  # fmt: skip
NAMES = Names.of(RULES, exchange.categories([Service("services", "公共服务"), Service("roads", "道路设施", "公共服务")]))
IN_FULL, MASKED = Viewer("supervisor", reason="移交"), Viewer("supervisor")
CLERK = Who("administrator", "clerk")
THEIRS = {
    "办件编号": "TA2026-0001", "办件来源": "微信", "市级编号": "CITY-7", "诉求主题": "井盖缺失", "诉求内容": "人民路 12 号门前井盖缺失", "办理单位": "生态环境局", "办理科室": "噪声科",
    "诉求人": "张三", "诉求人电话": "13800001234", "处理结果": "", "事项大类": "公共服务", "事项小类": "道路设施", "派发时间": "2026/11/20 9:05", "承诺完成时间": "2026-11-30", "办件状态": "办理中",
}  # fmt: skip


@pytest.fixture
def store(light_store: Store) -> Store:
    return light_store


@pytest.fixture
def cases(store: Store) -> Cases:
    return Cases(store.database, lambda: RULES, lambda: NOW)


def file(*rows: dict[str, str]) -> bytes:
    out = io.BytesIO()
    write_csv(out, COLUMNS, ([row.get(name) for name in COLUMNS] for row in rows))
    return out.getvalue()


def brings(cases: Cases, *rows: dict[str, str], apply: bool = True) -> Report:
    return importing.run(cases, NAMES, file(*rows), CLERK, apply=apply)


def only(store: Store) -> Ticket:
    (ticket,) = store.tickets()
    return ticket


def exported(cases: Cases, *, full: bool = True) -> list[dict[str, object]]:
    return [dict(zip(COLUMNS, row, strict=True)) for row in exchange.rows(cases.database, NAMES, NOW, IN_FULL if full else MASKED)]


def opened(store: Store, *moves: tuple[str, Said]) -> Ticket:
    """A ticket of ours."""
    with store.database.writes() as session:
        ticket = begin(session, "voice", OPEN)
        ticket.transcript, ticket.title, ticket.caller, ticket.caller_name = "噪音扰民，电话 13900005678", "噪音", CALL["caller"], "王小明"
        session.add(ticket)
        note(session, ticket, "draft_opened", {})
    for name, said in moves:
        Cases(store.database, lambda: RULES, lambda: NOW).move(ticket.number, name, CLERK, said)
    return store.ticket(ticket.number)


def test_a_file_is_said_first_then_done_and_then_changes_nothing(cases: Cases, store: Store) -> None:
    said = brings(cases, THEIRS, apply=False)
    assert (said.applied, said.count("created"), store.count()) == (False, 1, 0)
    done = brings(cases, THEIRS)
    assert (done.applied, done.lines[0].outcome, done.lines[0].number) == (True, "created", "TA2026-0001")
    ticket = only(store)
    assert done.lines[0].ticket == ticket.number
    assert (ticket.channel, ticket.reference, ticket.title, ticket.organisation, ticket.level, ticket.category, ticket.stage) == (
        "wechat", "CITY-7", "井盖缺失", "noise", 3, "roads", "handling",
    )  # fmt: skip
    assert (ticket.caller, ticket.caller_name, ticket.transcript) == ("13800001234", "张三", THEIRS["诉求内容"])
    assert (ticket.dispatched_at, ticket.due_at) == (datetime(2026, 11, 20, 1, 5, tzinfo=UTC), datetime(2026, 11, 29, 16, tzinfo=UTC))
    again = brings(cases, THEIRS)
    assert (again.count("unchanged"), store.count()) == (1, 1)
    (line,) = store.history(ticket_id=ticket.id)
    assert (line.event, line.actor, line.detail) == ("imported", "clerk", {"number": "TA2026-0001", "stage": "handling"})


def test_one_bad_row_and_nothing_is_done(cases: Cases, store: Store) -> None:
    report = brings(cases, THEIRS, THEIRS | {"办件编号": "TA2", "办件状态": "飞了"}, THEIRS | {"办件编号": "TA3"})
    assert [line.outcome for line in report.lines] == ["created", "refused", "created"]
    assert (report.applied, store.count(), report.lines[1].row) == (False, 0, 3)
    assert "no such state: 飞了" in report.lines[1].why


@pytest.mark.parametrize(
    ("cells", "why"),
    [
        ({"办件编号": ""}, "办件编号 is needed"),
        ({"办件编号": "a b"}, "办件编号 is needed"),
        ({"办件编号": "x" * 65}, "办件编号 is needed"),
        ({"办理单位": "没有的局"}, "organisations.yaml has no"),
        ({"办理单位": "", "办理科室": ""}, "办理单位 is needed"),
        ({"事项小类": "没有"}, "categories.yaml has no"),
        ({"诉求人电话": "'; DROP TABLE tickets"}, "not a telephone number"),
        ({"诉求人电话": "138****1234"}, "masked"),
        ({"诉求人": "张**"}, "masked"),
        ({"派发时间": "昨天"}, "派发时间: 昨天 is no date"),
        ({"诉求主题": "", "诉求内容": ""}, "is needed"),
        ({"诉求主题": "x" * 201}, "at most 200"),
        ({"处理结果": "x" * 4001}, "at most 4000"),
    ],
)
def test_a_row_that_cannot_be_brought_in_says_what_to_correct(cases: Cases, cells: dict[str, str], why: str) -> None:
    (line,) = brings(cases, THEIRS | cells, apply=False).lines
    assert (line.outcome, why in line.why) == ("refused", True), line


def test_a_number_that_stands_there_twice(cases: Cases) -> None:
    assert [line.outcome for line in brings(cases, THEIRS, THEIRS).lines] == ["created", "refused"]


def test_html_sql_and_line_breaks_are_words(cases: Cases, store: Store) -> None:
    brings(cases, THEIRS | {"诉求内容": "<script>\r\nDROP TABLE tickets;--", "诉求主题": "a\r\nb"})
    assert (only(store).transcript, only(store).title) == ("<script>\nDROP TABLE tickets;--", "a b")


def test_an_export_of_ours_changes_nothing_in_full_or_masked(cases: Cases, store: Store) -> None:
    opened(store, ("accept", Said()), ("dispatch", Said(organisation="noise")), ("take_up", Said()), ("reply", Said(reply="已处理，电话 13900005678")))
    opened(store)
    for full in (True, False):
        for write in (write_csv, write_xlsx):
            out = io.BytesIO()
            write(out, COLUMNS, exchange.rows(cases.database, NAMES, NOW, IN_FULL if full else MASKED))
            last = store.last_event()
            report = importing.run(cases, NAMES, out.getvalue(), CLERK, apply=True)
            assert [line.outcome for line in report.lines] == ["unchanged"] * 2, report.lines
            assert store.last_event() == last


def test_a_row_says_all_eighteen_columns(cases: Cases, store: Store) -> None:
    ticket = opened(store, ("accept", Said()), ("dispatch", Said(organisation="noise")), ("take_up", Said()), ("reply", Said(reply="已处理")))
    (row,) = exported(cases)
    assert row == {
        "序号": "1", "办件编号": ticket.number, "办件来源": "电话", "市级编号": "", "诉求主题": "噪音", "诉求内容": "噪音扰民，电话 13900005678", "办理单位": "生态环境局", "办理科室": "噪声科",
        "诉求人": "王小明", "诉求人电话": CALL["caller"], "处理结果": "已处理", "事项大类": "", "事项小类": "", "派发时间": NOW, "承诺完成时间": None, "办件状态": "已答复", "派单员": "clerk", "预警状态": "",
    }  # fmt: skip
    (masked,) = exported(cases, full=False)
    assert (masked["诉求人"], masked["诉求人电话"], masked["诉求内容"]) == ("王**", "138****1234", "噪音扰民，电话 139****5678")


def test_a_ticket_of_ours_goes_where_the_moves_lead(cases: Cases, store: Store) -> None:
    ticket = opened(store)
    row = {"办件编号": ticket.number, "办件状态": "已办结", "办理单位": "生态环境局", "处理结果": "已处理"}
    said = brings(cases, row, apply=False)
    assert said.lines[0].changes == {"办件状态": "受理 → 派单 → 办理 → 答复 → 办结 → 已办结"}
    assert store.ticket(ticket.number).stage == "pending"
    brings(cases, row)
    ticket = store.ticket(ticket.number)
    assert (ticket.stage, ticket.organisation) == ("completed", "ecology")
    assert [line.detail["move"] for line in store.history(ticket_id=ticket.id) if line.event == "moved"] == ["accept", "dispatch", "take_up", "reply", "complete"]
    assert brings(cases, row).count("unchanged") == 1
    with store.database.reads() as session:
        assert chain.verify(session).broken is None


def test_what_leads_nowhere_is_refused(cases: Cases, store: Store) -> None:
    number = opened(store, ("accept", Said())).number
    for cells, why in (
        ({"办件状态": "已办结"}, "no way leads from 待派单 to 已办结 by what the row says (办理单位 is empty；处理结果 is empty)"),
        ({"办件状态": "待受理"}, "no way leads"),
        ({"办件状态": "退回", "办理单位": "市政府"}, "no way leads"),
        ({"诉求内容": "别的"}, "does not change the citizen's words"),
        ({"诉求人电话": "13900000000"}, "诉求人电话 is not that of ticket"),
    ):
        (line,) = brings(cases, {"办件编号": number} | cells).lines
        assert (line.outcome, why in line.why) == ("refused", True), line
    assert store.ticket(number).stage == "to_dispatch"


def test_a_category_a_reference_a_result_and_another_unit(cases: Cases, store: Store) -> None:
    number = opened(store, ("accept", Said()), ("dispatch", Said(organisation="noise"))).number
    row = {"办件编号": number, "事项大类": "公共服务", "事项小类": "道路设施", "市级编号": "C9", "处理结果": "已联系", "办理单位": "市政府"}
    (line,) = brings(cases, row).lines
    assert line.changes == {"事项小类": "- → roads", "市级编号": "- → C9", "办理单位": "noise → city", "处理结果": "noted"}
    ticket = store.ticket(number)
    assert (ticket.category, ticket.reference, ticket.organisation) == ("roads", "C9", "city")
    assert brings(cases, row).count("unchanged") == 1


def test_what_is_no_table_of_tickets_is_refused(cases: Cases) -> None:
    for content, why in (
        (b"a,b\n1,2", "none of the first 10 rows names the columns"),
        (b"", "the first one says: nothing"),
        ("办件编号,颜色\n1,2".encode(), "no such column: 颜色"),
        ("办件编号,办件编号\n1,2".encode(), "stands there twice"),
        ("办件编号\nA1,x".encode(), "below no column's name"),
    ):
        with pytest.raises(SheetError) as refused:
            importing.run(cases, NAMES, content if b"A1" not in content else content.replace("办件编号".encode(), "办件编号,".encode(), 1), CLERK, apply=False)
        assert why in str(refused.value)


def test_a_title_above_the_columns_and_any_order_of_them(cases: Cases) -> None:
    content = "12345 热线工单台账,,\n,,\n 诉求 内容,办件编号,序号\n路灯不亮,A1,1\n,,\n".encode("gb18030")
    (line,) = importing.run(cases, NAMES, content, CLERK, apply=False).lines
    assert (line.row, line.number, line.outcome) == (4, "A1", "created")


def test_an_export_goes_page_by_page(cases: Cases, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exchange, "PAGE", 2)
    for _ in range(5):
        opened(store)
    assert [row["序号"] for row in exported(cases)] == ["1", "2", "3", "4", "5"]
    assert len(list(exchange.rows(cases.database, NAMES, NOW, MASKED, most=3))) == 3
    assert list(exchange.rows(cases.database, NAMES, NOW, MASKED, until=NOW.replace(year=2020))) == []


def test_the_same_on_postgresql(postgres_template: tuple[postgres.Server, str]) -> None:
    server, template = postgres_template
    with server.database(template) as address, contextlib.closing(Store(address)) as store:
        cases = Cases(store.database, lambda: RULES, lambda: NOW)
        assert [line.outcome for line in brings(cases, THEIRS, THEIRS | {"办件编号": "TA2", "办件状态": "飞了"}).lines] == ["created", "refused"]
        assert store.count() == 0
        assert brings(cases, THEIRS).count("created") == brings(cases, THEIRS | {"诉求人": ""}).count("unchanged") == 1
        number = opened(store).number
        assert brings(cases, {"办件编号": number, "办件状态": "即时答复", "处理结果": "24 小时"}).count("changed") == 1
        assert {row["办件状态"] for row in exported(cases)} == {"办理中", "即时答复"}
