"""The listening process and its watchdog, for whoever finds messages that are still being left."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from speech.choice import Choice
from speech.recogniser import EngineUnusable

SILENT_SECONDS = 60.0  # the process says something every few seconds; loading a model takes some
COMMAND = (sys.executable, "-m", "speech.listener")


@dataclass(frozen=True)
class Heard:
    """A phrase of a message that still goes on: when it ended in the recording, and emergencies in it (kind, words)."""

    end_seconds: float
    alarms: tuple[tuple[str, str], ...]


class Listening:
    """One process, started at the first message, replaced after it was lost. `follow` blocks; one message at a time."""

    def __init__(self, choose: Callable[[], Choice], command: tuple[str, ...] = COMMAND, silent_seconds: float = SILENT_SECONDS) -> None:
        self._choose = choose
        self._command = command
        self._silent_seconds = silent_seconds
        self._process: subprocess.Popen[str] | None = None
        self._closed = False
        self._turn = threading.Lock()

    def follow(self, path: Path, tell: Callable[[Heard], None]) -> None:
        """Until the message is over, or the process is lost: the transcript of the whole comes all the same.

        Raises EngineUnusable.
        """
        process = self._running()
        if process is None or process.stdin is None or process.stdout is None:
            return
        watchdog = _Watchdog(process, self._silent_seconds)
        try:
            process.stdin.write(json.dumps({"path": str(path)}) + "\n")
            process.stdin.flush()
            for line in process.stdout:
                watchdog.pat()
                said = json.loads(line)
                if "error" in said:
                    raise EngineUnusable(str(said["message"]))
                if "done" in said:
                    return
                if "alarms" in said:
                    tell(Heard(float(said["end_seconds"]), tuple((str(one["kind"]), str(one["words"])) for one in said["alarms"])))
        except (BrokenPipeError, ValueError):  # it was lost, or is not what it should be
            process.kill()
        finally:
            watchdog.stop()

    def close(self) -> None:
        """Ends the process; who follows at the moment returns."""
        with self._turn:
            self._closed = True
            if self._process is not None:
                self._process.kill()
                self._process.wait()

    def _running(self) -> subprocess.Popen[str] | None:
        with self._turn:
            if self._closed:
                return None
            if self._process is None or self._process.poll() is not None:
                choice = self._choose()
                environ = {**os.environ, "OMP_NUM_THREADS": "1", "HF_HUB_OFFLINE": "1"}
                self._process = subprocess.Popen(
                    [*self._command, choice.as_text()], env=environ, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
                )
            return self._process


class _Watchdog:
    """Kills a process that says nothing for too long."""

    def __init__(self, process: subprocess.Popen[str], seconds: float) -> None:
        self._process = process
        self._seconds = seconds
        self._timer: threading.Timer | None = None
        self.pat()

    def pat(self) -> None:
        self.stop()
        self._timer = threading.Timer(self._seconds, self._bite)
        self._timer.daemon = True
        self._timer.start()

    def stop(self) -> None:
        if self._timer is not None:
            self._timer.cancel()

    def _bite(self) -> None:
        with suppress(ProcessLookupError):
            self._process.kill()
