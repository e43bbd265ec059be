"""Which engine hears with which model, in a form that a worker process can be told."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import Literal

InputPath = Literal["direct", "resampled", "folded"]


@dataclass(frozen=True)
class Choice:
    """An engine by its name in the registry, and its model."""

    engine: str
    model: str
    folder: str
    language: str = "zh"
    threads: int = 2
    input_path: InputPath = "direct"
    city: str = ""  # the folder whose gazetteer.yaml is used
    hotwords: bool = False  # whether the engine is told the places beforehand
    note: str = ""  # one line for people, when it is not what they would expect

    def as_text(self) -> str:
        return json.dumps(asdict(self), ensure_ascii=False)

    @classmethod
    def from_text(cls, text: str) -> Choice:
        return cls(**json.loads(text))
