"""The API in a process of its own over an empty register: `python -m bench.web_alone HOME` prints its port and a token."""

from __future__ import annotations

import socket
import sys
from pathlib import Path

import uvicorn

from tickets.store import Store
from web.app import create_app


def main() -> None:
    home = Path(sys.argv[1])
    store = Store(f"sqlite:///{home / 'hotline.sqlite3'}")
    store.migrate()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        print(listener.getsockname()[1], store.tokens.create("supervisor")[1], flush=True)
        app = create_app(store, home=home, reasons=lambda: [])
        uvicorn.Server(uvicorn.Config(app, log_level="warning", timeout_graceful_shutdown=1)).run([listener])


if __name__ == "__main__":
    main()
