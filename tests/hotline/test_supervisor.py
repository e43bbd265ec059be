"""Whichever process dies is started again, in growing pauses; a killed supervisor takes nobody with it."""

from __future__ import annotations

import json
import os
import signal
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import cast

import psutil
import pytest

from hotline import running
from hotline.asterisk import Asterisk, AsteriskFailed
from hotline.services import AsteriskService, Child
from hotline.settings import Settings
from hotline.supervisor import LONGEST_PAUSE_SECONDS, STABLE_SECONDS, Restarts, Supervisor

SLEEPER = ("sleep", "300")


class Clock:
    """Time that passes when the test says so."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now

    def passes(self, seconds: float) -> None:
        self.now += seconds


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def child(tmp_path: Path) -> Iterator[Callable[..., Child]]:
    made: list[Child] = []

    def make(name: str = "telephony", *command: str) -> Child:
        made.append(Child(name, command or SLEEPER, tmp_path))
        return made[-1]

    yield make
    for one in made:
        one.stop(5)


def kill(pid: int | None) -> None:
    """kill -9, and wait until it is gone."""
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    psutil.wait_procs([psutil.Process(pid)] if psutil.pid_exists(pid) else [], timeout=5)


def test_a_killed_process_is_started_again(tmp_path: Path, clock: Clock, child: Callable[..., Child]) -> None:
    telephony, web = child("telephony"), child("web")
    supervisor = Supervisor([telephony, web], tmp_path / "status.json", clock)
    supervisor.start()
    before, untouched = telephony.pid(), web.pid()
    kill(before)
    supervisor.look()
    assert telephony.pid() is None, "not at once"
    clock.passes(0.5)
    supervisor.look()
    assert telephony.pid() not in (None, before)
    assert web.pid() == untouched
    told = json.loads((tmp_path / "status.json").read_text())["services"]
    assert [(one["name"], one["restarts"]) for one in told] == [("telephony", 1), ("web", 0)]


def test_pauses_double_up_to_a_limit_and_are_forgotten_after_a_stable_minute() -> None:
    restarts, now = Restarts(), 0.0
    restarts.started(now)
    pauses = []
    for _ in range(9):
        pauses.append(restarts.died(now))
        now += pauses[-1]
        restarts.started(now)
    assert pauses == [0.5, 1, 2, 4, 8, 16, 30, 30, 30]
    assert LONGEST_PAUSE_SECONDS == 30
    assert restarts.died(now + STABLE_SECONDS) == 0.5


def test_a_program_that_cannot_start_does_not_end_the_supervisor(tmp_path: Path, clock: Clock, child: Callable[..., Child]) -> None:
    broken, web = child("broken"), child("web")
    supervisor = Supervisor([broken, web], tmp_path / "status.json", clock)
    supervisor.start()
    broken._command = ["/no/such/program"]
    kill(broken.pid())
    for _ in range(5):
        supervisor.look()
        clock.passes(LONGEST_PAUSE_SECONDS)
    assert broken.pid() is None
    assert web.pid() is not None


class Refusing:
    """A service that cannot be started again, for a reason nobody thought of."""

    name = "asterisk"

    def __init__(self) -> None:
        self.lives, self.well, self.attempts = False, True, 0

    def start(self) -> None:
        self.attempts += 1
        if not self.well:
            raise LookupError("nobody thought of this")
        self.lives = True

    def pid(self) -> int | None:
        return os.getpid() if self.lives else None

    def stop(self, limit_seconds: float) -> None:
        self.lives = False


def test_no_reason_a_service_stays_away_for_ends_the_others(tmp_path: Path, clock: Clock, child: Callable[..., Child]) -> None:
    refusing, web = Refusing(), child("web")
    supervisor = Supervisor([refusing, web], tmp_path / "status.json", clock)
    supervisor.start()
    refusing.lives = refusing.well = False
    for _ in range(5):
        supervisor.look()
        clock.passes(LONGEST_PAUSE_SECONDS)
    assert refusing.attempts == 5, "once at the start, then with pauses"
    assert web.pid() is not None
    refusing.well = True
    supervisor.look()
    assert refusing.pid() is not None


def test_a_start_that_fails_ends_what_it_began_and_nothing_that_it_adopted(tmp_path: Path, clock: Clock, child: Callable[..., Child]) -> None:
    talking, begun, refusing = child("asterisk"), child("telephony"), Refusing()
    talking.start()
    refusing.well = False
    with pytest.raises(LookupError):
        Supervisor([child("asterisk"), begun, refusing], tmp_path / "status.json", clock).start()
    assert talking.pid() is not None, "with all its calls"
    assert begun.pid() is None


def test_a_run_that_cannot_start_leaves_the_calls_it_adopted(
    settings: Settings, child: Callable[..., Child], monkeypatch: pytest.MonkeyPatch
) -> None:
    talking, refusing = child("asterisk"), Refusing()
    talking.start()
    refusing.well = False
    monkeypatch.setattr(running, "services", lambda _: [child("asterisk"), refusing])
    with pytest.raises(LookupError):
        running.run(settings)
    assert talking.pid() is not None


def test_a_chore_that_fails_ends_nobody(tmp_path: Path, child: Callable[..., Child], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hotline.supervisor.LOOK_SECONDS", 0.001)
    stopping, done = threading.Event(), 0

    def chore() -> None:
        nonlocal done
        done += 1
        if done == 3:
            stopping.set()
        raise LookupError("nobody thought of this")

    telephony = child()
    supervisor = Supervisor([telephony], tmp_path / "status.json")
    supervisor.start()
    supervisor.run(stopping, chore)
    assert telephony.pid() is not None


class Running:
    """An Asterisk that runs, and refuses or is too slow to read its configuration again."""

    def start(self) -> None:
        pass

    def process(self) -> psutil.Process:
        return psutil.Process()

    def reload(self, *commands: str) -> None:
        raise AsteriskFailed(f"did not answer {commands[0]!r} within 10 s")


def test_an_adopted_asterisk_that_does_not_reload_goes_on_as_it_is() -> None:
    AsteriskService(cast(Asterisk, Running()), lambda: None).start()


def test_a_full_disk_ends_nobody(tmp_path: Path, clock: Clock) -> None:
    (tmp_path / "run").write_text("a file where the folder should be: nothing can be written")
    telephony = Child("telephony", SLEEPER, tmp_path)
    supervisor = Supervisor([telephony], tmp_path / "run" / "status.json", clock)
    supervisor.start()
    kill(telephony.pid())
    supervisor.look()
    clock.passes(0.5)
    supervisor.look()
    assert telephony.pid() is not None
    (tmp_path / "run").unlink()
    supervisor.stop()
    assert telephony.pid() is None


def test_the_next_supervisor_adopts_what_runs(tmp_path: Path, clock: Clock, child: Callable[..., Child]) -> None:
    before = child()
    Supervisor([before], tmp_path / "status.json", clock).start()
    after = child()  # as a new process would make it: it has never seen the first one
    supervisor = Supervisor([after], tmp_path / "status.json", clock)
    supervisor.start()
    adopted = after.pid()
    assert adopted == before.pid()
    kill(adopted)
    before.pid()  # reaps it, as init does for orphans
    supervisor.look()
    clock.passes(0.5)
    supervisor.look()
    assert after.pid() not in (None, adopted)


def test_a_stranger_with_the_remembered_number_is_not_adopted(tmp_path: Path, child: Callable[..., Child]) -> None:
    one = child()
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "telephony.json").write_text(json.dumps({"pid": os.getpid(), "started": 1.0}))
    assert one.pid() is None
    one.stop(1)
    (tmp_path / "run" / "telephony.json").write_text("half a li")
    assert child().pid() is None


def test_stopping_ends_all_of_them_the_last_first(tmp_path: Path, clock: Clock, child: Callable[..., Child]) -> None:
    children = [child(name) for name in ("telephony", "web", "worker")]
    supervisor = Supervisor(children, tmp_path / "status.json", clock)
    supervisor.start()
    pids = [one.pid() for one in children]
    supervisor.stop()
    assert not any(psutil.pid_exists(pid) for pid in pids if pid)
    assert list(tmp_path.rglob("*.json")) == []


def test_one_that_ignores_sigterm_ends_all_the_same(child: Callable[..., Child]) -> None:
    stubborn = child("stubborn", "sh", "-c", "trap '' TERM; echo ready; while :; do sleep 1; done")
    stubborn.start()
    pid = stubborn.pid()
    stubborn.stop(0.3)
    assert pid is not None
    assert not psutil.pid_exists(pid)


def test_children_of_a_killed_process_end_with_it(tmp_path: Path, child: Callable[..., Child]) -> None:
    worker = child("worker", "sh", "-c", f"sleep 300 & echo $! > {tmp_path}/grandchild; wait")
    worker.start()
    wait_for(lambda: (tmp_path / "grandchild").exists() and (tmp_path / "grandchild").read_text())
    grandchild = psutil.Process(int((tmp_path / "grandchild").read_text()))
    kill(worker.pid())
    assert worker.pid() is None
    _, alive = psutil.wait_procs([grandchild], timeout=5)
    assert all(one.status() == psutil.STATUS_ZOMBIE for one in alive)


def wait_for(condition: Callable[[], object], seconds: float = 5) -> None:
    """Looks until it is so; fails after the limit."""
    import threading
    import time

    limit, pause = time.monotonic() + seconds, threading.Event()
    while not condition():
        assert time.monotonic() < limit, "it did not happen in time"
        pause.wait(0.01)
