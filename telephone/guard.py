"""Ends what somebody has started, should they be killed before they can do it themselves.

    guard = Guard(["hotline", "stop"], environ)     # runs that command if this process dies
    guard.release()                                 # all has been ended in good order: no need

A process of its own that waits for the end of its standard input, which even kill -9 brings about.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping, Sequence

RELEASED = b"released"
LIMIT_SECONDS = 90


class Guard:
    """One command for the worst case."""

    def __init__(self, command: Sequence[str], environ: Mapping[str, str] | None = None) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "telephone.guard", *command], stdin=subprocess.PIPE, env=environ, start_new_session=True
        )

    def release(self) -> None:
        """Harmless twice."""
        if self._process.returncode is None:
            self._process.communicate(RELEASED, LIMIT_SECONDS)


def main() -> None:
    if sys.stdin.buffer.read() != RELEASED:
        subprocess.run(sys.argv[1:], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=LIMIT_SECONDS, check=False)


if __name__ == "__main__":
    main()
