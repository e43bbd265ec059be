"""Getting Asterisk: the machine's own mirror, only when none is installed, complete or not at all."""

from __future__ import annotations

from pathlib import Path

import pytest

from hotline.asterisk import FetchError, RuntimeMissing, debian, fetch, find
from tests.hotline.conftest import Program

LOADER = "usr/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2"
# Says what apt-get was asked for; `update` and `install` answer as the test wishes.
APT = """
case "$*" in
  *indextargets*) echo http://mirror.example/debian/; echo http://mirror.example/debian-security/;;
  *) echo "$@" >> {log}
     for o in "$@"; do case $o in Dir::Cache=*) cache=${{o#Dir::Cache=}};; esac; done
     touch $cache/archives/asterisk.deb
     echo dlstatus:1:42.5:half; {answer};;
esac"""
# Stands in for a package: a loader that answers as `asterisk -V` does.
DPKG = f"""mkdir -p $3/usr/sbin $3/$(dirname {LOADER}) $3/usr/share/doc/asterisk
printf '#!/bin/sh\\necho Asterisk 22.10.1~dfsg\\n' > $3/{LOADER}; chmod +x $3/{LOADER}"""


def test_the_mirror_is_the_machines_own() -> None:
    sources = ["https://other.example/ubuntu/", "http://ftp.example/debian-security/", "http://ftp.example/debian/", ""]
    assert debian.mirror(sources) == "http://ftp.example/debian/"
    assert debian.mirror(["mirror+file:/etc/apt/mirrors/debian.list"]) == "mirror+file:/etc/apt/mirrors/debian.list"


def test_a_machine_without_a_debian_mirror_is_told_what_to_do() -> None:
    with pytest.raises(FetchError, match=r"no Debian mirror .*https://other.example/ubuntu/.*install Asterisk 20"):
        debian.mirror(["https://other.example/ubuntu/"])


def test_without_apt_the_message_says_what_to_do(program: Program, tmp_path: Path) -> None:
    with pytest.raises(FetchError, match="apt-get is not there .*install Asterisk 20 or newer"):
        fetch(tmp_path / "downloads", print)


def test_it_is_unpacked_from_the_mirror_and_found_again(program: Program, tmp_path: Path) -> None:
    log, told = tmp_path / "asked", []
    program("apt-get", APT.format(log=log, answer="true"))
    program("dpkg", DPKG)
    runtime = fetch(tmp_path / "downloads", told.append)
    assert (runtime.version, runtime.installed) == ("22.10.1", False)
    assert runtime == find(tmp_path / "downloads") == fetch(tmp_path / "downloads", told.append)
    assert "Asterisk: fetching packages 40 %" in told
    assert len(log.read_text().splitlines()) == 2, "update and install, once"
    assert not (tmp_path / "downloads/.asterisk-unfinished").exists()
    assert not (tmp_path / "downloads/asterisk/usr/share/doc").exists()


def test_the_machines_own_apt_is_never_touched(program: Program, tmp_path: Path) -> None:
    log = tmp_path / "asked"
    program("apt-get", APT.format(log=log, answer="true"))
    program("dpkg", DPKG)
    fetch(tmp_path / "downloads", lambda _: None)
    for line in log.read_text().splitlines():
        for name in ("Dir::State=", "Dir::Cache=", "Dir::Etc::sourcelist="):
            assert f"{name}{tmp_path}" in line
        assert "Dir::Etc::sourceparts=/dev/null" in line


def test_a_failed_download_says_why_and_leaves_nothing_half_done(program: Program, tmp_path: Path) -> None:
    program("apt-get", APT.format(log=tmp_path / "asked", answer='echo "E: Failed to fetch it  Connection refused"; exit 100'))
    program("dpkg", DPKG)
    with pytest.raises(FetchError, match=r"E: Failed to fetch it  Connection refused\); try again, or install"):
        fetch(tmp_path / "downloads", lambda _: None)
    with pytest.raises(RuntimeMissing, match="run `hotline setup`"):
        find(tmp_path / "downloads")


def test_an_interrupted_unpacking_is_done_again_without_a_second_download(program: Program, tmp_path: Path) -> None:
    program("apt-get", APT.format(log=tmp_path / "asked", answer="true"))
    program("dpkg", f"{DPKG}; exit 1")
    with pytest.raises(FetchError, match="dpkg -x"):
        fetch(tmp_path / "downloads", lambda _: None)
    kept = list((tmp_path / "downloads").rglob("*.deb"))
    assert [path.name for path in kept] == ["asterisk.deb"]
    program("dpkg", DPKG)
    assert fetch(tmp_path / "downloads", lambda _: None).version == "22.10.1"


def test_an_installed_asterisk_that_is_too_old_is_named(program: Program, tmp_path: Path) -> None:
    program("asterisk", "echo Asterisk 18.1.0")
    with pytest.raises(RuntimeMissing, match=r"asterisk is .*version 20 or newer"):
        find(tmp_path / "downloads")


def test_a_folder_somebody_emptied_is_said_to_be_incomplete(program: Program, tmp_path: Path) -> None:
    (tmp_path / "asterisk").mkdir()
    with pytest.raises(RuntimeMissing, match="is not complete; remove that folder"):
        find(tmp_path)
