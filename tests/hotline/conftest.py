"""A home of its own for each test, on ports nobody else uses."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from hotline.asterisk import Asterisk, RuntimeMissing, find, ours
from hotline.settings import Settings

Program = Callable[[str, str], Path]


def free_port(kind: socket.SocketKind = socket.SOCK_STREAM) -> int:
    with socket.socket(socket.AF_INET, kind) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def settings_of(home: Path, **variables: str) -> Settings:
    home.mkdir(parents=True, exist_ok=True)
    if not (home / "settings.yaml").exists():
        (home / "settings.yaml").write_text('sip: {address: "127.0.0.1"}\n')
    environ = {
        "HOTLINE_HOME": str(home),
        "HOTLINE_SIP_PORT": str(free_port(socket.SOCK_DGRAM)),
        "HOTLINE_AGI_PORT": str(free_port()),
        "HOTLINE_AMI_PORT": str(free_port()),
        "HOTLINE_HTTP_PORT": str(free_port()),
    }
    return Settings.load(environ | variables)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return settings_of(tmp_path / "home")


@pytest.fixture
def asterisk(settings: Settings) -> Iterator[Asterisk]:
    """The hotline's Asterisk, configured and not yet started; ended whatever happens."""
    try:
        runtime = find(settings.downloads)
    except RuntimeMissing as missing:
        pytest.skip(str(missing))
    ours.configure(settings, runtime)
    made = Asterisk(runtime, ours.instance(settings))
    yield made
    made.kill()


@pytest.fixture
def program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Program:
    """Puts a shell script on a PATH that has nothing else: program("apt-get", "echo …")."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))

    def put(name: str, script: str) -> Path:
        path = folder / name
        path.write_text(f"#!/bin/sh\nPATH=/usr/bin:/bin\n{script}\n")
        path.chmod(0o755)
        return path

    return put
