"""When a process has ended, and when it only seems to have."""

from __future__ import annotations

import subprocess
import sys

import psutil

from hotline.asterisk.process import gone, lives

FIRST_THREAD_ENDS = """
import ctypes, sys, threading
threading.Thread(target=sys.stdin.read).start()
print(flush=True)
ctypes.CDLL(None).pthread_exit(None)
"""


def test_a_process_whose_first_thread_has_ended_lives_until_its_last() -> None:
    with subprocess.Popen([sys.executable, "-c", FIRST_THREAD_ENDS], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
        assert child.stdin is not None
        assert child.stdout is not None
        child.stdout.readline()
        process = psutil.Process(child.pid)
        while process.status() != psutil.STATUS_ZOMBIE:
            assert child.poll() is None
        assert lives(process), "a thread of it still holds its ports"
        child.stdin.close()
        assert gone(process, 10)
