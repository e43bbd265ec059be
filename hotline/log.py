"""Log lines: one JSON object each, in HOME/log/PROCESS.log, rotated, with callers' numbers masked.

Masking is done here, at the one place every line passes, also the lines of libraries: 138****1234.
"""

from __future__ import annotations

import logging
import logging.handlers
import re
import sys
from collections.abc import Mapping, MutableMapping
from datetime import datetime
from pathlib import Path
from typing import Any

import structlog

MAXIMUM_BYTES = 10_000_000
KEPT_FILES = 5
PRIVATE_KEYS = frozenset({"caller", "caller_name", "number", "phone", "callerid", "caller_id", "calleridnum", "calleridname", "target"})
# Mobile numbers and land lines with their area code, as one or in groups, both behind +86 or 0086; then local numbers.
# Not linkedids, ticket numbers, dates, times, ports or process numbers.
NUMBERS = re.compile(
    r"(?<![\d.])(?<!\d-)(?:(?:\+|00)? ?86[ -]?)?(?:1[3-9]\d[ -]?\d{4}[ -]?\d{4}|\(?0\d{2,3}\)?[ -]?\d{3,4}[ -]?\d{4})(?!\d)"
    r"|(?:(?<=sip:)|(?<=tel:)|(?<![0-9A-Za-z_.:/+-])(?<!process )(?<!pid ))(?!20\d\d[01]\d[0-3]\d)[2-8]\d{6,7}(?![0-9A-Za-z_:+-]|\.\d)"
)
DETAIL = re.compile(r"^(DETAIL|CONTEXT): .*$(\n(?!\w+:|\s*\[).*$)*", re.MULTILINE)  # of a PostgreSQL error: the row's own values
DEEPEST = 8  # levels of lists and mappings in a line; what lies deeper is not told
QUIET = {"uvicorn.access": logging.WARNING, "asyncio": logging.WARNING, "httpx": logging.WARNING, "watchfiles": logging.WARNING,
         "alembic": logging.WARNING, "dbos": logging.WARNING}  # fmt: skip


def mask(number: str) -> str:
    """138****1234: enough to find a call again, not enough to ring it."""
    if len(number) < 8:
        return number[:1] + "*" * (len(number) - 1)
    return f"{number[:3]}{'*' * (len(number) - 7)}{number[-4:]}"


def mask_private(_: object, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """structlog processor: masks the values of private keys, and numbers in any other text."""
    for key, value in event.items():
        event[key] = _masked(value, private=key.lower() in PRIVATE_KEYS)
    return event


def _masked(value: Any, *, private: bool, depth: int = 0) -> Any:
    """The same value without whole numbers, also inside lists and mappings."""
    if isinstance(value, str):
        return mask(value) if private else NUMBERS.sub(lambda found: mask(found[0]), DETAIL.sub(r"\1: (left out)", value))
    if isinstance(value, int) and private and not isinstance(value, bool):
        return mask(str(value))
    if not isinstance(value, (Mapping, list, tuple, set, frozenset)):
        return value
    if depth == DEEPEST:
        return "…"
    if isinstance(value, Mapping):
        return {
            _masked(key, private=False): _masked(inner, private=private or str(key).lower() in PRIVATE_KEYS, depth=depth + 1)
            for key, inner in value.items()
        }
    return [_masked(inner, private=private, depth=depth + 1) for inner in value]


def _with_time(_: object, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """structlog processor: local time with its zone."""
    event["timestamp"] = datetime.now().astimezone().isoformat(timespec="milliseconds")
    return event


def configure(process: str, folder: Path, *, console: bool = False) -> None:
    """Sends every line of this process, its libraries' too, to the file; warnings (or with `console` all) to stderr as well."""
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.PositionalArgumentsFormatter(),
        _with_time,
        structlog.processors.StackInfoRenderer(),
        structlog.processors.format_exc_info,
        structlog.processors.UnicodeDecoder(),
        mask_private,
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    folder.mkdir(parents=True, exist_ok=True)
    file = logging.handlers.RotatingFileHandler(
        folder / f"{process}.log", maxBytes=MAXIMUM_BYTES, backupCount=KEPT_FILES, encoding="utf-8"
    )
    file.setFormatter(_formatter(shared, structlog.processors.JSONRenderer(ensure_ascii=False)))
    terminal = logging.StreamHandler(sys.stderr)
    terminal.setLevel(logging.INFO if console else logging.ERROR)
    terminal.setFormatter(_formatter(shared, structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())))
    root = logging.getLogger()
    root.handlers = [file, terminal]
    root.setLevel(logging.INFO)
    for name, level in QUIET.items():
        logging.getLogger(name).setLevel(level)


def _formatter(shared: list[Any], renderer: Any) -> structlog.stdlib.ProcessorFormatter:
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=shared,
        processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
    )
