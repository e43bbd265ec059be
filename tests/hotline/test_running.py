"""`hotline run` and `hotline stop` with everything real: one supervisor a home, calls outlive it, nothing is left behind."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from hotline import running
from hotline.asterisk import RuntimeMissing
from hotline.settings import Settings

LIMIT_SECONDS = 30.0


class Home:
    """One home and what was started in it."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._environ = os.environ | settings.environ()
        self._output = settings.home / "run.out"
        self._runs: list[subprocess.Popen[bytes]] = []

    def run(self) -> subprocess.Popen[bytes]:
        with self._output.open("ab") as output:
            started = subprocess.Popen(
                [sys.executable, "-m", "hotline", "run"], env=self._environ, stdout=output, stderr=output, start_new_session=True
            )
        self._runs.append(started)
        return started

    def hotline(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "hotline", *arguments]
        return subprocess.run(command, env=self._environ, capture_output=True, text=True, timeout=LIMIT_SECONDS, check=False)

    def said(self) -> str:
        return self._output.read_text()

    def pids(self) -> dict[str, int | None]:
        return {service.name: service.pid() for service in running.services(self.settings)}

    def answers(self) -> bool:
        """Asterisk, and telephony behind its port."""
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.settings.agi_port), 1):
            return self.pids()["asterisk"] is not None
        return False

    def end(self) -> None:
        self.hotline("stop")
        for started in self._runs:
            started.kill()
            started.wait(5)


@pytest.fixture
def home(settings: Settings) -> Iterator[Home]:
    try:
        running.services(settings)
    except RuntimeMissing as missing:
        pytest.skip(str(missing))
    made = Home(settings)
    yield made
    made.end()


def until(condition: Callable[[], object]) -> None:
    limit = time.monotonic() + LIMIT_SECONDS
    while not condition():
        assert time.monotonic() < limit, "it did not happen in time"
        time.sleep(0.05)


@pytest.mark.asterisk
def test_what_a_killed_supervisor_leaves_is_adopted_and_ended(home: Home) -> None:
    first = home.run()
    until(home.answers)
    before = home.pids()
    first.kill()
    first.wait(5)
    assert home.pids()["asterisk"] == before["asterisk"], "it outlives the supervisor"

    second = home.run()
    until(lambda: home.said().count(" running ") == 2)
    assert {name: home.pids()[name] for name in ("asterisk", "telephony")} == {name: before[name] for name in ("asterisk", "telephony")}

    refused = home.hotline("run")
    assert refused.returncode == 2
    assert f"runs already (process {second.pid})" in refused.stderr

    telephony = home.pids()["telephony"]
    assert telephony is not None
    os.kill(telephony, 9)
    until(lambda: home.pids()["telephony"] not in (None, telephony) and home.answers())
    assert home.pids()["asterisk"] == before["asterisk"]

    assert home.hotline("stop").stdout == "stopped\n"
    assert second.wait(5) == 0
    assert set(home.pids().values()) == {None}
    assert still_about(home.settings.home) == []
    assert home.hotline("stop").stdout == "nothing was running\n"
    assert json.loads(home.hotline("stop", "--json").stdout) == {"stopped": False}


@pytest.mark.asterisk
def test_asterisk_comes_back_whatever_became_of_the_files_it_is_configured_from(home: Home) -> None:
    """A broken phone is left out; menus that cannot be read leave the last configuration in use."""
    home.run()
    until(home.answers)
    first, web = home.pids()["asterisk"], home.pids()["web"]
    assert first
    (home.settings.home / "phones").mkdir(exist_ok=True)
    (home.settings.home / "phones" / "alice.json").write_text("{broken")
    os.kill(first, 9)
    until(lambda: home.pids()["asterisk"] not in (None, first))
    second = home.pids()["asterisk"]
    assert second
    (home.settings.home / "menus" / "current").write_text("garbage")
    os.kill(second, 9)
    until(lambda: home.pids()["asterisk"] not in (None, second))
    until(lambda: "configuration of the last start is used" in home.said())
    assert home.pids()["web"] == web


@pytest.mark.asterisk
def test_ctrl_c_ends_everything_and_others_can_read_nothing_of_it(home: Home) -> None:
    home.settings.home.chmod(0o755)
    umask = os.umask(0o022)
    try:
        started = home.run()
    finally:
        os.umask(umask)
    until(home.answers)
    until((home.settings.home / "hotline.sqlite3").exists)
    public = {"settings.yaml", "run.out", "menus"}  # the first two are the test's; menus are what every caller hears
    exposed = [path for path in home.settings.home.rglob("*") if readable_by_others(path)]
    assert [path for path in exposed if not public & set(path.relative_to(home.settings.home).parts)] == []
    assert not readable_by_others(home.settings.home)
    started.send_signal(2)
    assert started.wait(LIMIT_SECONDS) == 0
    assert still_about(home.settings.home) == []


def test_a_port_in_use_is_said_before_anything_starts(home: Home) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as taken:
        taken.bind(("127.0.0.1", home.settings.http_port))
        taken.listen()
        done = home.hotline("run")
    assert done.returncode == 2
    assert f"HTTP: TCP port {home.settings.http_port}" in done.stderr
    assert f"(process {os.getpid()}); end it or set HOTLINE_HTTP_PORT" in done.stderr
    assert set(home.pids().values()) == {None}


def test_menus_that_cannot_be_published_are_said_with_file_and_line(home: Home, tmp_path: Path) -> None:
    city = tmp_path / "city"
    city.mkdir()
    (city / "menus.yaml").write_text("nodes: [\n")
    (home.settings.home / "settings.yaml").write_text(f'menu: {{city: "{city}"}}\n')
    done = home.hotline("run")
    assert done.returncode == 2
    assert "menus.yaml:" in done.stderr
    assert "Traceback" not in done.stderr


def readable_by_others(path: Path) -> bool:
    with contextlib.suppress(FileNotFoundError):
        about = path.lstat()
        return not stat.S_ISLNK(about.st_mode) and bool(about.st_mode & 0o077)
    return False


def still_about(folder: Path) -> list[str]:
    """Command lines of processes that belong to this home."""
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            if process.environ().get("HOTLINE_HOME") == str(folder) and process.status() != psutil.STATUS_ZOMBIE:
                found.append(" ".join(process.cmdline()))
    return found
