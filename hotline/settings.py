"""Where everything is and how it is set: HOTLINE_… variables and one settings file, unknown names refused.

The variables that say where and on which ports are in `VARIABLES`; everything else is in
`HOTLINE_HOME/settings.yaml` (`hotline doctor` explains it). A name nobody knows is an error, because a
misspelt setting that is silently ignored is found on the night it was needed.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from hotline.sections import FileSettings
from ivr.faults import unknown

PROJECT = Path(__file__).resolve().parent.parent
DIALPLANS = PROJECT / "dialplans"

VARIABLES = {
    "HOTLINE_HOME": "folder of all data (default: var/)",
    "HOTLINE_SIP_PORT": "SIP, UDP (default: 5060)",
    "HOTLINE_AGI_PORT": "FastAGI, loopback only (default: 4573)",
    "HOTLINE_AMI_PORT": "AMI, loopback only (default: 5038)",
    "HOTLINE_HTTP_PORT": "the API, loopback only (default: 12345)",
    "HOTLINE_RTP_PORTS": "FIRST-LAST (default: 10000-19999)",
    "HOTLINE_DATABASE_URL": "SQLAlchemy URL (default: SQLite in HOTLINE_HOME)",
}

DATABASES = ("sqlite", "postgresql", "postgresql+psycopg")


class SettingsError(Exception):
    """A setting cannot be used; the message names it, where it stands and what is wrong."""


@dataclass(frozen=True)
class Settings:
    """All settings of one hotline; `Settings.load()` reads them, nothing else does."""

    home: Path
    sip_port: int
    agi_port: int
    ami_port: int
    http_port: int
    rtp_ports: tuple[int, int]
    database_url: str
    file: FileSettings

    @classmethod
    def load(cls, environ: Mapping[str, str] | None = None) -> Settings:
        """Reads the environment and the settings file. Raises SettingsError."""
        env = os.environ if environ is None else environ
        for name in env:
            if name.startswith("HOTLINE_") and name not in VARIABLES:
                raise SettingsError(f"{name}: no such setting (known: {', '.join(VARIABLES)})")
        home = Path(env.get("HOTLINE_HOME") or PROJECT / "var").resolve()
        return cls(
            home=home,
            sip_port=_port(env, "HOTLINE_SIP_PORT", 5060),
            agi_port=_port(env, "HOTLINE_AGI_PORT", 4573),
            ami_port=_port(env, "HOTLINE_AMI_PORT", 5038),
            http_port=_port(env, "HOTLINE_HTTP_PORT", 12345),
            rtp_ports=_port_range(env, "HOTLINE_RTP_PORTS", (10000, 19999)),
            database_url=_database_url(env, home),
            file=_read(home / "settings.yaml"),
        )

    def environ(self) -> dict[str, str]:
        """The variables that make another process load the same settings."""
        first, last = self.rtp_ports
        return {
            "HOTLINE_HOME": str(self.home),
            "HOTLINE_SIP_PORT": str(self.sip_port),
            "HOTLINE_AGI_PORT": str(self.agi_port),
            "HOTLINE_AMI_PORT": str(self.ami_port),
            "HOTLINE_HTTP_PORT": str(self.http_port),
            "HOTLINE_RTP_PORTS": f"{first}-{last}",
            "HOTLINE_DATABASE_URL": self.database_url,
        }

    @property
    def spool(self) -> Path:
        return self.home / "spool"

    @property
    def secrets(self) -> Path:
        return self.home / "secrets"

    @property
    def sounds(self) -> Path:
        """Rendered and imported prompts: sounds/LANGUAGE/ID.wav, 8 kHz 16 bit mono."""
        return self.home / "sounds"

    @property
    def downloads(self) -> Path:
        """What setup fetched (Asterisk, models, voices). Shared by every home of this checkout, so tests need no second download."""
        return PROJECT / "var" / "downloads"

    @property
    def city(self) -> Path:
        """The folder an administrator edits."""
        named = Path(self.file.menu.city)
        return named if named.is_absolute() else DIALPLANS / named


def _port(env: Mapping[str, str], name: str, default: int) -> int:
    text = env.get(name) or str(default)
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= 65535:
        raise SettingsError(f"{name}: {text!r} is not a port (1 to 65535)")
    return int(text)


def _port_range(env: Mapping[str, str], name: str, default: tuple[int, int]) -> tuple[int, int]:
    text = env.get(name)
    if not text:
        return default
    first, dash, last = text.partition("-")
    if not (dash and first.isascii() and first.isdigit() and last.isascii() and last.isdigit() and 1024 <= int(first) < int(last) <= 65535):
        raise SettingsError(f"{name}: {text!r} is not FIRST-LAST with 1024 <= FIRST < LAST <= 65535")
    return int(first), int(last)


def _database_url(env: Mapping[str, str], home: Path) -> str:
    text = env.get("HOTLINE_DATABASE_URL") or f"sqlite:///{home / 'hotline.sqlite3'}"
    kind = text.partition("://")[0]
    if "://" not in text or kind not in DATABASES:  # the URL itself is not shown: it may hold a password
        raise SettingsError(f"HOTLINE_DATABASE_URL: begins with none of {', '.join(f'{known}://' for known in DATABASES)}")
    return text


def _read(path: Path) -> FileSettings:
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return FileSettings()
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path}: {error}") from error
    try:
        data: Any = YAML(typ="safe", pure=True).load(text)
        return FileSettings.model_validate(data or {})
    except RecursionError:
        raise SettingsError(f"{path}: is nested too deeply") from None
    except ValidationError as error:
        raise SettingsError(f"{path}: {'; '.join(map(_told, error.errors()))}") from error
    except (YAMLError, ValueError, TypeError) as error:  # ruamel: a date that is none, a mapping as a name
        raise SettingsError(f"{path}: {error}") from error


def _told(fault: ErrorDetails) -> str:
    """Which setting, what is wrong, and of a name that nobody knows which one was probably meant."""
    if not fault["loc"]:
        return fault["msg"].removeprefix("Value error, ") if fault["type"] == "value_error" else "must hold sections such as sip: with settings in them"
    *above, name = fault["loc"]
    where = ".".join(map(str, fault["loc"]))
    if fault["type"] == "extra_forbidden":
        return f"{where}: {unknown('setting', str(name), _known(above))}"
    return f"{where}: {fault['msg'].removeprefix('Value error, ')}"


def _known(above: Sequence[int | str]) -> list[str]:
    """The names at this place of the file."""
    section: type[BaseModel] = FileSettings
    for name in above:
        field = section.model_fields.get(str(name))
        kind = field.annotation if field else None
        for inner in (kind, *get_args(kind)):
            if isinstance(inner, type) and issubclass(inner, BaseModel):
                section = inner
    return list(section.model_fields)
