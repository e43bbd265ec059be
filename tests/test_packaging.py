"""What a wheel holds is enough to run: every package, and every file beside the code that the code reads."""

from __future__ import annotations

import subprocess
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
NOT_INSTALLED = {"tests", "bench"}


@pytest.fixture(scope="module")
def packaging() -> dict[str, object]:
    settings: dict[str, object] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["setuptools"]
    return settings


@pytest.fixture(scope="module")
def files() -> list[Path]:
    """What the repository keeps of every package."""
    kept = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, timeout=30)
    if kept.returncode != 0:
        pytest.skip("not a git checkout")
    return [Path(line) for line in kept.stdout.splitlines() if (ROOT / line).exists()]


def test_every_folder_with_code_is_a_package_of_the_wheel(packaging: dict[str, object], files: list[Path]) -> None:
    with_code = {".".join(path.parts[:-1]) for path in files if path.name == "__init__.py" and path.parts[0] not in NOT_INSTALLED}
    assert with_code <= set(packaging["packages"])  # type: ignore[call-overload]


def test_every_file_beside_the_code_is_in_the_wheel(packaging: dict[str, object], files: list[Path]) -> None:
    patterns: dict[str, list[str]] = packaging["package-data"]  # type: ignore[assignment]
    named = {found for package, globs in patterns.items() for glob in globs for found in (ROOT / package.replace(".", "/")).glob(glob)}
    packages = {str(package).split(".")[0] for package in packaging["packages"]}  # type: ignore[attr-defined]
    beside = {ROOT / path for path in files if path.parts[0] in packages and path.suffix != ".py"}
    assert beside - named == set()
