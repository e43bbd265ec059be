"""A real mail server on loopback (pymap), with one account, for stories about e-mail."""

from __future__ import annotations

import contextlib
import imaplib
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

LIMIT_SECONDS = 15
USER, PASSWORD, FOLDER = "hotline", "hidden", "citizens"


@dataclass
class MailServer:
    port: int

    def open(self) -> imaplib.IMAP4:
        server = imaplib.IMAP4("127.0.0.1", self.port, timeout=5)
        server.login(USER, PASSWORD)
        return server

    def empty(self) -> None:
        with self.open() as server:
            server.delete(FOLDER)
            server.create(FOLDER)

    def puts(self, letter: bytes) -> None:
        with self.open() as server:
            assert server.append(FOLDER, "", None, letter)[0] == "OK"  # type: ignore[arg-type]

    def flags(self) -> list[set[str]]:
        with self.open() as server:
            server.select(FOLDER)
            _, found = server.fetch("1:*", "(FLAGS)")
            return [set(map(bytes.decode, imaplib.ParseFlags(line))) - {"\\Recent"} for line in found if isinstance(line, bytes)]


@contextlib.contextmanager
def running(folder: Path, *options: str) -> Iterator[MailServer]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [str(Path(sys.executable).parent / "pymap"), "--host", "127.0.0.1", "--port", str(port), *options]
    command += ["dict", "--demo-data", "--demo-user", USER, "--demo-password", PASSWORD]
    with (folder / "pymap.log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, cwd=folder)
        try:
            _wait(port)
            yield MailServer(port)
        finally:
            process.terminate()
            process.wait(10)


def _wait(port: int) -> None:
    deadline = time.monotonic() + LIMIT_SECONDS
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            assert time.monotonic() < deadline, "the mail server does not start"
            time.sleep(0.05)
