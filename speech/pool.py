"""Recognition for the rest of the hotline: worker processes with a deadline for each job; who hangs or dies is replaced."""

from __future__ import annotations

import json
import os
import queue
import selectors
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from speech.choice import Choice
from speech.recogniser import EngineUnusable, NoSpeech, Recognition, RecognitionError, SoundRefused, from_json

LOAD_SECONDS = 120.0
JOB_SECONDS = 60.0  # and as long again as the recording lasts
STOP_SECONDS = 3.0
WAIT_SECONDS = 3600.0
LONGEST_ANSWER = 16 * 1024**2

T = TypeVar("T")


class WorkerDied(RecognitionError):
    """The worker's process ended in the middle of the job. Try again: a new one is ready."""


class WorkerTimedOut(RecognitionError):
    """The worker gave no answer in time and was killed. Try again once, then leave the recording to a person."""


class PoolBusy(RecognitionError):
    """All workers were busy for longer than one wants to wait. Try again later."""


class PoolClosed(RecognitionError):
    """The hotline is stopping."""


class Pool:
    """`size` workers with one model each. `transcribe` blocks and may be called from any thread."""

    def __init__(self, choice: Choice, size: int = 1, command: tuple[str, ...] = (sys.executable, "-m", "speech.worker")) -> None:
        self._choice = choice
        self._command = command
        self._free: queue.Queue[_Worker] = queue.Queue()
        self._all = [_Worker(choice, command) for _ in range(size)]
        self._closed = threading.Event()
        for worker in self._all:
            self._free.put(worker)

    def __enter__(self) -> Pool:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def choice(self) -> Choice:
        return self._choice

    def warm_up(self) -> None:
        """Starts the processes, so that the first message does not wait for its model. Does not wait for them."""
        for worker in self._all:
            worker.start()

    def transcribe(self, path: Path, deadline_seconds: float | None = None, wait_seconds: float = WAIT_SECONDS) -> Recognition | NoSpeech:
        """One recording's words. Raises a RecognitionError: SoundRefused, EngineUnusable, WorkerDied, WorkerTimedOut, PoolBusy, PoolClosed."""
        limit = allowed_seconds(path) if deadline_seconds is None else deadline_seconds
        try:
            worker = self._free.get(timeout=wait_seconds)
        except queue.Empty:
            raise PoolBusy(f"all {len(self._all)} recognisers are busy for {wait_seconds:.0f} s") from None
        try:
            if self._closed.is_set():
                raise PoolClosed("the recognisers are stopped")
            return worker.job(path, limit)
        except WorkerDied as error:
            if self._closed.is_set():
                raise PoolClosed("the recognisers were stopped in the middle of this job") from error
            raise
        finally:
            self._free.put(worker)

    def processes(self) -> list[int]:
        """Their ids, for `doctor` and the supervisor."""
        return [worker.pid for worker in self._all if worker.pid is not None]

    def close(self) -> None:
        """Ends every worker, busy or not; jobs under way raise PoolClosed."""
        self._closed.set()
        for worker in self._all:
            worker.end()
        for _ in self._all:
            try:
                worker = self._free.get(timeout=STOP_SECONDS)
            except queue.Empty:
                return
            worker.kill()
            self._free.put(worker)


def allowed_seconds(path: Path) -> float:
    """Grows with the recording; A-law at 8000 bytes a second is the longest that a file's size can mean."""
    try:
        return JOB_SECONDS + path.stat().st_size / 8000
    except OSError:
        return JOB_SECONDS


class _Worker:
    """One process; started when needed, replaced at the next job after it was lost."""

    def __init__(self, choice: Choice, command: tuple[str, ...]) -> None:
        self._choice = choice
        self._command = command
        self._process: subprocess.Popen[bytes] | None = None
        self._ready = False
        self._rest = b""
        self._starting = threading.Lock()
        self._ended = False

    @property
    def pid(self) -> int | None:
        process = self._process
        return process.pid if process is not None and process.poll() is None else None

    def start(self) -> None:
        with self._starting:
            if self._ended or self.pid is not None:
                return
            self._reap()
            threads = str(self._choice.threads)
            environ = {**os.environ, "OMP_NUM_THREADS": threads, "OPENBLAS_NUM_THREADS": threads, "HF_HUB_OFFLINE": "1"}
            self._process = subprocess.Popen(
                [*self._command, self._choice.as_text()], env=environ, stdin=subprocess.PIPE, stdout=subprocess.PIPE
            )
            self._ready, self._rest = False, b""

    def job(self, path: Path, limit: float) -> Recognition | NoSpeech:
        self.start()
        if not self._ready:
            self._understood(self._ask(None, LOAD_SECONDS), lambda data: data["ready"])
            self._ready = True
        return self._understood(self._ask({"path": str(path)}, limit), from_json)

    def end(self) -> None:
        """For good. The thread whose job this cuts off tidies up, for it may be reading at this moment."""
        with self._starting:
            self._ended = True
            if self._process is not None:
                self._process.kill()

    def kill(self) -> None:
        process = self._process
        if process is not None and process.poll() is None:
            process.kill()
            process.wait(STOP_SECONDS)
        self._reap()

    def _reap(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            for pipe in (process.stdin, process.stdout):
                if pipe is not None:
                    _close_quietly(pipe)
            process.wait(STOP_SECONDS)

    def _ask(self, question: dict[str, Any] | None, limit: float) -> dict[str, Any]:
        process = self._process
        if process is None or process.stdin is None:
            raise WorkerDied("the recogniser was stopped")
        try:
            if question is not None:
                process.stdin.write(json.dumps(question, ensure_ascii=False).encode() + b"\n")
                process.stdin.flush()
            line = self._line(process, limit)
        except TimeoutError:  # before OSError, which it is one of
            self.kill()
            raise WorkerTimedOut(f"the recogniser gave no answer within {limit:.0f} s and was killed") from None
        except (EOFError, ValueError, OSError):
            code = _code(process)
            self.kill()
            raise WorkerDied(f"the recogniser's process ended ({code})") from None
        try:
            data = json.loads(line)
        except ValueError:
            data = None
        if not isinstance(data, dict):
            self.kill()
            raise WorkerDied("the recogniser answered nonsense and was killed")
        return data

    def _line(self, process: subprocess.Popen[bytes], limit: float) -> bytes:
        assert process.stdout is not None
        deadline = time.monotonic() + limit
        with selectors.DefaultSelector() as waiting:
            waiting.register(process.stdout, selectors.EVENT_READ)
            while b"\n" not in self._rest:
                if len(self._rest) > LONGEST_ANSWER:
                    raise ValueError("an endless answer")
                if not waiting.select(max(0.0, deadline - time.monotonic())):
                    raise TimeoutError
                block = os.read(process.stdout.fileno(), 1 << 16)
                if not block:
                    raise EOFError
                self._rest += block
        line, _, self._rest = self._rest.partition(b"\n")
        return line

    def _understood(self, data: dict[str, Any], read: Callable[[dict[str, Any]], T]) -> T:
        message = str(data.get("message", ""))
        match data.get("error"):
            case None:
                try:
                    return read(data)
                except (KeyError, TypeError, ValueError) as error:
                    self.kill()
                    raise WorkerDied(f"the recogniser answered nonsense and was killed: {error}") from error
            case "sound":
                raise SoundRefused(message)
            case "unusable":
                self.kill()
                raise EngineUnusable(message)
            case _:
                raise RecognitionError(message)


def _code(process: subprocess.Popen[bytes]) -> str:
    try:
        code = process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        return "its output closed"
    return f"signal {-code}" if code < 0 else f"exit {code}"


def _close_quietly(pipe: Any) -> None:
    try:
        pipe.close()
    except OSError:
        return  # what was still unsent is of no use to a dead process
