"""One Asterisk's configuration, written from templates; the hotline is one, the telephone network of the tests another.

Everything an instance reads or writes lies below its home, so that several run beside each other and none needs root.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import stat
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from hotline.asterisk.runtime import Runtime

FOLDERS = ("etc", "log/cel-custom", "run", "lib", "db", "keys/keys", "cache", "agi-bin", "spool/recording", "spool/tmp", "spool/outgoing", "data/sounds")
LONGEST_SOCKET = 100  # sun_path holds 108 bytes


@dataclass(frozen=True)
class Instance:
    """What makes one Asterisk different from another."""

    name: str
    home: Path
    templates: Path
    variables: Mapping[str, object]
    sounds: Mapping[str, Path] = field(default_factory=dict)

    @property
    def conf(self) -> Path:
        return self.home / "etc" / "asterisk.conf"

    @property
    def run(self) -> Path:
        """Holds the control socket, whose path the kernel limits: a home too deep gets a short one beside it."""
        here = self.home / "run"
        if len(str(here / "asterisk.ctl").encode()) <= LONGEST_SOCKET:
            return here
        digest = hashlib.sha256(str(here).encode()).hexdigest()[:16]
        return Path(tempfile.gettempdir()) / f"hotline-{os.geteuid()}-{digest}"


def render(instance: Instance, runtime: Runtime) -> list[Path]:
    """Writes etc/*.conf and agi-bin/* from the templates; returns what was written. What is not from us stays."""
    _make_folders(instance)
    _link_data(instance, runtime)
    environment = Environment(loader=FileSystemLoader(instance.templates), undefined=StrictUndefined, trim_blocks=True,
                              lstrip_blocks=True, keep_trailing_newline=True, autoescape=False)  # noqa: S701 - not HTML  # fmt: skip
    variables = {**_folders(instance, runtime), **instance.variables}
    written = []
    for template in sorted(instance.templates.glob("*.conf.j2")):
        text = environment.get_template(template.name).render(variables)
        written.append(write_private(instance.home / "etc" / template.stem, text))
    for template in sorted(instance.templates.glob("agi-bin/*.j2")):
        text = environment.get_template(f"agi-bin/{template.name}").render(variables)
        written.append(write_private(instance.home / "agi-bin" / template.stem, text, mode=0o700))
    return written


def write_private(path: Path, text: str, mode: int = 0o600) -> Path:
    """Replaces a file at once; nobody else can read it, not even for a moment. One that is right already is left alone,
    so that a hotline whose disk is full starts again all the same."""
    if _is(path, text, mode):
        return path
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f".{path.name}.{os.getpid()}")
    unfinished.unlink(missing_ok=True)
    descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    unfinished.replace(path)
    return path


def _is(path: Path, text: str, mode: int) -> bool:
    try:
        return path.stat().st_mode & 0o777 == mode and path.read_text(encoding="utf-8") == text
    except (OSError, UnicodeDecodeError):
        return False


def _folders(instance: Instance, runtime: Runtime) -> dict[str, object]:
    """The names every template may use: Asterisk's own folders."""
    home = instance.home
    return {
        "name": instance.name, "home": home, "etc": home / "etc", "log": home / "log", "run": instance.run, "lib": home / "lib",
        "db": home / "db", "keys": home / "keys", "cache": home / "cache", "agi_bin": home / "agi-bin",
        "astspool": home / "spool", "data": home / "data", "modules": runtime.modules, "entity_id": _entity_id(home),
    }  # fmt: skip


def _entity_id(home: Path) -> str:
    """Asterisk's name for itself, in the form of a locally administered MAC address: the same at every start."""
    digits = hashlib.sha256(str(home).encode()).hexdigest()[:10]
    return ":".join(("02", *(digits[at : at + 2] for at in range(0, 10, 2))))


def _make_folders(instance: Instance) -> None:
    for name in FOLDERS:
        (instance.home / name).mkdir(parents=True, exist_ok=True)
    instance.home.chmod(0o700)
    make_run_folder(instance)


def make_run_folder(instance: Instance) -> None:
    """For the control socket. In the machine's temporary folder somebody else may have put one of that name."""
    instance.run.mkdir(mode=0o700, parents=True, exist_ok=True)
    about = instance.run.lstat()
    if about.st_uid != os.geteuid() or not stat.S_ISDIR(about.st_mode):
        raise PermissionError(f"{instance.run} belongs to somebody else")


def remove_run_folder(instance: Instance) -> None:
    """Leaves nothing in the machine's temporary folder."""
    if not instance.run.is_relative_to(instance.home):
        shutil.rmtree(instance.run, ignore_errors=True)


def _link_data(instance: Instance, runtime: Runtime) -> None:
    """A data folder of our own: Asterisk's documentation (its modules need it to load) and sounds, and ours beside them."""
    data = instance.home / "data"
    for entry in runtime.data.iterdir():
        if entry.name != "sounds":
            _link(data / entry.name, entry)
    if runtime.english:
        english = data / "sounds" / "en"
        english.mkdir(exist_ok=True)
        for sound in runtime.english.iterdir():
            _link(english / sound.name, sound)
    for language, folder in instance.sounds.items():
        folder.mkdir(parents=True, exist_ok=True)
        (data / "sounds" / language).mkdir(exist_ok=True)
        _link(data / "sounds" / language / "hotline", folder)


def _link(link: Path, target: Path) -> None:
    if link.is_symlink() and link.readlink() == target:
        return
    link.unlink(missing_ok=True)
    link.symlink_to(target)
