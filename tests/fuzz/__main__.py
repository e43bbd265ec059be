"""`python -m tests.fuzz SECONDS [TARGET…]`: each parser for so long; what it finds is in var/fuzz/TARGET. Exit 1 if anything.

The seeds are tests/fuzz/corpus/TARGET; what made new paths in the code stays in var/fuzz for the next time. An input
that broke a parser belongs into the seeds, where `make test` replays it for ever.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
PROJECT = HERE.parent.parent
FOUND = PROJECT / "var" / "fuzz"
LONGEST_INPUT = 4096
SECONDS_FOR_ONE = 10  # an input that takes longer is a finding too
SPARE_SECONDS = 120
MEMORY_MB = 2048


def fuzz_here(name: str, arguments: list[str]) -> None:
    """This process becomes the fuzzer. Imported under instrumentation, so that it sees which code each input reaches."""
    import atheris  # noqa: PLC0415 - an extra; the rest of this file works without it

    with atheris.instrument_imports(include=["agi", "queues", "tickets", "ivr", "hotline", "speech", "panoramisk"]):
        from tests.fuzz.targets import TARGETS  # noqa: PLC0415
    atheris.Setup([name, *arguments], TARGETS[name])
    atheris.Fuzz()


def fuzz(name: str, seconds: int) -> bool:
    """A process for each target: libFuzzer ends its own. True when nothing was found."""
    found = FOUND / name
    found.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "tests.fuzz", "--here", name, str(found), str(HERE / "corpus" / name)]
    options = [f"-max_total_time={seconds}", f"-max_len={LONGEST_INPUT}", f"-timeout={SECONDS_FOR_ONE}",
               f"-rss_limit_mb={MEMORY_MB}", f"-artifact_prefix={found}/", "-print_final_stats=1"]  # fmt: skip
    with (found / "log").open("wb") as log:
        done = subprocess.run([*command, *options], cwd=PROJECT, stdout=log, stderr=log, timeout=seconds + SPARE_SECONDS, check=False)
    said = (found / "log").read_text(errors="replace")
    runs = next((line.split()[-1] for line in said.splitlines() if "number_of_executed_units" in line), "?")
    print(f"{name:12} {runs:>9} inputs  {'nothing found' if done.returncode == 0 else 'FOUND: see ' + str(found.relative_to(PROJECT))}", flush=True)
    return done.returncode == 0


def main() -> None:
    if sys.argv[1:2] == ["--here"]:
        return fuzz_here(sys.argv[2], sys.argv[3:])
    seconds, *names = sys.argv[1:] or ["60"]
    os.nice(5)
    clean = [fuzz(name, int(seconds)) for name in names or sorted(path.name for path in (HERE / "corpus").iterdir())]
    sys.exit(0 if all(clean) else 1)


if __name__ == "__main__":
    main()
