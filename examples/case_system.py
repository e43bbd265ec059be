#!/usr/bin/env python3
"""An example case system: receives tickets from the hotline, checks who sent them, keeps each one once.

    python case_system.py --port 8090 --secret-file KEY --out tickets.jsonl

Copy it, and put your own system where `keep` is. It needs nothing but Python's standard library.

What it must do, and does:
  * check the signature over the timestamp and the exact bytes of the body, in constant time  -> 401
  * refuse old timestamps, so that a recorded request cannot be sent again                    -> 401
  * answer 2xx only when the ticket is safely stored
  * know a delivery by its Idempotency-Key and not store it twice                             -> 200
  * say what it took on a day, so that both sides can compare: GET …?day=YYYY-MM-DD, signed over the query
"""

from __future__ import annotations

import argparse
import hashlib
import hmac
import json
import os
import sys
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

LARGEST_BODY = 4 * 1024 * 1024
OLDEST_SECONDS = 300
READ_SECONDS = 15


class Refused(Exception):
    """Answered with this status; the hotline shows 4xx to a person."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status


class Register:
    """One JSON line per ticket; a key seen before is not written again, not even after a restart."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._days: dict[str, dict[str, dict[str, str]]] = {}  # day, what about, key: SHA-256 of the body
        lines = path.read_text("utf-8").splitlines() if path.exists() else []
        self._keys = {self._note(json.loads(line)) for line in lines}

    def keep(self, key: str, day: str, about: str, body: bytes, delivery: dict[str, object]) -> bool:
        """Returns False when it was there already."""
        with self._lock:
            if key in self._keys:
                return False
            entry = {"received": time.time(), "key": key, "day": day, "about": about, "sha256": hashlib.sha256(body).hexdigest(), **delivery}
            self._note(entry)
            line = json.dumps(entry, ensure_ascii=False)
            with self._path.open("a", encoding="utf-8") as file:
                file.write(line + "\n")
                file.flush()
                os.fsync(file.fileno())
            self._keys.add(key)
            return True

    def taken(self, day: str) -> list[dict[str, object]]:
        """Of one day, for each ticket and call: how many deliveries, and one hash over all of them, sorted by key."""
        with self._lock:
            abouts = {about: sorted(keys.items()) for about, keys in self._days.get(day, {}).items()}
        return [{"about": about, "deliveries": len(keys), "hash": _hash(keys)} for about, keys in sorted(abouts.items())]

    def _note(self, entry: dict[str, Any]) -> str:
        key = str(entry["key"])
        if "sha256" in entry:
            self._days.setdefault(entry["day"], {}).setdefault(entry["about"], {})[key] = entry["sha256"]
        return key


def _hash(keys: list[tuple[str, str]]) -> str:
    return hashlib.sha256("".join(f"{key} {sha256}\n" for key, sha256 in keys).encode()).hexdigest()


def check_signature(secret: bytes, timestamp: str, body: bytes, claimed: str) -> None:
    """Raises Refused unless the hotline signed exactly this, just now."""
    expected = "sha256=" + hmac.new(secret, timestamp.encode() + b"." + body, hashlib.sha256).hexdigest()
    if not hmac.compare_digest(expected.encode(), claimed.encode()):
        raise Refused(401, "wrong signature")
    if not timestamp.isdigit() or abs(time.time() - int(timestamp)) > OLDEST_SECONDS:
        raise Refused(401, "timestamp too old")


class Receiver(BaseHTTPRequestHandler):
    """One request of the hotline."""

    timeout = READ_SECONDS
    secret: bytes
    register: Register

    def do_POST(self) -> None:
        self._answer(self._receive)

    def do_GET(self) -> None:
        self._answer(self._reconcile)

    def _answer(self, work: Callable[[], tuple[int, dict[str, object]]]) -> None:
        try:
            status, answer = work()
        except Refused as refusal:
            status, answer = refusal.status, {"error": str(refusal)}
        content = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def _receive(self) -> tuple[int, dict[str, object]]:
        length = self.headers.get("Content-Length", "")
        if not length.isdigit() or int(length) > LARGEST_BODY:
            raise Refused(413, "no length, or too long")
        body = self.rfile.read(int(length))
        headers = self.headers
        check_signature(self.secret, headers.get("X-Hotline-Timestamp", ""), body, headers.get("X-Hotline-Signature", ""))
        key = headers.get("Idempotency-Key")
        if not key:
            raise Refused(400, "no Idempotency-Key")
        try:
            delivery = json.loads(body)
            about = delivery["ticket"]["number"] if "ticket" in delivery else delivery["call"]["call_id"]
        except (ValueError, KeyError, TypeError):
            raise Refused(422, "not a ticket") from None
        fresh = self.register.keep(key, headers.get("X-Hotline-Day", ""), about, body, delivery)
        return (201 if fresh else 200), {"ticket": about, "stored": fresh}

    def _reconcile(self) -> tuple[int, dict[str, object]]:
        query = self.path.partition("?")[2]
        headers = self.headers
        check_signature(self.secret, headers.get("X-Hotline-Timestamp", ""), query.encode(), headers.get("X-Hotline-Signature", ""))
        day = parse_qs(query).get("day", [""])[0]
        return 200, {"day": day, "items": self.register.taken(day), "next": None}

    def log_message(self, format: str, *args: object) -> None:
        """A line on stderr, without the ticket: it is personal data."""
        sys.stderr.write(f"case system: {format % args}\n")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--address", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8090, help="0: any free one, printed at the start")
    parser.add_argument("--secret-file", type=Path, required=True, help="the key both sides know")
    parser.add_argument("--out", type=Path, required=True, help="where tickets are kept, one JSON line each")
    options = parser.parse_args()
    Receiver.secret = options.secret_file.read_bytes().strip()
    Receiver.register = Register(options.out)
    with ThreadingHTTPServer((options.address, options.port), Receiver) as server:
        print(f"listening on http://{options.address}:{server.server_port}/", flush=True)
        server.serve_forever()


if __name__ == "__main__":
    main()
