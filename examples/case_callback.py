#!/usr/bin/env python3
"""An example of a case system that tells the hotline what became of a ticket: one signed callback.

    python case_callback.py --key-file KEY --url http://127.0.0.1:12345/api/callbacks/case '{"id": "1", "ticket": "…", "status": "handling"}'

Prints the answer; exit 0 when it was taken. It needs nothing but Python's standard library.
"""

from __future__ import annotations

import argparse
import hashlib
import hmac
import json
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

WAIT_SECONDS = 15


def send(url: str, key: bytes, body: bytes) -> tuple[int, str]:
    """Signed anew at each call: an answer that was lost may be asked for again, under the same id."""
    timestamp = str(int(time.time()))
    signature = "sha256=" + hmac.new(key, timestamp.encode() + b"." + body, hashlib.sha256).hexdigest()
    headers = {"Content-Type": "application/json", "X-Hotline-Timestamp": timestamp, "X-Hotline-Signature": signature}
    try:
        with urllib.request.urlopen(urllib.request.Request(url, body, headers), timeout=WAIT_SECONDS) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as refusal:
        return refusal.code, refusal.read().decode()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--url", required=True)
    parser.add_argument("--key-file", type=Path, required=True, help="HOTLINE_HOME/secrets/case-callback")
    parser.add_argument("callback", help="JSON, as docs/integrator.md has it")
    options = parser.parse_args()
    body = json.dumps(json.loads(options.callback), ensure_ascii=False).encode()
    status, said = send(options.url, options.key_file.read_bytes().strip(), body)
    print(status, said)
    sys.exit(0 if status == 200 else 1)


if __name__ == "__main__":
    main()
