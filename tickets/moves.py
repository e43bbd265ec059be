"""The life of a ticket as a table: which move leads where, who may make it, and what must be said with it.

    受理 accept · 派单 dispatch · 办理 take_up · 答复 reply · 督办 supervise · 办结 complete · 回访 revisit · 评价 rate

Pure: nothing here reads a clock or a database. Supervision is the only link of the eight that may be left out. A unit
gives a matter back once; the second assignment is final (Weifang's rules, Art. 22).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

STAGES = {
    "pending": "待受理",
    "not_accepted": "不予受理",
    "answered_at_once": "即时答复",
    "to_dispatch": "待派单",
    "dispatched": "已派单",
    "returned": "退回",
    "handling": "办理中",
    "extended": "延期",
    "replied": "已答复",
    "supervised": "督办中",
    "completed": "已办结",
    "to_revisit": "待回访",
    "rated": "已评价",
    "filed": "已归档",
}
CLOSED = frozenset(("not_accepted", "answered_at_once", "completed", "to_revisit", "rated", "filed"))  # Open311; the others are open

MACHINE = "hotline"  # what the hotline does by itself
STAFF = frozenset(("agent", "supervisor", "administrator"))
LEADERS = frozenset(("supervisor", "administrator"))
HANDLERS = STAFF | {"integration"}  # the unit that handles it, or its system
RATINGS = {"satisfied": "满意", "fair": "基本满意", "dissatisfied": "不满意", "unreachable": "无法联系"}


@dataclass(frozen=True)
class Move:
    """One row of the table. `wants`: what must be said with it; `may_say`: what else may."""

    label: str
    ends: Mapping[str, str]
    who: frozenset[str]
    wants: tuple[str, ...] = ()
    may_say: tuple[str, ...] = ()


MOVES = {
    "accept": Move("受理", {"pending": "to_dispatch"}, STAFF),
    "refuse": Move("不予受理", dict.fromkeys(("pending", "to_dispatch", "returned"), "not_accepted"), STAFF, ("reason", "way")),
    "answer": Move("即时答复", dict.fromkeys(("pending", "to_dispatch"), "answered_at_once"), STAFF, ("reply",)),
    "hand_over": Move("移交", dict.fromkeys(("pending", "to_dispatch", "returned"), "dispatched"), frozenset((MACHINE,))),
    "dispatch": Move("派单", dict.fromkeys(("to_dispatch", "returned"), "dispatched"), STAFF, ("organisation",), ("helpers",)),
    "take_up": Move("办理", dict.fromkeys(("dispatched", "supervised"), "handling"), HANDLERS),
    "return": Move("退回", dict.fromkeys(("dispatched", "handling"), "returned"), HANDLERS, ("reason",)),
    "extend": Move("延期", dict.fromkeys(("handling", "extended"), "extended"), LEADERS, ("reason",)),
    "reply": Move("答复", dict.fromkeys(("handling", "extended"), "replied"), HANDLERS, ("reply",)),
    "supervise": Move("督办", dict.fromkeys(("dispatched", "handling", "extended", "replied"), "supervised"), LEADERS, ("reason",)),
    "complete": Move("办结", {"replied": "completed"}, STAFF),
    "revisit": Move("回访", dict.fromkeys(("completed", "answered_at_once"), "to_revisit"), STAFF | {MACHINE}),
    "rate": Move("评价", {"to_revisit": "rated"}, STAFF | {MACHINE}, ("rating",)),
    "reopen": Move(
        "重办",
        {"answered_at_once": "pending", "not_accepted": "pending", **dict.fromkeys(("completed", "to_revisit", "rated"), "dispatched")},
        STAFF | {MACHINE},
        ("reason",),
    ),
    "file": Move("归档", dict.fromkeys(("rated", "not_accepted", "answered_at_once"), "filed"), STAFF | {MACHINE}),
}


@dataclass(frozen=True)
class Standing:
    """Where a ticket stands, and what has been counted on the way."""

    stage: str = "pending"
    returns: int = 0
    final: bool = False
    extensions: int = 0
    reopened: int = 0


class CaseRefused(Exception):  # noqa: N818 - a refusal, read as a sentence
    """Nothing was changed. `status` is HTTP's; `allowed` are the moves that this role may make now."""

    def __init__(self, status: int, detail: str, allowed: tuple[str, ...] = ()) -> None:
        super().__init__(detail)
        self.status, self.detail, self.allowed = status, detail, allowed


def allowed(standing: Standing, role: str, most_extensions: int) -> tuple[str, ...]:
    """The moves this role may make from here."""
    return tuple(name for name, move in MOVES.items() if role in move.who and not _obstacle(standing, name, most_extensions))


def after(standing: Standing, name: str, role: str, said: Mapping[str, object], most_extensions: int) -> Standing:
    """Where the move leads. Raises CaseRefused: 422 not a move or something not said, 403 not this role's, 409 not from here."""
    possible = allowed(standing, role, most_extensions)
    move = MOVES.get(name)
    if move is None:
        raise CaseRefused(422, f"no such move: {name[:40]}", possible)
    if role not in move.who:
        raise CaseRefused(403, f"the role {role} may not {name.replace('_', ' ')}", possible)
    if obstacle := _obstacle(standing, name, most_extensions):
        raise CaseRefused(409, obstacle, possible)
    if missing := [what for what in move.wants if not said.get(what)]:
        raise CaseRefused(422, f"{name} needs {' and '.join(missing)}", possible)
    if strange := [what for what, value in said.items() if value and what not in (*move.wants, *move.may_say, "reason")]:
        raise CaseRefused(422, f"{name} takes no {' and no '.join(strange)}", possible)
    if "rating" in move.wants and said["rating"] not in RATINGS:
        raise CaseRefused(422, f"a rating is one of {', '.join(RATINGS)}", possible)
    return _counted(standing, name, move.ends[standing.stage])


def _obstacle(standing: Standing, name: str, most_extensions: int) -> str:
    """Why not, or nothing."""
    stage = standing.stage
    if stage not in MOVES[name].ends:
        return f"a ticket that is {stage} ({STAGES[stage]}) cannot {name.replace('_', ' ')}"
    if name == "return" and standing.final:
        return "it was given back once and then finally assigned: there is no second return"
    if name == "extend" and standing.extensions >= most_extensions:
        return f"it was extended {standing.extensions} times, which is the most"
    return ""


def _counted(standing: Standing, name: str, stage: str) -> Standing:
    reached = replace(standing, stage=stage)
    match name:
        case "return":
            return replace(reached, returns=standing.returns + 1)
        case "dispatch":
            return replace(reached, final=standing.returns > 0)
        case "extend":
            return replace(reached, extensions=standing.extensions + 1)
        case "reopen":
            return replace(reached, reopened=standing.reopened + 1, extensions=0)
    return reached
