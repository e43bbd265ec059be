"""A real worker process for stories in which it is killed.

    python -m tests.tickets.process HOME DATABASE_URL [CASE_SYSTEM_URL]

Its recogniser is a play: it hears what is written in `HOME/play`: `words`, `silence`, `fails`, `dies` (the recogniser),
`kills` (the whole worker), `waits` (until the file says something else).
"""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from pathlib import Path

from tickets.handover import CaseSystem, Patience
from tickets.transcriber import NoSpeech, RecogniserDied, RecognitionFailed, Transcript
from tickets.worker import work

KEY = b"a key for tests"
PLAY_SECONDS = 60


def play(home: Path) -> str:
    deadline = time.monotonic() + PLAY_SECONDS
    while (part := (home / "play").read_text()) == "waits" and time.monotonic() < deadline:
        time.sleep(0.02)
    return part


def main() -> None:
    home, url, *case_system = sys.argv[1:]

    def hear(path: Path) -> Transcript:
        with (Path(home) / "heard").open("a") as log:
            log.write(f"{path.name}\n")
        assert path.is_file()
        match play(Path(home)):
            case "silence":
                raise NoSpeech("nobody spoke")
            case "fails":
                raise RecognitionFailed("not a word understood")
            case "dies":
                raise RecogniserDied("killed by signal 11")
            case "kills":
                os.kill(os.getpid(), signal.SIGKILL)
        return Transcript("路灯坏了", "路 灯 坏 了", "play", "none")

    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    destination = CaseSystem(case_system[0], KEY, 5) if case_system else None
    work(Path(home), url, hear, stop, case_system=destination, patience=Patience(first_seconds=0.2))


if __name__ == "__main__":
    main()
