"""A recogniser may hang, die or talk nonsense: the job says so, and the next one finds a new process.

The real worker, with a model small enough to be written here, is stopped in the middle of a job by giving it a pipe instead of a
file: it opens the pipe, and reads for ever.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import pytest

from speech.choice import Choice
from speech.pool import Pool, PoolBusy, PoolClosed, WorkerDied, WorkerTimedOut, allowed_seconds
from speech.recogniser import EngineUnusable, NoSpeech, RecognitionError, SoundRefused
from tests.speech import toy_models
from tests.speech.conftest import saved, silence

CHOICE = Choice("none", "none", "/nowhere")
ACTOR = """
import json, os, sys
def say(**answer): print(json.dumps(answer), flush=True)
say(ready='actor')
for line in sys.stdin:
    play = os.path.basename(json.loads(line)['path'])
    if play == 'dies': os._exit(7)
    elif play == 'nonsense': print('what?', flush=True)
    elif play == 'strange': say(kind='riddle')
    elif play == 'sound': say(error='sound', message='cut off')
    elif play == 'engine': say(error='engine', message='out of order')
    elif play == 'hangs': sys.stdin.readline()
    elif play.startswith('pipe'): open(json.loads(line)['path']).read()
    else: say(kind='no_speech', seconds=1.0, speech_seconds=0.0)
"""

MOTHER = """
import subprocess, sys
child = subprocess.Popen([sys.executable, '-c', *sys.argv[1:]], stdin=subprocess.PIPE)
print(child.pid, flush=True)
sys.stdin.read()
"""
CHILD = """
import os, sys, threading
from speech.worker import _end_with_parent
threading.Thread(target=_end_with_parent, args=(os.getppid(),)).start()
open(sys.argv[1]).read()
"""


@pytest.fixture
def actor() -> Pool:
    return Pool(CHOICE, command=(sys.executable, "-c", ACTOR))


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pool]:
    folder = toy_models.sense_voice(tmp_path_factory.mktemp("models") / "toy")
    with Pool(Choice("sherpa-onnx", "toy", str(folder), threads=1)) as pool:
        yield pool


@pytest.mark.parametrize(
    ("play", "outcome", "says"),
    [
        ("dies", WorkerDied, "exit 7"),
        ("hangs", WorkerTimedOut, "no answer"),
        ("nonsense", WorkerDied, "nonsense"),
        ("strange", WorkerDied, "nonsense"),
        ("sound", SoundRefused, "cut off"),
        ("engine", RecognitionError, "out of order"),
    ],
)
def test_each_way_to_fail_has_its_name_and_the_next_job_succeeds(actor: Pool, play: str, outcome: type[Exception], says: str) -> None:
    with actor:
        with pytest.raises(outcome, match=says):
            actor.transcribe(Path(play), deadline_seconds=0.5 if play == "hangs" else 30)
        assert actor.transcribe(Path("well")) == NoSpeech(1.0, 0.0)


def test_a_worker_that_died_between_jobs_is_replaced_unseen(actor: Pool) -> None:
    with actor:
        actor.transcribe(Path("well"))
        (first,) = actor.processes()
        os.kill(first, signal.SIGKILL)
        os.waitid(os.P_PID, first, os.WEXITED | os.WNOWAIT)
        actor.transcribe(Path("well"))
        assert actor.processes() != [first]


def test_a_program_that_does_not_start_is_no_endless_wait() -> None:
    with Pool(CHOICE, command=(sys.executable, "-c", "raise SystemExit(3)")) as pool, pytest.raises(WorkerDied, match="exit 3"):
        pool.transcribe(Path("well"))


def test_two_workers_serve_two_callers_at_once_and_a_third_is_told_to_wait(tmp_path: Path) -> None:
    pipes = [tmp_path / "pipe-1", tmp_path / "pipe-2"]
    for pipe in pipes:
        os.mkfifo(pipe)
    pool = Pool(CHOICE, size=2, command=(sys.executable, "-c", ACTOR))
    with pool, ThreadPoolExecutor(2) as callers:
        jobs = [callers.submit(pool.transcribe, pipe, 30.0) for pipe in pipes]
        with pipes[0].open("wb"), pipes[1].open("wb"):  # both are being read: both workers are at work
            with pytest.raises(PoolBusy):
                pool.transcribe(Path("well"), wait_seconds=0.05)
            pool.close()
            for job in jobs:
                with pytest.raises(PoolClosed):
                    job.result(timeout=10)


def test_a_stopped_pool_leaves_no_process_and_takes_no_job(actor: Pool) -> None:
    actor.transcribe(Path("well"))
    pids = actor.processes()
    actor.close()
    assert not any(psutil.pid_exists(pid) for pid in pids)
    with pytest.raises(PoolClosed):
        actor.transcribe(Path("well"))


def test_the_deadline_grows_with_the_recording(tmp_path: Path) -> None:
    short, long = saved(tmp_path, silence(1), "short.wav"), saved(tmp_path, silence(300), "long.wav")
    assert allowed_seconds(long) > allowed_seconds(short) + 300
    assert allowed_seconds(tmp_path / "absent.wav") > 0


def test_a_model_that_is_not_there_is_said_by_the_real_worker(tmp_path: Path) -> None:
    with Pool(Choice("vosk", "gone", str(tmp_path / "gone"))) as pool, pytest.raises(EngineUnusable, match="no such folder"):
        pool.transcribe(tmp_path / "any.wav")


def test_the_real_worker_killed_in_mid_job_is_replaced(real: Pool, tmp_path: Path) -> None:
    pipe = tmp_path / "endless.wav"
    os.mkfifo(pipe)
    with ThreadPoolExecutor(1) as caller:
        job = caller.submit(real.transcribe, pipe)
        with pipe.open("wb"):  # opens when the worker reads it: it is in the middle of the job
            (pid,) = real.processes()
            os.kill(pid, signal.SIGKILL)
            with pytest.raises(WorkerDied, match="signal 9"):
                job.result(timeout=30)
    assert isinstance(real.transcribe(saved(tmp_path, silence(1))), NoSpeech)


def test_the_real_worker_that_hangs_is_killed_at_its_deadline(real: Pool, tmp_path: Path) -> None:
    pipe = tmp_path / "endless.wav"
    os.mkfifo(pipe)
    real.transcribe(saved(tmp_path, silence(1)))
    (pid,) = real.processes()
    with pytest.raises(WorkerTimedOut):
        real.transcribe(pipe, deadline_seconds=0.3)
    assert not psutil.pid_exists(pid)


def test_the_real_worker_yields_to_calls(real: Pool, tmp_path: Path) -> None:
    real.transcribe(saved(tmp_path, silence(1)))
    (pid,) = real.processes()
    assert psutil.Process(pid).nice() == min(19, psutil.Process().nice() + 10)


def test_an_orphaned_worker_ends_by_itself(tmp_path: Path) -> None:
    """Its hotline was killed with -9 and could not say goodbye; the worker hangs over a pipe and sees no end of input."""
    pipe = tmp_path / "endless.wav"
    os.mkfifo(pipe)
    with subprocess.Popen([sys.executable, "-c", MOTHER, CHILD, str(pipe)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as hotline:
        assert hotline.stdout is not None
        orphan = psutil.Process(int(hotline.stdout.readline()))
        with pipe.open("wb"):  # it hangs now
            hotline.kill()
            hotline.wait(5)
            orphan.wait(10)
