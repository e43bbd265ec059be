"""Which engines, models and ways in there are to compare on this machine, and which of them to propose."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from speech import catalogue, engines, store
from speech.engines import VOSK, WHISPER, Choice
from speech.folders import Folders
from speech.measure import Result
from speech.recogniser import EngineUnusable

INPUT_PATHS = ("direct", "resampled", "folded")


def of_machine(folders: Folders, engine: str = engines.AUTO, model: str | None = None) -> dict[str, Choice]:
    """Every Mandarin model that is ready and fits the wish, by a name for the table. Raises EngineUnusable when there is none."""
    if model is not None:
        return variants(engines.choose(folders, engine, model))
    found: dict[str, Choice] = {}
    for known in catalogue.MODELS:
        fits = known.kind in engines.KIND.values() and known.language in ("zh", "multilingual")
        if fits and store.look(folders, known).state == "ready" and engine in (engines.AUTO, *_engine_of(known.kind)):
            found |= variants(engines.choose(folders, model=known.name))
    if not found:
        raise EngineUnusable("no Mandarin model is here to be measured; `hotline models fetch whisper-base`")
    return found


def variants(choice: Choice) -> dict[str, Choice]:
    """A model with each way of using it that makes a difference."""
    if choice.engine == VOSK:
        return {f"{choice.model} {way}": replace(choice, input_path=way) for way in INPUT_PATHS}
    return {choice.model: choice, f"{choice.model} hotwords": replace(choice, hotwords=True)}


def proposal(choices: Mapping[str, Choice], results: Mapping[str, Result]) -> tuple[str, dict[str, object]]:
    """The setting with the fewest errors, and what to write under `speech:` for it."""
    best = min(results, key=lambda name: (results[name].edits.rate, -results[name].places_right))
    choice = choices[best]
    wish: dict[str, object] = {"engine": choice.engine, "model": choice.model}
    if choice.engine == VOSK:
        wish["input_path"] = choice.input_path
    if choice.engine == WHISPER:
        wish["hotwords"] = choice.hotwords
    return best, wish


def _engine_of(kind: str) -> tuple[str, ...]:
    return tuple(engine for engine, its in engines.KIND.items() if its == kind)
