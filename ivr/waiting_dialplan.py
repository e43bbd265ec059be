"""Compiles how callers wait to native dialplan: menus/waiting.conf, read by the contexts of asterisk/waiting.conf.j2.

Of the current version only: a caller who is in an older one waits by today's rules, as queues.conf has it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ivr.dialplan import _day_ranges, _safe, _times, _zone
from ivr.model import City, Hours, Queue, QueueNode
from ivr.needs import Wanted, of_node, of_queue
from ivr.queueing import BEST_LEVEL, CallBacks, Overflow

HEAD = "; Written from queues.yaml, waiting.yaml and menus.yaml when they were published. Edit those.\n"


def compile_waiting(city: City) -> str:
    """The whole file."""
    hours = {overflow.hours for queue in city.queues.values() for overflow in queue.overflows if overflow.hours}
    parts = [
        _rules(city),
        _needs(city),
        *(_queue(city, queue) for queue in city.queues.values()),
        *(_keys(queue) for queue in city.queues.values() if queue.keys),
        *(_hours(city, name, city.hours[name]) for name in sorted(hours)),
        _numbers(city.waiting.callbacks),
        _callback_hours(city, city.waiting.callbacks),
    ]
    return HEAD + "\n".join(parts)


def _context(name: str, *extensions: Iterator[str] | list[str]) -> str:
    return "\n".join([f"[{name}]", *(line for extension in extensions for line in extension), ""])


def _extension(name: str, steps: list[str]) -> Iterator[str]:
    first, *rest = steps
    yield f"exten => {name},1,{first}"
    yield from (f" same => n,{step}" for step in rest)


def _rules(city: City) -> str:
    waiting, calls = city.waiting, city.waiting.callbacks
    values = {
        "HOTLINE_AGAIN_HOURS": waiting.again_hours,
        "HOTLINE_AGAIN_PRIORITY": waiting.again_priority,
        "HOTLINE_BACK_DAILY": calls.a_day,
    }
    return _context("hotline-waiting-rules", _extension("s", [_set(values), "Return()"]))


def _needs(city: City) -> str:
    """By the node that decided, its dashes as underscores: Asterisk takes 12345-1-1 and 12345-11 for the same."""
    nodes = [node for node in city.nodes.values() if isinstance(node, QueueNode)]
    return _context("hotline-needs", *(_need(city, node) for node in nodes if node.priority or any(of_node(city, node).values())))


def _need(city: City, node: QueueNode) -> Iterator[str]:
    wanted = of_node(city, node)
    steps = [_set({"HOTLINE_NEED": _joined(wanted.pop("")), "HOTLINE_PRIORITY": node.priority})]
    steps += [f'ExecIf($["${{HOTLINE_LANGUAGE}}"="{_safe(language)}"]?Set(HOTLINE_NEED={_joined(skills)}))' for language, skills in wanted.items()]
    return _extension(_safe(node.id).replace("-", "_"), [*steps, "Return()"])


def _queue(city: City, queue: Queue) -> str:
    after = next((overflow for overflow in queue.overflows if overflow.when == "after"), None)
    nobody = next((overflow for overflow in queue.overflows if overflow.when == "nobody"), None)
    values = {
        "HOTLINE_OVERFLOW": queue.overflow,
        "HOTLINE_WAIT": queue.wait_seconds,
        "HOTLINE_AFTER": after.amount if after else "",
        "HOTLINE_AFTER_TO": _to(after) if after else "",
        "HOTLINE_STRICT": BEST_LEVEL - queue.relax[0].level,
        "HOTLINE_BACK_RING": city.waiting.callbacks.ring_seconds,
    }
    prefer = f"Set(HOTLINE_PRIORITY=${{IF($[0${{HOTLINE_PRIORITY}} < {queue.priority}]?{queue.priority}:${{HOTLINE_PRIORITY}})}})"
    arrive = [step for overflow in queue.overflows for step in _arrives(city, queue, overflow)]
    return _context(
        f"hotline-queue-{_safe(queue.name)}",
        _extension("settings", [_set(values), prefer, "Return()"]),
        _extension("arrive", [*arrive, "Return()"]),
        _extension("nobody", [f"Return({_to(nobody) if nobody else ''})"]),
    )


def _arrives(city: City, queue: Queue, overflow: Overflow) -> list[str]:
    if overflow.when == "above":
        sections = [f"hotline-{_safe(queue.name)}", *(f"hotline-{_safe(queue.name)}+{_joined(wanted)}" for wanted in of_queue(city, queue))]
        waiting = " + ".join(f"${{QUEUE_WAITING_COUNT({section})}}" for section in sections)
        return [f"ExecIf($[{waiting} >= {overflow.amount}]?Return({_to(overflow)}))"]
    if overflow.when == "outside":
        return [f"Gosub(hotline-hours-{_safe(overflow.hours)},s,1)", f'ExecIf($["${{GOSUB_RETVAL}}"!="open"]?Return({_to(overflow)}))']
    return []


def _to(overflow: Overflow) -> str:
    return f"{_safe(overflow.to)}-{_safe(overflow.target)}"


def _keys(queue: Queue) -> str:
    return _context(f"hotline-keys-{_safe(queue.name)}", *(_extension(key, [f"Goto(hotline-key,{_safe(action)},1)"]) for key, action in queue.keys.items()))


def _hours(city: City, name: str, hours: Hours) -> str:
    """Returns `open` or nothing; dates first, because GotoIfTime knows no years."""
    context = f"hotline-hours-{_safe(name)}"
    zone = _zone(city)
    week = [f"GotoIfTime({_times(span.start, span.end)},{days},*,*,{zone}?open,1)" for span in hours.weekly for days in _day_ranges(span)]
    dates = [
        f"Set(HOTLINE_DAY=${{STRFTIME(${{EPOCH}},{zone},%Y%m%d)}})",
        f"GotoIf(${{DIALPLAN_EXISTS({context},${{HOTLINE_DAY}},1)}}?${{HOTLINE_DAY}},1)",
    ]
    days = [
        _extension(f"{day:%Y%m%d}", [*(f"GotoIfTime({_times(*opening)},*,*,*,{zone}?open,1)" for opening in openings), "Return()"])
        for day, openings in sorted(hours.days.items())
    ]
    return _context(context, _extension("s", [*(dates if hours.days else []), *week, "Return()"]), _extension("open", ["Return(open)"]), *days)


def _numbers(rules: CallBacks) -> str:
    """Which numbers may be called back. The patterns were checked: digits, X, Z, N and classes of digits."""
    return _context("hotline-callback-numbers", *(_extension(f"_{pattern}", ["Return(ok)"]) for pattern in rules.numbers))


def _callback_hours(city: City, rules: CallBacks) -> str:
    first, last = (int(clock[:2]) * 60 + int(clock[3:]) for clock in (rules.first, rules.last))
    return _context(
        "hotline-callback-hours",
        _extension("s", [f"GotoIfTime({_times(first, last)},*,*,*,{_zone(city)}?open,1)", "Return()"]),
        _extension("open", ["Return(open)"]),
    )


def _joined(wanted: Wanted) -> str:
    return "+".join(map(_safe, wanted))


def _set(values: Mapping[str, object]) -> str:
    return f"MSet({','.join(f'{name}={_safe(str(value))}' for name, value in values.items())})"
