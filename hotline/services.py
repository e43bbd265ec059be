"""What the supervisor keeps alive: Asterisk, and Python processes of ours, each in a session of its own.

Both can be found again by a supervisor that did not start them: a supervisor that was killed takes nobody with it,
and the next one adopts what it finds.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Protocol

import psutil
import structlog

from hotline.asterisk import Asterisk, AsteriskFailed, RuntimeMissing
from hotline.asterisk.instance import write_private
from hotline.asterisk.process import gone, lives
from hotline.menus import PublishError
from hotline.phones import PhoneError
from ivr.faults import CityRefused
from queues.config import QueueConfigError

log = structlog.get_logger(__name__)

SAME_START_SECONDS = 0.05  # psutil rounds to clock ticks
OUTPUT_LIMIT_BYTES = 5_000_000
CANNOT_CONFIGURE = (OSError, UnicodeError, PhoneError, PublishError, CityRefused, QueueConfigError, RuntimeMissing)


class Service(Protocol):
    """Something that runs and can be started and stopped; `pid` is None when it does not run."""

    @property
    def name(self) -> str: ...
    def start(self) -> None: ...
    def pid(self) -> int | None: ...
    def stop(self, limit_seconds: float) -> None: ...


class AsteriskService:
    """Asterisk, configured afresh at each start; one that already runs is told to read the new configuration.

    A configuration that cannot be made today leaves the last one in use: calls are taken as they were yesterday.
    """

    name = "asterisk"

    def __init__(self, asterisk: Asterisk, configure: Callable[[], object]) -> None:
        self._asterisk = asterisk
        self._configure = configure

    def start(self) -> None:
        adopted = self._asterisk.process() is not None
        try:
            self._configure()
        except CANNOT_CONFIGURE as error:
            if not self._asterisk.instance.conf.exists():
                raise
            log.error("the configuration of the last start is used", service=self.name, reason=str(error))
        self._asterisk.start()
        if adopted:
            try:
                self._asterisk.reload("core reload")
            except AsteriskFailed as error:  # calls go on with what it has read
                log.error("the running Asterisk keeps its configuration", service=self.name, reason=str(error))

    def pid(self) -> int | None:
        process = self._asterisk.process()
        return process.pid if process else None

    def stop(self, limit_seconds: float) -> None:
        self._asterisk.stop(limit_seconds)


class Child:
    """A Python process of ours: `run/NAME.json` remembers it, `log/NAME.out` keeps what it says before its log works."""

    def __init__(self, name: str, command: Sequence[str], home: Path, environ: Mapping[str, str] | None = None) -> None:
        self.name = name
        self._command = list(command)
        self._environ = environ
        self._state = home / "run" / f"{name}.json"
        self._output = home / "log" / f"{name}.out"
        self._popen: subprocess.Popen[bytes] | None = None
        self._adopted: psutil.Process | None = None

    def start(self) -> None:
        """Starts it unless it runs already."""
        if self.pid() is not None:
            return
        self._output.parent.mkdir(parents=True, exist_ok=True)
        mode = "wb" if self._output.exists() and self._output.stat().st_size > OUTPUT_LIMIT_BYTES else "ab"
        with self._output.open(mode) as output:
            self._popen = subprocess.Popen(
                self._command, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT,
                env=self._environ, start_new_session=True,
            )  # fmt: skip
        try:
            started = psutil.Process(self._popen.pid).create_time()
            write_private(self._state, json.dumps({"pid": self._popen.pid, "started": started}))
        except psutil.NoSuchProcess:
            pass  # it has ended already; the next look says so
        except OSError as error:  # a full disk: it runs all the same, only no later supervisor will know it
            log.error("process not noted", service=self.name, reason=str(error))

    def pid(self) -> int | None:
        """The live process, whoever started it. One that has just died takes its own children with it."""
        if self._popen is None and self._adopted is None:
            self._adopted = self._remembered()
        if self._popen is not None:
            if self._popen.poll() is None:
                return self._popen.pid
            self._end_group(self._popen.pid)
            self._popen = None
        elif self._adopted is not None:
            if lives(self._adopted):
                return self._adopted.pid
            self._end_group(self._adopted.pid)
            self._adopted = None
        return None

    def started(self) -> float | None:
        """When the live process began, in Unix seconds; None when it does not run."""
        remembered = self._remembered()
        return remembered.create_time() if remembered else None

    def stop(self, limit_seconds: float) -> None:
        """SIGTERM, then after the limit SIGKILL; its own children end with it."""
        pid = self.pid()
        if pid is None:
            return
        with contextlib.suppress(psutil.NoSuchProcess):
            process = psutil.Process(pid)
            process.terminate()
            if not self._gone(process, limit_seconds):
                process.kill()
                self._gone(process, limit_seconds)
        self._end_group(pid)
        self._popen = self._adopted = None
        self._state.unlink(missing_ok=True)

    def _gone(self, process: psutil.Process, limit_seconds: float) -> bool:
        if self._popen is None:
            return gone(process, limit_seconds)
        try:
            self._popen.wait(limit_seconds)
        except subprocess.TimeoutExpired:
            return False
        return True

    def _remembered(self) -> psutil.Process | None:
        """The process in the file, if that very process still lives: a number alone may have gone to a stranger."""
        try:
            state = json.loads(self._state.read_text())
            process = psutil.Process(int(state["pid"]))
            same = abs(process.create_time() - float(state["started"])) <= SAME_START_SECONDS
            return process if same and lives(process) else None
        except (OSError, ValueError, KeyError, TypeError, psutil.Error):
            return None

    @staticmethod
    def _end_group(pid: int) -> None:
        """start_new_session made the process the leader of a group with its own number."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(pid, signal.SIGKILL)
