"""`hotline agents tell` and `hotline agents announce`: something to all agents, or a queue's, on their desks or aloud."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from hotline.menus import whoever
from hotline.settings import Settings
from hotline.terminal import CANNOT, NO, refuse

Queue = Annotated[str, typer.Option("--queue", help="for its agents only")]


def announce(
    prompt: Annotated[str, typer.Option("--prompt", help="one of the city's prompts (`hotline prompts list`)")] = "",
    phone: Annotated[str, typer.Option("--phone", help="instead: it rings, and you speak there, a minute at most")] = "",
    queue: Queue = "",
) -> None:
    """Say something aloud to every agent who is free 广播; nobody is disturbed in a call, and callers come first."""
    if bool(prompt) == bool(phone):
        refuse("say what: --prompt NAME, or --phone PHONE for your own voice")
    done = _ask("agents.announce", prompt=prompt, phone=phone, queue=queue)
    others = ", ".join(f"{count} {state}" for state, count in done["left_out"].items())
    print(f"{len(done['to'])} agents: {' '.join(done['to'])}" + (f" (not: {others})" if others else ""))


def tell(text: Annotated[str, typer.Argument(help="at most 500 characters")], queue: Queue = "") -> None:
    """Show something on agents' desks 通知."""
    _ask("agents.tell", text=text, queue=queue)


def _ask(what: str, **fields: str) -> dict[str, Any]:
    from queues.actor import ADMINISTRATOR, Actor, NotRunning, Refused  # noqa: PLC0415 - `hotline --help` need not wait for them
    from queues.desk import ask  # noqa: PLC0415

    try:
        return ask(Settings.load().home, what, Actor(ADMINISTRATOR, name=whoever()), **fields)
    except NotRunning as error:
        refuse(error.detail, CANNOT)
    except Refused as no:
        refuse(no.detail, NO)
