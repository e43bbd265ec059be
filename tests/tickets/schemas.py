"""The published JSON Schemas of what the case system is sent."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema_rs

SCHEMAS = Path(__file__).parents[2] / "docs" / "schemas"


def file_of(name: str) -> dict[str, Any]:
    read: dict[str, Any] = json.loads((SCHEMAS / name).read_text("utf-8"))
    return read


@cache
def validator(name: str) -> jsonschema_rs.Draft202012Validator:
    """References lead to the files beside."""
    return jsonschema_rs.Draft202012Validator(file_of(name), validate_formats=True, retriever=lambda uri: file_of(uri.rpartition("/")[2]))
