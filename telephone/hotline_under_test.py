"""A complete hotline of its own folder and ports, started as people start it, and broken in the ways that must not matter.

    async with HotlineUnderTest(plan) as hotline:        # `hotline run`, ready when /health says so
        phone = await hotline.command("phone", "add", "alice", "--queue", "complaints")
        tickets = await hotline.tickets()
        await hotline.kill_python()                       # kill -9 of everything but Asterisk, supervisor first
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

import httpx
import psutil
from ruamel.yaml import YAML

from hotline.asterisk import Asterisk, ours
from hotline.asterisk.process import lives
from hotline.settings import VARIABLES, Settings
from speech import prompts
from telephone.guard import Guard
from tickets.store import Store

START_SECONDS: Final = 150.0  # a tenth of it on an idle machine
STOP_SECONDS: Final = 60.0
COMMAND_SECONDS: Final = 120.0
POLL_SECONDS: Final = 0.1
PROCESSES: Final = ("telephony", "web", "worker")


class HotlineFailed(Exception):
    """The hotline did not do what it was told; the message holds its last words."""


@dataclass(frozen=True)
class Plan:
    """Where this hotline lives and listens. The default ports are free in a private network namespace."""

    home: Path
    sip_port: int = 5060
    agi_port: int = 4573
    ami_port: int = 5039
    http_port: int = 12345
    rtp_ports: tuple[int, int] = (10000, 14999)
    settings: Mapping[str, Any] = field(default_factory=dict)
    environ: Mapping[str, str] = field(default_factory=dict)

    def variables(self) -> dict[str, str]:
        return {
            **self.environ,
            "HOTLINE_HOME": str(self.home),
            "HOTLINE_SIP_PORT": str(self.sip_port),
            "HOTLINE_AGI_PORT": str(self.agi_port),
            "HOTLINE_AMI_PORT": str(self.ami_port),
            "HOTLINE_HTTP_PORT": str(self.http_port),
            "HOTLINE_RTP_PORTS": f"{self.rtp_ports[0]}-{self.rtp_ports[1]}",
        }


class HotlineUnderTest:
    """Started by `async with`; all of it is gone at its end."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        outside = {name: value for name, value in os.environ.items() if name not in VARIABLES}
        self._environ = outside | plan.variables()
        self._run: subprocess.Popen[bytes] | None = None
        self._guard: Guard | None = None
        self._token = ""
        self._http = httpx.AsyncClient(base_url=f"http://127.0.0.1:{plan.http_port}", timeout=30, trust_env=False)

    async def __aenter__(self) -> Self:
        if (self.plan.home / "run").exists():  # an earlier one that was killed before it could end its hotline
            await self.stop()
        await asyncio.to_thread(self._prepare)
        self._guard = Guard(self._command("stop"), self._environ)
        async with contextlib.AsyncExitStack() as failing:
            failing.push_async_callback(self.stop)
            await self.start()
            self._token = await asyncio.to_thread(self._supervisors_token)
            failing.pop_all()
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        await self.stop()
        await self._http.aclose()

    @property
    def settings(self) -> Settings:
        return Settings.load(self.plan.variables())

    async def start(self) -> None:
        """`hotline run`; returns when calls can be taken. Raises HotlineFailed."""
        with (self.plan.home / "run.out").open("ab") as output:
            self._run = subprocess.Popen(  # noqa: ASYNC220 - returns at once
                self._command("run"), stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT,
                env=self._environ, start_new_session=True,
            )  # fmt: skip
        await self.healthy()

    async def stop(self) -> None:
        """`hotline stop`, and the end of whatever outlives it."""
        await asyncio.to_thread(self._thaw_all)
        reaping = asyncio.create_task(self._reap())  # beside it: `hotline stop` waits until its supervisor is gone
        with contextlib.suppress(HotlineFailed):
            await self._call("stop", seconds=STOP_SECONDS)
        await reaping
        if self._guard is not None:
            await asyncio.to_thread(self._guard.release)

    async def healthy(self, seconds: float = START_SECONDS) -> None:
        """Waits until /health says that calls can be taken, and the service itself takes them. Raises HotlineFailed."""
        last = "no answer"
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if self._run is not None and self._run.poll() is not None:
                raise HotlineFailed(f"`hotline run` ended with {self._run.returncode}: {self.last_words()}")
            with contextlib.suppress(httpx.TransportError):
                answer = await self._http.get("/health")
                if answer.status_code == 200 and await self._decides():
                    return
                last = answer.text
            await asyncio.sleep(POLL_SECONDS)
        raise HotlineFailed(f"the hotline was not healthy in {seconds:g} s: {last}; {self.last_words()}")

    async def command(self, *arguments: str, typed: str = "") -> Any:
        """Runs `hotline …` on this hotline, types something into it, and returns what it printed as JSON. Raises HotlineFailed."""
        printed = await self._call(*arguments, typed=typed)
        try:
            return json.loads(printed)
        except ValueError as error:
            raise HotlineFailed(f"`hotline {' '.join(arguments)}` did not print JSON: {printed[:500]}") from error

    async def get(self, path: str) -> httpx.Response:
        """One request to the API with a supervisor's token; waits for a web that is just coming back. Raises HotlineFailed."""
        answer = await self._answer(path)
        if answer.status_code >= 400:
            raise HotlineFailed(f"GET {path}: {answer.status_code} {answer.text[:500]}")
        return answer

    async def _answer(self, path: str) -> httpx.Response:
        deadline = time.monotonic() + START_SECONDS
        while True:
            try:
                return await self._http.get(path, headers=self._headers)
            except httpx.ConnectError as error:
                if time.monotonic() > deadline:
                    raise HotlineFailed(f"GET {path}: nobody answers: {error}; {self.last_words()}") from error
                await asyncio.sleep(POLL_SECONDS)

    async def post(self, path: str, data: Mapping[str, Any]) -> httpx.Response:
        """The same, to change something."""
        answer = await self._http.post(path, json=data, headers=self._headers)
        if answer.status_code >= 400:
            raise HotlineFailed(f"POST {path}: {answer.status_code} {answer.text[:500]}")
        return answer

    @property
    def _headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self._token}", "X-Hotline-Reason": "to compare what was said with what was kept"}

    async def tickets(self) -> list[dict[str, Any]]:
        items: list[dict[str, Any]] = (await self.get("/api/tickets?limit=200")).json()["items"]
        return items

    def process(self, name: str) -> psutil.Process:
        """A living process of this hotline: supervisor, asterisk, telephony, web or worker. Raises HotlineFailed."""
        for process in self._processes(name):
            return process
        raise HotlineFailed(f"{name} does not run: {self.last_words()}")

    async def kill_python(self) -> None:
        """kill -9 of every Python process, the supervisor first, so that nothing comes back; Asterisk is alone then."""
        for name in ("supervisor", *PROCESSES):
            for process in self._processes(name):
                with contextlib.suppress(psutil.NoSuchProcess):
                    process.kill()
        await self._reap()

    async def kill(self, name: str) -> None:
        """kill -9 of one process; the supervisor brings it back."""
        process = self.process(name)
        process.kill()
        async with asyncio.timeout(10):
            while lives(process):  # noqa: ASYNC110 - nothing announces the end of a process that is not our child
                await asyncio.sleep(POLL_SECONDS / 10)

    def freeze(self, name: str) -> None:
        """SIGSTOP: the process holds its connections and says nothing."""
        self.process(name).suspend()

    def thaw(self, name: str) -> None:
        self.process(name).resume()

    def asterisk(self, line: str) -> str:
        """What the hotline's Asterisk answers on its console."""
        return self._asterisk.cli(line)

    @property
    def _asterisk(self) -> Asterisk:
        return ours.asterisk(self.settings)

    def last_words(self) -> str:
        """The ends of what the hotline wrote, for whoever must find out why."""
        home = self.plan.home
        files = [home / "run.out", *sorted((home / "log").glob("*.out")), home / "asterisk/log/console.log"]
        said = [f"{file.name}: {text[-600:]}" for file in files if file.is_file() and (text := file.read_text(errors="replace").strip())]
        return "\n".join(said) or "it said nothing"

    def _prepare(self) -> None:
        home = self.plan.home
        shutil.rmtree(home, ignore_errors=True)
        home.mkdir(parents=True)
        with (home / "settings.yaml").open("w", encoding="utf-8") as file:
            YAML(typ="safe", pure=True).dump(dict(self.plan.settings), file)
        settings = self.settings
        prompts.render(settings.city, settings, settings.file.menu.language)

    def _supervisors_token(self) -> str:
        """Made as `hotline token create` makes it, without a process that takes two seconds to begin."""
        store = Store(self.settings.database_url)
        try:
            return store.tokens.create("supervisor")[1]
        finally:
            store.close()

    def _processes(self, name: str) -> list[psutil.Process]:
        """By what the hotline itself remembers of its processes; a stranger that was given the number since is not taken for one."""
        if name == "asterisk":
            found = self._asterisk.process()
            return [found] if found else []
        run = self.plan.home / "run"
        with contextlib.suppress(OSError, ValueError, KeyError, psutil.Error):
            lock = (run / "supervisor.lock").read_text().strip() if name == "supervisor" else ""
            process = psutil.Process(int(lock or json.loads((run / f"{name}.json").read_text())["pid"]))
            if process.environ().get("HOTLINE_HOME") == str(self.plan.home) and process.status() != psutil.STATUS_ZOMBIE:
                return [process]
        return []

    def _thaw_all(self) -> None:
        for name in ("supervisor", "asterisk", *PROCESSES):
            for process in self._processes(name):
                with contextlib.suppress(psutil.NoSuchProcess):
                    process.resume()

    async def _decides(self) -> bool:
        """Without the service, calls are taken too, by Asterisk alone: no fault, but not what most stories are about."""
        try:
            async with asyncio.timeout(1):
                _, writer = await asyncio.open_connection("127.0.0.1", self.plan.agi_port)
        except (OSError, TimeoutError):
            return False
        writer.close()
        return True

    async def _reap(self) -> None:
        if self._run is not None:
            with contextlib.suppress(subprocess.TimeoutExpired):
                await asyncio.to_thread(self._run.wait, STOP_SECONDS)
            self._run = None

    async def _call(self, *arguments: str, seconds: float = COMMAND_SECONDS, typed: str = "") -> str:
        process = await asyncio.create_subprocess_exec(
            *self._command(*arguments), env=self._environ, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        try:
            async with asyncio.timeout(seconds):
                printed, complaint = await process.communicate(typed.encode())
        except TimeoutError:
            process.kill()
            raise HotlineFailed(f"`hotline {' '.join(arguments)}` took longer than {seconds:g} s") from None
        if process.returncode != 0:
            said = (complaint or printed).decode(errors="replace").strip()
            raise HotlineFailed(f"`hotline {' '.join(arguments)}` ended with {process.returncode}: {said[-1000:]}")
        return printed.decode()

    def _command(self, *arguments: str) -> list[str]:
        return [sys.executable, "-m", "hotline", *arguments]
