"""Starts, finds, asks and stops one Asterisk. It runs in a session of its own, so it outlives whoever started it.

That is the point: calls in queues, in conversation or leaving a message go on while every Python process restarts.
`process()` therefore finds an Asterisk by what it left on disk and by its command line, not by who started it.
"""

from __future__ import annotations

import contextlib
import subprocess
import time
from pathlib import Path

import psutil

from hotline.asterisk.instance import Instance, make_run_folder, remove_run_folder
from hotline.asterisk.runtime import Runtime

POLL_SECONDS = 0.05
CLI_LIMIT_SECONDS = 10.0
NOISE = "No ethernet interface found"  # said by every Asterisk on a machine that has only `lo`


class AsteriskFailed(Exception):
    """Asterisk did not start, answer or obey; the message holds its own last words."""


class Asterisk:
    """One running (or not) Asterisk."""

    def __init__(self, runtime: Runtime, instance: Instance) -> None:
        self.runtime = runtime
        self.instance = instance
        self._child: subprocess.Popen[bytes] | None = None

    def start(self, limit_seconds: float = 30) -> None:
        """Starts it unless it runs already; returns when it is fully booted."""
        if self.process() is None:
            make_run_folder(self.instance)
            (self.instance.run / "asterisk.ctl").unlink(missing_ok=True)
            with self._output.open("ab") as output:
                self._child = subprocess.Popen(
                    [*self.runtime.command, "-f", "-C", str(self.instance.conf)],
                    stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT,
                    cwd=self.instance.home, start_new_session=True,
                )  # fmt: skip
        self._wait_until_booted(time.monotonic() + limit_seconds)

    def process(self) -> psutil.Process | None:
        """The live process of this instance, whoever started it."""
        if self._child is not None:
            if self._child.poll() is None:
                return psutil.Process(self._child.pid)
            self._child = None
        with contextlib.suppress(OSError, ValueError, psutil.Error):
            process = psutil.Process(int((self.instance.run / "asterisk.pid").read_text()))
            if str(self.instance.conf) in process.cmdline() and lives(process):
                return process
        return None

    def cli(self, command: str, limit_seconds: float = CLI_LIMIT_SECONDS) -> str:
        """What Asterisk answers to a command of its console. Raises AsteriskFailed."""
        if "\n" in command or "\r" in command:
            raise ValueError(f"not one line: {command!r}")
        try:
            done = subprocess.run(
                [*self.runtime.command, "-C", str(self.instance.conf), "-rx", command],
                stdin=subprocess.DEVNULL, capture_output=True, timeout=limit_seconds, check=False,
            )  # fmt: skip
        except subprocess.TimeoutExpired as error:
            raise AsteriskFailed(f"Asterisk ({self.instance.name}) did not answer {command!r} within {limit_seconds:g} s") from error
        if done.returncode != 0:
            said = (done.stderr or done.stdout).decode(errors="replace").strip()
            raise AsteriskFailed(f"Asterisk ({self.instance.name}): {command!r}: {said or f'exit {done.returncode}'}")
        lines = done.stdout.decode(errors="replace").splitlines(keepends=True)
        answer = "".join(line for line in lines if not line.startswith(NOISE)).lstrip()
        if answer.startswith("No such command"):
            raise AsteriskFailed(f"Asterisk ({self.instance.name}): {command!r}: no such command")
        return answer

    def reload(self, *commands: str) -> None:
        """Makes it read rendered files again, e.g. reload("dialplan reload", "queue reload all")."""
        for command in commands:
            self.cli(command)

    def stop(self, limit_seconds: float = 10, drain_seconds: float = 0) -> None:
        """Ends it: lets calls finish for `drain_seconds` (taking no new ones), then politely, then with force."""
        process = self.process()
        if process is None:
            return
        if not (drain_seconds > 0 and self._drained(process, drain_seconds)):
            with contextlib.suppress(psutil.NoSuchProcess):
                process.terminate()
                if not self._gone(process, limit_seconds):
                    process.kill()
                    self._gone(process, limit_seconds)
        remove_run_folder(self.instance)

    def _drained(self, process: psutil.Process, seconds: float) -> bool:
        with contextlib.suppress(AsteriskFailed):
            self.cli("core stop gracefully")
            return self._gone(process, seconds)
        return False

    def kill(self) -> None:
        """Ends it at once, as a crash would."""
        if process := self.process():
            process.kill()
            self._gone(process, CLI_LIMIT_SECONDS)
        remove_run_folder(self.instance)

    @property
    def _output(self) -> Path:
        return self.instance.home / "log" / "console.log"

    def _gone(self, process: psutil.Process, limit_seconds: float) -> bool:
        if self._child is not None and self._child.pid == process.pid:
            try:
                self._child.wait(limit_seconds)
            except subprocess.TimeoutExpired:
                return False
            self._child = None
            return True
        return gone(process, limit_seconds)

    def _wait_until_booted(self, deadline: float) -> None:
        control = self.instance.run / "asterisk.ctl"
        while time.monotonic() < deadline:
            if self.process() is None:
                raise AsteriskFailed(f"Asterisk ({self.instance.name}) ended while starting: {self._last_words()}")
            if control.exists():
                with contextlib.suppress(AsteriskFailed):
                    self.cli("core waitfullybooted", max(0.1, deadline - time.monotonic()))
                    return
            time.sleep(POLL_SECONDS)
        raise AsteriskFailed(f"Asterisk ({self.instance.name}) was not ready in time: {self._last_words()}")

    def _last_words(self) -> str:
        with contextlib.suppress(OSError):
            lines = self._output.read_text(errors="replace").strip().splitlines()
            return " / ".join(line.strip() for line in lines[-3:]) or "it said nothing"
        return "it said nothing"


def gone(process: psutil.Process, limit_seconds: float) -> bool:
    """Waits for the end of a process that is not our child. One that nobody reaps (containers without an init) has ended too."""
    deadline = time.monotonic() + limit_seconds
    while lives(process):
        if time.monotonic() > deadline:
            return False
        time.sleep(POLL_SECONDS)
    return True


def lives(process: psutil.Process) -> bool:
    """Whether that very process still runs, be it only a thread of it: the kernel calls it a zombie as soon as its first
    thread has ended, while others may still hold ports and files."""
    try:
        return process.is_running() and (process.status() != psutil.STATUS_ZOMBIE or process.num_threads() > 1)
    except psutil.NoSuchProcess:
        return False
