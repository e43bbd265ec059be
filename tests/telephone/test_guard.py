"""What a killed process had started is ended for it; what ended in good order is left alone."""

from __future__ import annotations

import os
import select
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from telephone.guard import Guard

STARTS = "import sys; from telephone.guard import Guard; guard = Guard(sys.argv[1:]); print('ready', flush=True); sys.stdin.read()"


@pytest.fixture
def ending(tmp_path: Path) -> Iterator[tuple[list[str], int]]:
    """A command, and where it is heard that it was run."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    ear = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    yield ["sh", "-c", f"echo ended > {pipe}"], ear
    os.close(ear)


def test_kill_9_of_who_started_it_ends_it(ending: tuple[list[str], int]) -> None:
    command, ear = ending
    with subprocess.Popen([sys.executable, "-c", STARTS, *command], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as started:
        assert started.stdout is not None
        assert started.stdout.readline() == b"ready\n"
        started.kill()
        assert select.select([ear], [], [], 20)[0], "nothing was ended"
    assert os.read(ear, 100) == b"ended\n"


def test_a_release_does_nothing(ending: tuple[list[str], int]) -> None:
    command, ear = ending
    guard = Guard(command)
    guard.release()
    guard.release()
    assert os.read(ear, 100) == b""
