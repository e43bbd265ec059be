"""Serves the API on loopback until SIGTERM or SIGINT; a proxy in front of it speaks TLS to the world."""

from __future__ import annotations

import uvicorn
from fastapi import FastAPI

ADDRESS = "127.0.0.1"
GRACE_SECONDS = 2  # open event streams would otherwise hold the process for ever
KEEP_ALIVE_SECONDS = 30
MOST_CONNECTIONS = 1000


def serve(app: FastAPI, port: int) -> None:
    """Returns when it was told to end."""
    config = uvicorn.Config(
        app,
        host=ADDRESS,
        port=port,
        log_config=None,
        access_log=False,  # paths hold linkedids and ticket numbers
        server_header=False,
        timeout_graceful_shutdown=GRACE_SECONDS,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        limit_concurrency=MOST_CONNECTIONS,
    )
    uvicorn.Server(config).run()
