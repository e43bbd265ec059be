"""What `make check` holds: style, types, and imports that point only downwards."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
LIMIT_SECONDS = 240


@pytest.mark.parametrize("tool", [("ruff", "check", "."), ("mypy",), ("lint-imports", "--no-cache")], ids=lambda tool: tool[0])
def test_the_rooms_are_in_order(tool: tuple[str, ...]) -> None:
    command = [str(Path(sys.executable).parent / tool[0]), *tool[1:]]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=LIMIT_SECONDS)
    assert done.returncode == 0, done.stdout + done.stderr
