"""Is the Asterisk that was recording still there? Asked of /proc, because a process number alone may be someone else's by now.

Standard library only (see tickets/spool.py).
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

PROC = Path("/proc")


def identity(pid: int | None) -> dict[str, Any]:
    """Names one process for good: its number, when it began, and the kernel and namespace that counted it."""
    if pid is None:
        return {}
    return {"pid": pid, "started": _started(pid), "space": _space()}


def lives(who: Mapping[str, Any]) -> bool | None:
    """Whether the process named by `identity` still runs; None when this machine cannot tell."""
    if not isinstance(who.get("pid"), int) or who.get("started") is None:
        return None
    space = str(who.get("space", ""))
    boot, _, pids = space.partition("/")
    here_boot, _, here_pids = _space().partition("/")
    if boot != here_boot:
        return None if pids != here_pids else False  # same namespace number, other boot: the machine was restarted
    if pids != here_pids:
        return None  # another container's process
    return _started(who["pid"]) == who["started"]


def is_open(path: Path, who: Mapping[str, Any]) -> bool:
    """Whether a process holds the file open: the one named, or any that may be looked at."""
    named = who.get("pid")
    folders = [PROC / str(named)] if isinstance(named, int) and lives(who) else PROC.glob("[0-9]*")
    return any(_holds(folder, path) for folder in folders)


def _holds(process: Path, path: Path) -> bool:
    try:
        target, links = path.stat(), list((process / "fd").iterdir())
    except OSError:  # gone meanwhile, or not ours to look at
        return False
    return any(_leads_to(link, path.name, target) for link in links)


def _leads_to(link: Path, name: str, target: os.stat_result) -> bool:
    try:
        return name in str(link.readlink()) and os.path.samestat(link.stat(), target)
    except OSError:  # closed since it was listed
        return False


def _started(pid: int) -> int | None:
    """Clock ticks from boot to the process's start: field 22 of proc(5) stat, after the name in brackets."""
    try:
        stat = (PROC / str(pid) / "stat").read_text(encoding="ascii", errors="replace")
    except OSError:
        return None
    after_name = stat.rpartition(")")[2].split()
    if after_name[0] in ("Z", "X"):
        return None
    return int(after_name[19])


def _space() -> str:
    try:
        boot = (PROC / "sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        return f"{boot}/{(PROC / 'self/ns/pid').readlink()}"
    except OSError:
        return ""
