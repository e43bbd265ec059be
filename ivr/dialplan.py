"""Compiles a city to native Asterisk dialplan, so that a call goes on by itself whenever AGI does not.

It does what `ivr.flow` does, key for key; tests hold the two together. Every text that gets here was checked when
the city was loaded, and is checked again where it is written: nothing in a published file can become dialplan.

Extension `s` of a node has three doors: `s,1` for those who come by dialling or by a key, `quiet` for those who come
back or were told something first (no greeting), `arrive` for those sent on by a closed node. HOTLINE_SAY gathers
what is to be said (each prompt followed by &) until something is asked or decided.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from ivr import numbers
from ivr.flow import NEXT_DIGIT_SECONDS, NO_INPUT_LIMIT, NO_MATCH_LIMIT, TURN_LIMIT, decision_of
from ivr.model import EMERGENCIES, ZONES, Announcement, City, Hours, Menu, Node, Span
from ivr.prompts import TELLS
from ivr.revisits import survey

_SAFE = re.compile(r"[A-Za-z0-9+-]*")
_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
MISDIALLED_DIGITS = 4  # behind a number of ours, by someone who dials a path that is not there
_RESET = "MSet(HOTLINE_NOINPUT=0,HOTLINE_NOMATCH=0)"

Line = tuple[str, str]  # label or '', application


def compile(city: City, version: int) -> str:  # noqa: A001 - the word for it
    """The contexts of one published version: v<N>.conf."""
    head = f"; Menu version {version}, compiled when it was published. Edit dialplans/, then: hotline publish\n"
    shared = [
        _context(version, "person", [("", f"Goto({_name(version, city.person)},s,1)")]),
        _context(version, "fax", [("", f"Goto({_name(version, city.fax or city.person)},s,1)")]),
    ]
    if all(prompt in city.prompts for prompt in TELLS):
        shared.append(_context(version, "tells", [("", "Return()")]))
    dated = [_dated(city, version, name, hours) for name, hours in city.hours.items() if hours.days]
    nodes = [_context(version, node.id, _node(city, version, node)) for node in city.nodes.values()]
    if city.revisits.enabled:
        asked = survey(city)
        nodes += [_context(version, node.id, _node(asked, version, node)) for node in asked.nodes.values()]
    return head + "\n".join([*shared, *dated, *nodes])


def compile_numbers(city: City, version: int, *, menu: bool = True) -> str:
    """The number table: current.conf. With the menu switched off, whoever would hear a menu gets a person."""
    lines = [
        f"; Numbers of menu version {version}, the current one. Written when it was published.",
        "[globals]",
        f"HOTLINE_CURRENT={version}",
        "",
        "[hotline-trunk]",
    ]
    for number, node_id in numbers.entries(city).items():
        lines += _enter(city, version, number, _arrival(city, number, node_id, menu))
    for number, node_id in city.numbers.items():  # 1234519, a path that leads nowhere: greeted, not refused
        for surplus in range(1, MISDIALLED_DIGITS + 1):
            lines += _enter(city, version, number, _arrival(city, number, node_id, menu), "X" * surplus)
    for number in EMERGENCIES:
        lines += _enter(city, version, number, f"HOTLINE_AT={_safe(city.root)},HOTLINE_PATH={_safe(city.root)},HOTLINE_TARGET={number},HOTLINE_DECISION=emergency")
    return "\n".join(lines) + "\n"


def compile_elderly(forms: Mapping[str, str]) -> str:
    """Callers who asked for care, by their number in each form: elderly.conf."""
    return compile_callers("hotline-elderly", "`hotline elderly`", forms)


def compile_callers(context: str, by: str, forms: Mapping[str, str]) -> str:
    """What is known of callers, by their number in each form: a context of Gosub()s that return it."""
    lines = [f"; Written by {by}. Personal data.", f"[{context}]"]
    return "\n".join([*lines, *(f"exten => {_safe(form)},1,Return({_safe(value)})" for form, value in forms.items()), ""])


def _arrival(city: City, number: str, node_id: str, menu: bool) -> str:
    at = numbers.entrance(node_id, city, menu=menu)
    person = numbers.entrance(at, city, menu=False)
    category = numbers.category(number, city)
    preset = f",HOTLINE_CATEGORY={_safe(category)}" if category else ""
    return f"HOTLINE_AT={_safe(at)},HOTLINE_PERSON={_safe(person)}{preset}"


def _enter(city: City, version: int, number: str, at: str, surplus: str = "") -> Iterator[str]:
    """A number in each of its forms, `surplus` behind it; exact numbers win. Asterisk itself ignores dashes dialled."""
    told = f"{at},HOTLINE_ROOT={_safe(city.root)},__HOTLINE_CALLED={_safe(number)}"
    for form in numbers.forms(number, city):
        if "-" not in form:
            dialled = f"_{_safe(form)}{surplus}" if surplus else _safe(form)
            yield f"exten => {dialled},1,MSet(__HOTLINE_VERSION={version},{told})"
            yield " same => n,Goto(hotline-enter,s,1)"


def _context(version: int, name: str, lines: list[Line]) -> str:
    first, *rest = [f"n({label}),{app}" if label else f"n,{app}" for label, app in lines]
    body = [f"exten => s,1,{first.partition(',')[2]}", *(f" same => {line}" for line in rest)]
    return "\n".join([f"[{_name(version, name)}]", *body, "include => hotline-common", ""])


def _name(version: int, node_id: str) -> str:
    return f"hotline-v{version}-{_safe(node_id)}"


def _node(city: City, version: int, node: Node) -> list[Line]:
    doors: list[Line] = [
        ("", "MSet(HOTLINE_SAY=,HOTLINE_GREET=1)"),
        ("", "Goto(arrive)"),
        ("quiet", "Set(HOTLINE_GREET=)"),
        ("arrive", f"Set(HOTLINE_AT={_safe(node.id)})"),
        *([("", f"Gosub(hotline-language,s,1({_safe(node.language)}))")] if node.language else []),
        *_hours(city, version, node),
    ]
    if isinstance(node, Menu):
        return [*doors, *_menu(city, version, node)]
    if isinstance(node, Announcement):
        said = "".join(f"{sound}&" for sound in _sounds(node.prompt))
        return [*doors, ("open", f"Set(HOTLINE_SAY=${{HOTLINE_SAY}}{said})"), ("", f"Goto({_name(version, node.next)},s,quiet)")]
    return [*doors, *_decision(city, node)]


def _hours(city: City, version: int, node: Node) -> Iterator[Line]:
    if node.hours is None or node.closed is None:
        return
    hours = city.hours[node.hours]
    closed = f"{_name(version, node.closed)},s,arrive"
    if hours.days:
        dates = _name(version, f"hours-{node.hours}")
        yield "", f"Set(HOTLINE_DAY=${{STRFTIME(${{EPOCH}},{_zone(city)},%Y%m%d)}})"
        yield "", f"GotoIf(${{DIALPLAN_EXISTS({dates},${{HOTLINE_DAY}},1)}}?dated)"
    for span in hours.weekly:
        for days in _day_ranges(span):
            yield "", f"GotoIfTime({_times(span.start, span.end)},{days},*,*,{_zone(city)}?open)"
    yield "", f"Goto({closed})"
    if hours.days:
        yield "dated", f"Gosub({dates},${{HOTLINE_DAY}},1)"
        yield "", f'GotoIf($["${{GOSUB_RETVAL}}"!="open"]?{closed})'


def _dated(city: City, version: int, name: str, hours: Hours) -> str:
    """A list of dates, because GotoIfTime knows no years: each day that differs from its week returns open or nothing."""
    lines = [f"[{_name(version, f'hours-{name}')}]", "exten => open,1,Return(open)"]
    for day, openings in sorted(hours.days.items()):
        steps = [f"GotoIfTime({_times(*opening)},*,*,*,{_zone(city)}?open,1)" for opening in openings]
        first, *rest = [*steps, "Return()"]
        lines += [f"exten => {day:%Y%m%d},1,{first}", *(f" same => n,{step}" for step in rest)]
    return "\n".join([*lines, ""])


def _day_ranges(span: Span) -> Iterator[str]:
    """0 1 2 3 4 6 -> mon-fri, sun: GotoIfTime takes a range or a day."""
    run: list[int] = []
    for day in (*span.days, 99):
        if run and day != run[-1] + 1:
            yield _DAYS[run[0]] if len(run) == 1 else f"{_DAYS[run[0]]}-{_DAYS[run[-1]]}"
            run = []
        run.append(day)


def _times(start: int, end: int) -> str:
    last = end - 1  # GotoIfTime includes the last minute
    return f"{start // 60:02}:{start % 60:02}-{last // 60:02}:{last % 60:02}"


def _zone(city: City) -> str:
    """A POSIX zone, whose sign is the other way round: it needs no time-zone files on the machine."""
    return f"CST-{ZONES[city.zone]}"


def _menu(city: City, version: int, menu: Menu) -> Iterator[Line]:
    prompt = "&".join(_sounds(menu.prompt))
    greeting = "".join(f"{sound}&" for sound in _sounds(menu.greeting))
    person = f"{_name(version, city.person)},s,1"
    yield "open", f'ExecIf($["${{HOTLINE_GREET}}"="1"]?Set(HOTLINE_SAY=${{HOTLINE_SAY}}{greeting}))'
    yield "", f"Set(HOTLINE_SAY=${{HOTLINE_SAY}}{prompt})"
    yield "ask", f"GotoIf($[0${{HOTLINE_TURNS}} >= {TURN_LIMIT}]?{person})"
    yield "", "MSet(HOTLINE_TURNS=$[0${HOTLINE_TURNS} + 1],HOTLINE_DIGITS=)"
    yield "", f"Gosub(hotline-ask,s,1(${{HOTLINE_SAY}},{menu.no_input_seconds}))"
    yield "heard", 'MSet(HOTLINE_SAY=,HOTLINE_DIGITS=${HOTLINE_DIGITS}${HOTLINE_KEY})'
    yield "", 'GotoIf($["${HOTLINE_KEY}"=""]?silent)'
    yield from _keys(city, version, menu)
    yield "", "Goto(wrong)"
    for key, target in menu.choices.items():
        yield f"key{_safe(key)}", _RESET
        yield "", f"Goto({_name(version, target)},s,1)"
    yield "repeat", f"MSet(HOTLINE_NOINPUT=0,HOTLINE_NOMATCH=0,HOTLINE_SAY={prompt})"
    yield "", "Goto(ask)"
    yield "back", _RESET
    yield "", f"Goto({_name(version, city.back(menu.id))},s,quiet)"
    if _beginnings(menu):
        yield "more", "Set(HOTLINE_TURNS=$[0${HOTLINE_TURNS} + 1])"
        yield "", f"Gosub(hotline-ask,s,1(,{NEXT_DIGIT_SECONDS}))"
        yield "", "Goto(heard)"
    yield "silent", 'GotoIf($["${HOTLINE_DIGITS}"!=""]?wrong)'
    yield from _counted("HOTLINE_NOINPUT", NO_INPUT_LIMIT, f"hotline/noinput&{prompt}", person)
    yield "wrong", "NoOp()"
    yield from _counted("HOTLINE_NOMATCH", NO_MATCH_LIMIT, f"hotline/nomatch&{prompt}", person)


def _keys(city: City, version: int, menu: Menu) -> Iterator[Line]:
    for key in menu.choices:
        yield "", f'GotoIf($["${{HOTLINE_DIGITS}}"="{_safe(key)}"]?key{key})'
    if "0" not in menu.choices:
        yield "", f'GotoIf($["${{HOTLINE_DIGITS}}"="0"]?{_name(version, city.person)},s,1)'
    yield "", 'GotoIf($["${HOTLINE_KEY}"="*"]?repeat)'
    yield "", 'GotoIf($["${HOTLINE_KEY}"="#"]?back)'
    for digits in _beginnings(menu):
        yield "", f'GotoIf($["${{HOTLINE_DIGITS}}"="{_safe(digits)}"]?more)'


def _beginnings(menu: Menu) -> list[str]:
    """What longer keys begin with: 12 -> 1."""
    return sorted({key[:length] for key in menu.choices for length in range(1, len(key))})


def _counted(variable: str, limit: int, said: str, person: str) -> Iterator[Line]:
    yield "", f"Set({variable}=$[0${{{variable}}} + 1])"
    yield "", f"GotoIf($[${{{variable}}} >= {limit}]?{person})"
    yield "", f"Set(HOTLINE_SAY={said})"
    yield "", "Goto(ask)"


def _decision(city: City, node: Node) -> Iterator[Line]:
    said = "&".join(_sounds(node.prompt))
    yield "open", f"Set(HOTLINE_SAY=${{HOTLINE_SAY{'' if said else ':0:-1'}}}{said})"
    variables = decision_of(city, node).variables()
    yield "", f"MSet({','.join(f'{name}={_safe(value)}' for name, value in variables.items())})"
    yield "", "Goto(hotline-decided,s,1)"


def _sounds(prompts: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(f"hotline/{_safe(prompt)}" for prompt in prompts)


def _safe(text: str) -> str:
    """The choke point: letters, digits, + and - cannot be anything but themselves in a dialplan."""
    if not _SAFE.fullmatch(text):
        raise ValueError(f"{text!r} must not become dialplan")
    return text
