"""What a report says, as sections of one table each: the page, the PDF and the CSV are all made of these."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from tickets.moves import RATINGS, STAGES
from tickets.rates import Rates
from tickets.reports.figures import KINDS, TROUBLE, TYPE_NAMES, Report, Share

UNKNOWN = "未注明"
MOST_ROWS = 15  # of one kind; the rest are one row
CHANNELS = {
    "voice": "电话", "voicemail": "语音留言", "fax": "传真", "sms": "短信", "email": "电子邮件", "web": "网页", "app": "手机应用", "wechat": "微信",
    "weibo": "微博", "qq": "QQ", "open311": "Open311",
}  # fmt: skip
TITLES = {
    "channel": ("来源渠道", "by channel"), "type": ("诉求类型", "by type"), "category": ("事项类别", "by category"),
    "organisation": ("承办单位", "by organisation"), "area": ("区域", "by place"),
}  # fmt: skip
FLOOR = {
    "offered": "进入排队的来电", "answered": "人工接通", "abandoned": "排队中放弃", "connection_rate": "接通率", "answered_within": "15 秒接听率",
    "service_level": "服务水平（20 秒）", "average_answer_seconds": "平均应答时间（秒）", "average_handle_seconds": "平均处理时间（秒）",
}  # fmt: skip
Cell = str | int | float | None


@dataclass(frozen=True)
class Chart:
    """Bars of the table's rows. `alt` says in words what they show."""

    kind: Literal["columns", "bars"]
    labels: Sequence[str]
    values: Sequence[float]
    alt: str
    unit: str = "件"


@dataclass(frozen=True)
class Section:
    """`name` is the CSV's. `shares`: columns that are shown as percent."""

    name: str
    title: str
    english: str
    columns: Sequence[str]
    rows: Sequence[Sequence[Cell]]
    note: str = ""
    shares: frozenset[int] = frozenset()
    chart: Chart | None = None


@dataclass(frozen=True)
class Names:
    """What codes are called; a code that nobody named is shown as it is."""

    organisations: Mapping[str, str] = field(default_factory=dict)
    categories: Mapping[str, str] = field(default_factory=dict)

    def of(self, kind: str, code: str) -> str:
        if not code:
            return UNKNOWN
        known: dict[str, Mapping[str, str]] = {"channel": CHANNELS, "type": TYPE_NAMES, "category": self.categories, "organisation": self.organisations}
        return known.get(kind, {}).get(code, code)


def sections(report: Report, names: Names) -> list[Section]:
    """All of them, in the order they are read."""
    found = [_days(report), *(_volumes(report, kind, names) for kind in KINDS), _timeliness(report), _units(report, names), _satisfaction(report), _visits(report), _visits_by(report, names)]
    found += [_hot(report, names), _hard(report, names), _troubles(report)]
    return found + ([_floor(report)] if report.floor else [])


def title(report: Report) -> str:
    first, last = report.period.days[0], report.period.days[-1]
    kind = "周报" if report.period.kind == "week" else "月报"
    return f"12345 热线{kind} {report.period.name}（{first.month} 月 {first.day} 日至 {last.month} 月 {last.day} 日）"


def summary(report: Report) -> list[tuple[str, str]]:
    """The figures on top."""
    return [
        ("受理工单", f"{report.total} 件（上期 {report.before} 件，{change(report.total, report.before)}）"),
        ("按时办结率", _said(report.completed)),
        ("按时答复率", _said(report.replied)),
        ("评价满意率", _said(report.pleased)),
        ("回访三率", "；".join(f"{label} {percent(rate)}" for label, rate, _ in _rates(report.visits)) if report.visits.visits else "期内没有"),
        ("重复诉求", f"{report.repeated} 次"),
    ]


def percent(value: Cell) -> str:
    return f"{value:.1%}" if isinstance(value, int | float) else "-"


def change(now: int, before: int) -> str:
    return f"{(now - before) / before:+.1%}" if before else "上期为零"


def _said(share: Share) -> str:
    return f"{percent(share.rate)}（{share.kept}/{share.of}）" if share.of else "期内没有"


def _days(report: Report) -> Section:
    rows = [(day.isoformat(), number) for day, number in report.by_day.items()]
    most = max(rows, key=lambda row: row[1])
    alt = f"每天受理件数。最多的一天是 {most[0]}，{most[1]} 件；平均每天 {report.total / len(rows):.1f} 件。"
    labels = [str(day.day) if report.period.kind == "month" else f"{day.month}-{day.day}" for day in report.by_day]
    chart = Chart("columns", labels, [row[1] for row in rows], alt) if report.total else None
    return Section("days", "每天受理量", "by day", ("日期", "件数"), rows, chart=chart)


def _volumes(report: Report, kind: str, names: Names) -> Section:
    counts, before = report.by[kind], report.by_before[kind]
    shown = list(counts.items())[:MOST_ROWS]
    rows: list[Sequence[Cell]] = [(names.of(kind, code), number, number / report.total, before.get(code, 0)) for code, number in shown]
    if rest := sum(counts.values()) - sum(number for _, number in shown):
        rows.append((f"其余 {len(counts) - len(shown)} 项", rest, rest / report.total, sum(before.values()) - sum(before.get(code, 0) for code, _ in shown)))
    label, english = TITLES[kind]
    top = "；".join(f"{row[0]} {row[1]} 件" for row in rows[:3])
    chart = Chart("bars", [str(row[0]) for row in rows], [float(row[1] or 0) for row in rows], f"按{label}的件数。{top}。") if rows else None
    return Section(f"by-{kind}", f"按{label}", english, (label, "件数", "占比", "上期"), rows, shares=frozenset((2,)), chart=chart)


def _timeliness(report: Report) -> Section:
    shares = (("按时派单率", report.dispatched), ("按时答复率", report.replied), ("按时办结率", report.completed))
    rows: list[Sequence[Cell]] = [(name, share.rate, share.kept, share.of) for name, share in shares]
    note = f"期内有 {report.missed} 个期限到期未办。没有期限的不计入；分母为零时不计算。"
    alt = "；".join(f"{name} {percent(share.rate)}" for name, share in shares) + "。"
    known = [(name, share.rate) for name, share in shares if share.rate is not None]
    chart = Chart("bars", [name for name, _ in known], [rate * 100 for _, rate in known], alt, "%") if known else None
    return Section("timeliness", "时效", "timeliness", ("指标", "比率", "按时", "共计"), rows, note, frozenset((1,)), chart)


def _units(report: Report, names: Names) -> Section:
    rows: list[Sequence[Cell]] = [
        (names.of("organisation", unit.organisation), unit.replies.of, unit.replies.rate, unit.pleased.of, unit.pleased.rate) for unit in report.units
    ]
    return Section("organisations", "各单位办理情况", "by organisation", ("承办单位", "答复", "按时答复率", "评价", "满意率"), rows, shares=frozenset((2, 4)))


def _satisfaction(report: Report) -> Section:
    rows: list[Sequence[Cell]] = [(label, report.ratings.get(code, 0)) for code, label in RATINGS.items()]
    alt = f"回访评价。{'；'.join(f'{row[0]} {row[1]} 件' for row in rows)}。满意率 {percent(report.pleased.rate)}。"
    chart = Chart("bars", [str(row[0]) for row in rows], [float(row[1] or 0) for row in rows], alt) if sum(report.ratings.values()) else None
    return Section("satisfaction", "满意度", "satisfaction", ("评价", "件数"), rows, "满意率 =（满意 + 基本满意）/ 联系上的。", chart=chart)


def _rates(visits: Rates) -> list[tuple[str, float | None, int]]:
    return [("响应率", visits.response, visits.response_of), ("解决率", visits.solution, visits.solution_of), ("满意率", visits.satisfaction, visits.satisfaction_of)]


def _visits(report: Report) -> Section:
    told = _rates(report.visits)
    rows: list[Sequence[Cell]] = list(told) if report.visits.visits else []
    note = (
        f"期内结束的回访 {report.visits.visits} 次。响应率：按时答复或当场答复 / 有答复期限或当场答复的；解决率：答“已解决”的 / 说明是否解决的；"
        "满意率：满意和基本满意的 / 说明是否满意的。没有联系上的只计入响应率。"
    )
    known = [(label, rate * 100) for label, rate, _ in told if rate is not None]
    alt = "；".join(f"{label} {percent(rate)}" for label, rate, _ in told) + "。"
    chart = Chart("bars", [label for label, _ in known], [rate for _, rate in known], alt, "%") if known else None
    return Section("revisits", "回访：响应率、解决率、满意率", "return visits", ("指标", "比率", "共计"), rows, note, frozenset((1,)), chart)


def _visits_by(report: Report, names: Names) -> Section:
    rows: list[Sequence[Cell]] = [
        (names.of("organisation", code), found.visits, found.response, found.solution, found.satisfaction) for code, found in report.visits_by.items()
    ]
    return Section("revisits-by-organisation", "各单位回访三率", "return visits by organisation", ("承办单位", "回访", "响应率", "解决率", "满意率"), rows, shares=frozenset((2, 3, 4)))


def _hot(report: Report, names: Names) -> Section:
    rows: list[Sequence[Cell]] = [
        (names.of("category", hot.category), hot.area or UNKNOWN, hot.count, hot.before, change(hot.count, hot.before)) for hot in report.hot
    ]
    return Section("hot", "热点", "hot issues", ("事项类别", "区域", "件数", "上期", "变化"), rows)


def _hard(report: Report, names: Names) -> Section:
    rows: list[Sequence[Cell]] = [
        (hard.number, names.of("category", hard.category), names.of("organisation", hard.organisation), STAGES.get(hard.stage, hard.stage),
         "、".join(f"{label} {hard.troubles[code]} 次" for code, label in TROUBLE.items() if code in hard.troubles))
        for hard in report.hard
    ]  # fmt: skip
    return Section("hard", "难点工单", "difficult tickets", ("工单号", "事项类别", "承办单位", "现状", "期内"), rows, "期内退回、延期、督办、重办最多的工单。")


def _troubles(report: Report) -> Section:
    rows: list[Sequence[Cell]] = [(label, report.troubles.get(code, 0)) for code, label in TROUBLE.items()]
    return Section("troubles", "退回、延期、督办、重办与重复", "returns, extensions, repeats", ("事项", "次数"), [*rows, ("重复诉求", report.repeated)])


def _floor(report: Report) -> Section:
    rows: list[Sequence[Cell]] = [
        (label, percent(value) if name.endswith(("rate", "within", "level")) else round(value, 1) if isinstance(value, float) else value)
        for name, label in FLOOR.items()
        if name in report.floor
        for value in (report.floor[name],)
    ]
    return Section("calls", "来电与坐席", "calls and agents", ("指标", "数值"), rows, "定义见统计指标说明（docs/figures.md）；- 为不计算。")
