"""Which engines, models and ways in there are to compare on this machine, and which of them to propose."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import get_args

from speech import catalogue, engines, registry, store
from speech.choice import Choice, InputPath
from speech.engines import VOSK
from speech.folders import Folders
from speech.measure import Result
from speech.recogniser import EngineUnusable


def of_machine(folders: Folders, engine: str = engines.AUTO, model: str | None = None) -> dict[str, Choice]:
    """Every Mandarin model that is ready and fits the wish, by a name for the table. Raises EngineUnusable when there is none."""
    if model is not None:
        return variants(engines.choose(folders, engine, model))
    found: dict[str, Choice] = {}
    for known in catalogue.MODELS:
        its = registry.for_kind(known.kind) if known.language in ("zh", "multilingual") else None
        if its is not None and engine in (engines.AUTO, its) and store.look(folders, known).state == "ready":
            found |= variants(engines.choose(folders, model=known.name))
    if not found:
        raise EngineUnusable("no Mandarin model is here to be measured; `hotline models fetch whisper-base`")
    return found


def variants(choice: Choice) -> dict[str, Choice]:
    """A model with each way of using it that makes a difference."""
    found = {choice.model: choice}
    if choice.engine == VOSK:
        found = {f"{choice.model} {way}": replace(choice, input_path=way) for way in get_args(InputPath)}
    if registry.engine(choice.engine).takes_hotwords:
        found |= {f"{name} hotwords": replace(one, hotwords=True) for name, one in found.items()}
    return found


def proposal(choices: Mapping[str, Choice], results: Mapping[str, Result]) -> tuple[str, dict[str, object]]:
    """The setting with the fewest errors, and what to write under `speech:` for it."""
    best = min(results, key=lambda name: (results[name].edits.rate, -results[name].places_right))
    choice = choices[best]
    wish: dict[str, object] = {"engine": choice.engine, "model": choice.model}
    if choice.engine == VOSK:
        wish["input_path"] = choice.input_path
    if registry.engine(choice.engine).takes_hotwords:
        wish["hotwords"] = choice.hotwords
    return best, wish
