"""One module a group of commands; each has register(app).

MODULES tells which one has a command, so that a command loads what it needs and not the whole hotline.
"""

from __future__ import annotations

from typing import Final

_COMMANDS: Final[dict[str, str]] = {
    "agents": "agents",
    "alarms": "alarms",
    "backup": "backup restore",
    "blocks": "blocks",
    "callbacks": "callbacks",
    "certificate": "certificate",
    "deliveries": "deliveries reconcile",
    "doctor": "doctor",
    "elderly": "elderly",
    "figures": "figures",
    "knowledge": "knowledge",
    "menus": "check walk publish versions rollback",
    "models": "models",
    "persons": "persons",
    "phone": "phone",
    "pin": "pin",
    "prompts": "prompts",
    "queues": "queues calls",
    "recognition": "speech",
    "records": "records",
    "report": "report",
    "retention": "retention vault",
    "revisits": "revisits",
    "running": "setup run stop",
    "serve": "serve",
    "surges": "surges notices",
    "tickets": "tickets token",
}
MODULES: Final = {command: module for module, commands in _COMMANDS.items() for command in commands.split()}
