"""docs/administrator.md says what really happens: every command in it is run, in its order, on a copy of the city."""

from __future__ import annotations

import doctest
import re
import shlex
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from hotline import menus
from hotline.cli import build
from hotline.settings import DIALPLANS, PROJECT
from tests.ivr.cities import put_sounds

BLOCK = re.compile(r"^```console\n(.*?)^```", re.M | re.S)
ALLOWED = ("hotline", "sed")


def commands(text: str) -> Iterator[tuple[str, str]]:
    """Each `$ command` of the guide and the output printed below it."""
    for block in BLOCK.findall(text):
        for command in re.split(r"^\$ ", block, flags=re.M)[1:]:
            line, _, output = command.partition("\n")
            yield line, output


def test_the_guide_is_true(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("12345", "calendar"):
        shutil.copytree(DIALPLANS / name, tmp_path / "dialplans" / name)
    (tmp_path / "settings.yaml").write_text(f"menu: {{city: {tmp_path}/dialplans/12345}}\n")
    put_sounds(tmp_path, menus.texts(DIALPLANS / "12345"))
    monkeypatch.setenv("HOTLINE_HOME", str(tmp_path))
    told = list(commands((PROJECT / "docs" / "administrator.md").read_text(encoding="utf-8")))
    assert {command.split()[1] for command, _ in told if command.startswith("hotline")} == {"check", "walk", "publish", "versions", "rollback", "elderly"}
    for command, output in told:
        said = run(command, tmp_path)
        assert doctest.OutputChecker().check_output(output, said, doctest.ELLIPSIS), f"$ {command}\n{said}instead of\n{output}"


def run(command: str, folder: Path) -> str:
    program, *words = shlex.split(command)
    assert program in ALLOWED
    if program == "hotline":
        return CliRunner().invoke(build(), words).output
    return subprocess.run([program, *words], cwd=folder, check=True, capture_output=True, text=True, timeout=10).stdout
