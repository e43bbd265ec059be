"""The demonstration notices when something did not come true: each of its five steps is broken once."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from hotline.settings import VARIABLES
from tests.calls.conftest import CALLS

pytestmark = CALLS

SECONDS = 400  # some 30 on an idle machine
BROKEN = {
    1: "not what was said",
    2: "not understood",
    3: "not sent",
    4: "was not heard",
    5: "wrong signature",
}


@pytest.mark.parametrize("step", BROKEN)
async def test_a_broken_step_is_noticed(step: int, folder: Path) -> None:
    place = folder / f"demo-{step}"
    command = [sys.executable, "-m", "hotline", "demo", "--here", "--folder", str(place), "--only", str(step), "--break", str(step)]
    environ = {name: value for name, value in os.environ.items() if name not in VARIABLES}
    process = await asyncio.create_subprocess_exec(*command, env=environ, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    try:
        async with asyncio.timeout(SECONDS):
            output, _ = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
    result = json.loads((place / "result.json").read_text(encoding="utf-8"))
    assert process.returncode == 1, output.decode()
    assert not result["ok"]
    assert [(one["number"], one["ok"]) for one in result["steps"]] == [(step, False)], output.decode()
    assert BROKEN[step] in result["steps"][0]["problem"], output.decode()
