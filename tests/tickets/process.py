"""Real processes for stories in which they are killed, forked from one that has everything imported already.

A worker's recogniser is a play: it does what is written in `HOME/play`: `words`, `silence`, `kills` (the whole worker),
`waits` (until the file says something else), `ends with its worker` (as a pool of recognisers that is closed last).
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Callable
from multiprocessing.process import BaseProcess
from pathlib import Path

from tickets.adopt import Adoption
from tickets.case_system import CaseSystem
from tickets.connectors.webhook import Webhook
from tickets.jobs import DurableJobs
from tickets.patience import Patience
from tickets.spool import Spool
from tickets.store import Store
from tickets.transcriber import NoSpeech, RecogniserAway, Transcript
from tickets.worker import work

KEY = b"a key for tests"
PLAY_SECONDS = 60


def play(home: Path) -> str:
    deadline = time.monotonic() + PLAY_SECONDS
    while (part := (home / "play").read_text()) == "waits" and time.monotonic() < deadline:
        time.sleep(0.02)
    return part


def run_worker(home: Path, url: str, case_system: str | None, events: tuple[str, ...] = ()) -> None:
    """A worker process, until SIGTERM."""
    _log_to(home / "worker.log")

    def hear(path: Path) -> Transcript:
        with (home / "heard").open("a") as log:
            log.write(f"{path.name}\n")
        assert path.is_file()
        match play(home):
            case "silence":
                raise NoSpeech("nobody spoke")
            case "kills":
                os.kill(os.getpid(), signal.SIGKILL)
            case "ends with its worker":
                closed.wait(PLAY_SECONDS)
                raise RecogniserAway("the recognisers are stopped")
        return Transcript("路灯坏了", "路 灯 坏 了", "play", "none")

    stop, closed = threading.Event(), threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    destination = CaseSystem(Webhook(case_system, KEY, 5), Patience(first_seconds=0.2), frozenset(events)) if case_system else None
    work(home, url, hear, stop, case_system=destination, daily=lambda *_: (home / "mornings").touch())
    closed.set()


def adopt_and_die(home: Path, url: str, step: str) -> None:
    """Adopts the first item and is killed after this step."""
    spool, store = Spool(home / "spool"), Store(url)
    store.jobs = DurableJobs(store.database)

    def die(at: str) -> None:
        if at == step:
            os.kill(os.getpid(), signal.SIGKILL)

    Adoption(home, spool, store, die).adopt(spool.waiting()[0])


def start(target: Callable[..., None], *arguments: object) -> BaseProcess:
    process = FORKS.Process(target=target, args=arguments, daemon=True)
    process.start()
    return process


def _log_to(path: Path) -> None:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.dup2(handle, 1)
    os.dup2(handle, 2)


FORKS = multiprocessing.get_context("forkserver")
FORKS.set_forkserver_preload([__name__, "tickets.worker"])
