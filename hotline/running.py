"""`hotline run` and `hotline stop`: one supervisor at a time, everything it starts, and the end of all of it."""

from __future__ import annotations

import contextlib
import fcntl
import os
import resource
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from types import FrameType

import psutil
import structlog

from hotline import ports
from hotline.asterisk import find, ours
from hotline.asterisk.process import gone
from hotline.menus import Store
from hotline.recording_room import RecordingRoom
from hotline.remembered import Remembered
from hotline.retired import Retirement
from hotline.rotation import Rotation
from hotline.serve.__main__ import wanted
from hotline.services import AsteriskService, Child, Service
from hotline.settings import Settings
from hotline.supervisor import STOP_LIMIT_SECONDS, Supervisor

log = structlog.get_logger(__name__)

STOP_ALL_SECONDS = 60.0
ENDING_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


class CannotRun(Exception):
    """Nothing was started; the message says why."""


def services(settings: Settings) -> list[Service]:
    """Everything the hotline consists of, in the order it starts. Raises RuntimeMissing."""
    runtime = find(settings.downloads)
    asterisk = AsteriskService(ours.asterisk(settings), lambda: ours.configure(settings, runtime))
    environ = os.environ | settings.environ()
    serve = [sys.executable, "-m", "hotline.serve"]
    return [asterisk, *(Child(name, [*serve, name], settings.home, environ) for name in wanted(settings))]


def run(settings: Settings) -> None:
    """Starts the hotline, or adopts what runs of it, and stays until told to end. Raises CannotRun."""
    with lock(settings):
        everything = services(settings)
        _refuse_taken_ports(settings, everything)
        _allow_many_files()
        supervisor = Supervisor(everything, settings.home / "run" / "status.json")
        stopping = threading.Event()
        with _signals_set(stopping):
            supervisor.start()
            try:
                log.info("running", sip=settings.sip_port, http=f"http://127.0.0.1:{settings.http_port}")
                supervisor.run(stopping, _chores(settings))
            finally:
                log.info("stopping")
                supervisor.stop()


def stop(settings: Settings) -> bool:
    """Ends everything, a supervisor or not. False when nothing ran."""
    pid = supervisor_pid(settings)
    if pid is not None:
        with contextlib.suppress(psutil.NoSuchProcess):
            supervisor = psutil.Process(pid)
            supervisor.terminate()
            if not gone(supervisor, STOP_ALL_SECONDS):
                supervisor.kill()
                gone(supervisor, STOP_LIMIT_SECONDS)
    with lock(settings):
        left = [service for service in services(settings) if service.pid() is not None]
        for service in reversed(left):
            service.stop(STOP_LIMIT_SECONDS)
    return pid is not None or bool(left)


def supervisor_pid(settings: Settings) -> int | None:
    """Who supervises this home now; None when nobody does."""
    try:
        with (settings.home / "run" / "supervisor.lock").open("r+") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return int(file.read().strip() or 0) or None
    except (FileNotFoundError, ValueError):
        return None
    return None


@contextlib.contextmanager
def lock(settings: Settings) -> Iterator[None]:
    """Two supervisors of one home would start everything twice. The kernel gives the lock back when its holder dies."""
    path = settings.home / "run" / "supervisor.lock"
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with path.open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            holder = file.read().strip()
            raise CannotRun(f"the hotline of {settings.home} runs already (process {holder}); `hotline stop` ends it") from None
        file.truncate(0)
        with contextlib.suppress(OSError):  # a full disk: it runs all the same
            file.write(f"{os.getpid()}\n")
            file.flush()
        yield
        file.truncate(0)


def _chores(settings: Settings) -> Callable[[], None]:
    """What is looked after beside the services, each no more than once a minute."""
    asterisk = ours.asterisk(settings)
    rotation, retirement, room = Rotation(asterisk), Retirement(Store.of(settings), asterisk), RecordingRoom(settings)
    remembered = Remembered(asterisk)

    def look() -> None:
        room.look()
        rotation.look()
        retirement.look()
        remembered.look()

    return look


def _refuse_taken_ports(settings: Settings, everything: list[Service]) -> None:
    adopted = {pid for service in everything if (pid := service.pid())}
    if complaints := ports.taken(ports.needed(settings), adopted):
        raise CannotRun("; ".join(complaints))


def _allow_many_files() -> None:
    """A call takes about ten descriptors; the usual soft limit of 1024 is reached by a hundred calls."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


@contextlib.contextmanager
def _signals_set(event: threading.Event) -> Iterator[None]:
    def note(_: int, __: FrameType | None) -> None:
        event.set()

    before = {number: signal.signal(number, note) for number in ENDING_SIGNALS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
