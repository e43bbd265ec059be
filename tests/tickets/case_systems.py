"""Case systems to hand tickets to: the example one as its own process, and one that answers as a story wants."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "case_system.py"


@dataclass
class Example:
    """examples/case_system.py, running."""

    url: str
    out: Path

    def received(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.out.read_text("utf-8").splitlines()] if self.out.exists() else []


@contextlib.contextmanager
def example(folder: Path, key: bytes) -> Iterator[Example]:
    secret, out = folder / "case-system-key", folder / "received.jsonl"
    secret.write_bytes(key + b"\n")
    command = [sys.executable, str(EXAMPLE), "--port", "0", "--secret-file", str(secret), "--out", str(out)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        assert process.stdout is not None
        try:
            yield Example(process.stdout.readline().split()[-1], out)
        finally:
            process.kill()


@dataclass
class Moody:
    """Answers with these statuses in turn, then 200; remembers what it was sent."""

    statuses: list[int]
    url: str = ""
    requests: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    silent: threading.Event = field(default_factory=threading.Event)


@contextlib.contextmanager
def moody(*statuses: int) -> Iterator[Moody]:
    """0 means: says nothing until the story ends. 302 points at the same server."""
    system = Moody(list(statuses))

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            system.requests.append((dict(self.headers), body))
            status = system.statuses.pop(0) if system.statuses else 200
            if status == 0:
                system.silent.wait(30)
                return
            self.send_response(status)
            self.send_header("Location", "/elsewhere")
            self.end_headers()
            self.wfile.write("因为不行\r\n".encode() * 1000)

        do_GET = do_POST

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    system.url = f"http://127.0.0.1:{server.server_port}/"
    try:
        yield system
    finally:
        system.silent.set()
        server.shutdown()
        thread.join(20)
        server.server_close()
