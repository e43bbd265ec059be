"""Which Asterisk is used: an installed one (>= 20) where there is one, else Debian's, unpacked privately."""

from __future__ import annotations

import fcntl
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from hotline.asterisk import debian
from hotline.asterisk.debian import Progress

OLDEST = 20
VERSION_LIMIT_SECONDS = 10


class RuntimeMissing(Exception):
    """No usable Asterisk; the message says what to do."""


@dataclass(frozen=True)
class Runtime:
    """An Asterisk that can be run: its command, where its modules and its own data are, its version."""

    command: tuple[str, ...]
    modules: Path
    data: Path
    version: str
    installed: bool

    @property
    def english(self) -> Path | None:
        """Asterisk's own English sounds; Debian's package leaves the usual name `en` to alternatives, which unpacking skips."""
        folders = (self.data / "sounds" / name for name in ("en", "en_US_f_Allison"))
        return next((folder for folder in folders if folder.is_dir()), None)


def find(downloads: Path) -> Runtime:
    """The Asterisk to use. Raises RuntimeMissing."""
    too_old = ""
    if program := shutil.which("asterisk"):
        runtime = _installed(program)
        if runtime and _major(runtime.version) >= OLDEST:
            return runtime
        too_old = f"{program} is {runtime.version if runtime else 'not complete'}; "
    folder = downloads / "asterisk"
    if folder.is_dir():
        return _unpacked(folder)
    raise RuntimeMissing(f"Asterisk: {too_old}none of version {OLDEST} or newer is installed or fetched; run `hotline setup`")


def fetch(downloads: Path, progress: Progress) -> Runtime:
    """The Asterisk to use, fetched if there is none. Two at once wait for each other. Raises debian.FetchError."""
    downloads.mkdir(parents=True, exist_ok=True)
    with (downloads / "asterisk.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        try:
            return find(downloads)
        except RuntimeMissing:
            debian.unpack(downloads / "asterisk", downloads / ".asterisk-unfinished", progress)
            return find(downloads)


def _unpacked(folder: Path) -> Runtime:
    """Debian's Asterisk run with its own loader and libraries, whatever this machine's are."""
    loaders = [path for path in folder.glob("usr/lib/*/ld-linux-*.so.*") if path.exists()]
    if not loaders:
        raise RuntimeMissing(f"Asterisk: {folder} is not complete; remove that folder and run `hotline setup`")
    libraries = loaders[0].parent
    loader = (str(loaders[0]), "--library-path", f"{libraries}:{libraries / 'asterisk'}", "--argv0", "asterisk")
    command = (*loader, str(folder / "usr/sbin/asterisk"))
    return Runtime(command, libraries / "asterisk" / "modules", folder / "usr/share/asterisk", _version(command), installed=False)


def _installed(program: str) -> Runtime | None:
    folders = _configured_folders(Path("/etc/asterisk/asterisk.conf"))
    modules = _first(folders.get("astmoddir"), *sorted(map(str, Path("/usr/lib").glob("*/asterisk/modules"))),
                     "/usr/lib64/asterisk/modules", "/usr/lib/asterisk/modules", holding="app_queue.so")  # fmt: skip
    data = _first(folders.get("astdatadir"), "/usr/share/asterisk", "/var/lib/asterisk", holding="documentation")
    if modules is None or data is None:
        return None
    return Runtime((program,), modules, data, _version((program,)), installed=True)


def _configured_folders(conf: Path) -> dict[str, str]:
    try:
        text = conf.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return {}
    return dict(re.findall(r"^\s*(ast\w+dir)\s*=>?\s*([^\s;]+)", text, re.MULTILINE))


def _first(*candidates: str | None, holding: str) -> Path | None:
    return next((Path(path) for path in candidates if path and (Path(path) / holding).exists()), None)


def _version(command: tuple[str, ...]) -> str:
    try:
        done = subprocess.run([*command, "-V"], capture_output=True, text=True, timeout=VERSION_LIMIT_SECONDS, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise RuntimeMissing(f"Asterisk: {command[-1]} does not run: {error}") from error
    found = re.match(r"Asterisk (?:certified/)?(\d[\w.]*)", done.stdout)
    if not found:
        raise RuntimeMissing(f"Asterisk: {command[-1]} does not say its version: {(done.stderr or done.stdout).strip()[:200]}")
    return found[1]


def _major(version: str) -> int:
    return int(version.split(".")[0])
