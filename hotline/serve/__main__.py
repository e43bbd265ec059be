"""`python -m hotline.serve PROCESS`: as `hotline serve`, without loading every other command first: callers wait for this."""

from __future__ import annotations

import importlib
import os
import sys

from hotline import log, secrets
from hotline.settings import Settings, SettingsError

PROCESSES = ("telephony", "web", "worker")
MAIL = "mail"
NICENESS = {"web": 5, "worker": 5, MAIL: 5}  # Asterisk and telephony go first: a caller waits for them


def wanted(settings: Settings) -> tuple[str, ...]:
    """The processes of this hotline: e-mail is looked for where a mail server is set."""
    return PROCESSES if settings.file.email.imap_host is None else (*PROCESSES, MAIL)


def serve(process: str, settings: Settings) -> None:
    """Runs one process until it is told to end."""
    secrets.close_to_others(settings.home)
    log.configure(process, settings.home / "log")
    importlib.import_module(f"hotline.serve.{process}").run(settings)


def main() -> None:
    if len(sys.argv) != 2 or sys.argv[1] not in (*PROCESSES, MAIL):
        sys.exit(f"one of {', '.join((*PROCESSES, MAIL))} is needed")
    secrets.write_for_owner_only()
    os.nice(NICENESS.get(sys.argv[1], 0))
    try:
        serve(sys.argv[1], Settings.load())
    except SettingsError as error:
        sys.exit(f"hotline: {error}")


if __name__ == "__main__":
    main()
