"""The example case system, run beside the demonstration as a city's own would be: another program, another key holder."""

from __future__ import annotations

import asyncio
import contextlib
import json
import secrets
import subprocess
import sys
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

from hotline.settings import PROJECT
from telephone.guard import Guard

PROGRAM: Final = PROJECT / "examples" / "case_system.py"
START_SECONDS: Final = 20.0


class CaseSystem:
    """Started by `async with`. `wrong_key` gives it another key than the hotline's, so that every signature is wrong."""

    def __init__(self, folder: Path, port: int, *, wrong_key: bool = False) -> None:
        self.url = f"http://127.0.0.1:{port}/tickets"
        self.secret_file = folder / "hotline.key"
        self._folder = folder
        self._port = port
        self._wrong_key = wrong_key
        self._process: asyncio.subprocess.Process | None = None
        self._guard: Guard | None = None

    async def __aenter__(self) -> Self:
        self._folder.mkdir(parents=True)
        own = self._folder / "own.key"
        for path in (self.secret_file, own):
            path.touch(mode=0o600)
        self.secret_file.write_text(secrets.token_hex(32))
        own.write_text(secrets.token_hex(32) if self._wrong_key else self.secret_file.read_text())
        with (self._folder / "output").open("wb") as output:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable, str(PROGRAM), "--port", str(self._port), "--secret-file", str(own), "--out", str(self._kept),
                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=output,
            )  # fmt: skip
        self._guard = Guard(["kill", str(self._process.pid)])
        assert self._process.stdout is not None
        async with asyncio.timeout(START_SECONDS):
            if not await self._process.stdout.readline():  # it says so when it listens
                raise OSError(f"the example case system did not start: {(self._folder / 'output').read_text(errors='replace')[-500:]}")
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self._process is not None and self._process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                self._process.terminate()
            await self._process.wait()
        if self._guard is not None:
            await asyncio.to_thread(self._guard.release)

    def kept(self) -> list[dict[str, Any]]:
        """The deliveries it took, each after checking its signature."""
        try:
            return [json.loads(line) for line in self._kept.read_text(encoding="utf-8").splitlines()]
        except FileNotFoundError:
            return []

    def refused(self) -> int:
        """How many it refused because of their signature."""
        return (self._folder / "output").read_text(errors="replace").count('" 401')

    @property
    def _kept(self) -> Path:
        return self._folder / "tickets.jsonl"
