"""Whom a transfer can reach, by the names of the dialplan's extensions in [hotline-moved]: `p-PHONE`, `q-QUEUE`, `n-KEY`."""

from __future__ import annotations

AGENT, QUEUE, OUTSIDE = "agent", "queue", "outside"
KINDS = {AGENT: "p", QUEUE: "q", OUTSIDE: "n"}


def extension(kind: str, name: str) -> str:
    """`p-agent-1001`. Raises KeyError for a kind that is none."""
    return f"{KINDS[kind]}-{name}"
