"""Unpacks a program of Debian's into a folder without installing anything: apt with private folders, then dpkg -x.

The distribution below may be one that has no Asterisk, so the suite of programs is sid; everything else - mirror, proxy,
keys, architecture - is what this machine's own apt is configured with. Libraries that are loaded into our own process come
from the machine's own suite, for they must fit its C library. Nothing here needs root.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

Progress = Callable[[str], None]

SUITE = "sid"
KEYRINGS = tuple(Path("/usr/share/keyrings") / name for name in ("debian-archive-keyring.pgp", "debian-archive-keyring.gpg"))
NOT_NEEDED = ("usr/share/doc", "usr/share/man", "usr/share/locale", "usr/share/info")
LIMIT_SECONDS = 900


@dataclass(frozen=True)
class Wanted:
    """What to unpack, and what a person can do where that cannot be had."""

    name: str
    packages: tuple[str, ...]
    instead: str
    suite: str = SUITE


ASTERISK = Wanted(
    "Asterisk", ("asterisk", "asterisk-core-sounds-en-wav", "ca-certificates"),
    "install Asterisk 20 or newer so that `asterisk` is on PATH, then run this again",
)  # fmt: skip


class FetchError(Exception):
    """The program cannot be had; the message says why and what to do instead."""


def unpack(folder: Path, work: Path, progress: Progress, wanted: Wanted = ASTERISK) -> None:
    """Debian's packages, unpacked into `folder`, which appears only when it is complete. Raises FetchError.

    `work` keeps what was downloaded, so an interrupted run goes on where it stopped; it is removed at the end.
    """
    for tool in ("apt-get", "dpkg"):
        if shutil.which(tool) is None:
            raise FetchError(f"{wanted.name}: not installed, and {tool} is not there to fetch Debian's package; {wanted.instead}")
    options = _private_apt(work, mirror(_machine_sources(wanted), wanted), wanted.suite)
    progress(f"{wanted.name}: reading the package lists")
    _apt([*options, "update"], progress, wanted)
    _apt([*options, "install", "--yes", "--no-install-recommends", "--download-only", *wanted.packages], progress, wanted)
    aside = work / "root"
    shutil.rmtree(aside, ignore_errors=True)
    archives = sorted((work / "cache" / "archives").glob("*.deb"))
    for count, archive in enumerate(archives, 1):
        if count % 20 == 0 or count == len(archives):
            progress(f"{wanted.name}: unpacking {count} of {len(archives)} packages")
        _run(["dpkg", "-x", str(archive), str(aside)], wanted)
    for name in NOT_NEEDED:
        shutil.rmtree(aside / name, ignore_errors=True)
    folder.parent.mkdir(parents=True, exist_ok=True)
    aside.rename(folder)
    shutil.rmtree(work, ignore_errors=True)


def mirror(sources: Iterable[str], wanted: Wanted = ASTERISK) -> str:
    """The Debian mirror among this machine's package sources."""
    seen = sorted(set(filter(None, sources)))
    for uri in seen:
        if re.search(r"/debian(\.list)?/?$", uri):
            return uri
    raise FetchError(f"{wanted.name}: no Debian mirror among this machine's package sources ({', '.join(seen) or 'none'}); {wanted.instead}")


def own_suite() -> str:
    """The suite of this machine; sid where it does not say (a derivative, an unnamed release)."""
    try:
        found = re.search(r"^VERSION_CODENAME=([a-z]+)$", Path("/etc/os-release").read_text(encoding="utf-8"), re.MULTILINE)
    except OSError:
        return SUITE
    return found[1] if found else SUITE


def _machine_sources(wanted: Wanted) -> list[str]:
    done = subprocess.run(["apt-get", "indextargets", "--format", "$(REPO_URI)"], capture_output=True, text=True, timeout=60, check=False)
    if done.returncode != 0:
        raise FetchError(f"{wanted.name}: apt-get cannot read this machine's sources: {_last_line(done.stderr)}; {wanted.instead}")
    return done.stdout.split()


def _private_apt(work: Path, uri: str, suite: str) -> list[str]:
    """apt-get with state, cache and sources of its own; keys, proxies and architecture stay the machine's."""
    for name in ("state/lists/partial", "cache/archives/partial"):
        (work / name).mkdir(parents=True, exist_ok=True)
    (work / "status").touch()
    keys = next((f"signed-by={path}" for path in KEYRINGS if path.exists()), "")
    # sid has no security suite to fall behind of, and mirrors inside closed networks are often days old.
    sources = f"deb [{keys} check-valid-until=no] {uri} {suite} main\n"
    (work / "sources.list").write_text(sources)
    settings = {
        "Dir::State": work / "state",
        "Dir::State::status": work / "status",
        "Dir::Cache": work / "cache",
        "Dir::Etc::sourcelist": work / "sources.list",
        "Dir::Etc::sourceparts": "/dev/null",
        "Dir::Etc::preferences": "/dev/null",
        "Dir::Etc::preferencesparts": "/dev/null",
        "Acquire::Languages": "none",
        "Acquire::Retries": "3",
        "Acquire::http::Timeout": "30",
        "APT::Status-Fd": "1",
        "APT::Keep-Downloaded-Packages": "true",
        "APT::Update::Error-Mode": "any",
        "Debug::NoLocking": "1",
    }
    if os.geteuid() == 0:
        settings["APT::Sandbox::User"] = "root"  # the user _apt may not write into our folder
    return [part for name, value in settings.items() for part in ("-o", f"{name}={value}")]


def _apt(arguments: list[str], progress: Progress, wanted: Wanted) -> None:
    """Runs apt-get and turns its status lines (`dlstatus:1:20.5:…`) into progress, a line every tenth."""
    told = -1
    said: list[str] = []
    with subprocess.Popen(
        ["apt-get", "--quiet", *arguments], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace",
        env=os.environ | {"LC_ALL": "C", "DEBIAN_FRONTEND": "noninteractive"},
    ) as apt:  # fmt: skip
        assert apt.stdout is not None
        for line in apt.stdout:
            if status := re.match(r"dlstatus:\d+:([\d.]+):", line):
                tenth = int(float(status[1]) // 10)
                if "install" in arguments and tenth != told:
                    told = tenth
                    progress(f"{wanted.name}: fetching packages {tenth * 10} %")
            elif line.startswith(("E:", "W:", "Err")):
                said.append(line.strip())
        code = apt.wait(LIMIT_SECONDS)
    if code != 0:
        raise FetchError(f"{wanted.name}: apt-get could not fetch it ({'; '.join(said[:3]) or f'exit {code}'}); try again, or {wanted.instead}")


def _run(command: list[str], wanted: Wanted) -> None:
    done = subprocess.run(command, capture_output=True, text=True, timeout=LIMIT_SECONDS, check=False)
    if done.returncode != 0:
        raise FetchError(f"{wanted.name}: {' '.join(command)}: {_last_line(done.stderr)}")


def _last_line(text: str) -> str:
    return (text.strip().splitlines() or ["no message"])[-1]
