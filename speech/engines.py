"""Which engine hears with which model: the settings' wish, or Vosk where a Mandarin model is here, else faster-whisper."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from speech import catalogue, registry, store
from speech.catalogue import Model
from speech.choice import Choice, InputPath
from speech.folders import Folders
from speech.recogniser import EngineUnusable, Recogniser
from speech.store import ModelError
from speech.text import categories, gazetteer

AUTO, VOSK, WHISPER = "auto", "vosk", "faster-whisper"
NO_MANDARIN_VOSK = (
    "no Mandarin Vosk model on this machine (no package index carries one; `hotline models fetch vosk-cn-small` asks its maker): "
    "the multilingual Whisper base model is used"
)


def choose(folders: Folders, engine: str = AUTO, model: str | None = None, input_path: InputPath = "direct", hotwords: bool = False) -> Choice:
    """What `settings.yaml` means on this machine. Raises EngineUnusable with what to do about it."""
    choice = replace(_engine(folders, engine, model), input_path=input_path, hotwords=hotwords)
    has_words = any((folders.city / name).exists() for name in (gazetteer.FILE, categories.FILE))
    return replace(choice, city=str(folders.city)) if has_words else choice


def load(choice: Choice) -> Recogniser:
    """Loads it, in this process. Raises EngineUnusable."""
    return registry.engine(choice.engine).load(choice, _hotwords(choice))


def _engine(folders: Folders, engine: str, model: str | None) -> Choice:
    if engine != AUTO:
        registry.engine(engine)
    if model is not None:
        return _wished(folders, engine, model)
    mandarin = _mandarin_vosk(folders) if engine in (AUTO, VOSK) else None
    if mandarin is not None:
        return Choice(VOSK, mandarin.name, str(store.folder_of(folders, mandarin)))
    if engine == VOSK:
        raise EngineUnusable("speech.engine: vosk, but no Mandarin Vosk model is here; set speech.model, or `hotline models fetch vosk-cn-small`")
    if engine not in (AUTO, WHISPER):
        raise EngineUnusable(f"speech.engine: {engine} needs speech.model, the folder of its model")
    note = NO_MANDARIN_VOSK if engine == AUTO else ""
    return Choice(WHISPER, catalogue.WHISPER_BASE.name, _ready(folders, catalogue.WHISPER_BASE), note=note)


def _wished(folders: Folders, engine: str, model: str) -> Choice:
    listed = catalogue.named(model)
    fitting = registry.for_kind(listed.kind) if listed is not None else None
    if listed is not None and fitting is not None:
        if engine not in (AUTO, fitting):
            raise EngineUnusable(f"speech.model: {model} is a model for {fitting}, speech.engine says {engine}")
        language = "zh" if listed.language == "multilingual" else listed.language
        return Choice(fitting, model, _ready(folders, listed), language=language)
    folder = Path(model)
    if not folder.is_dir():
        known = ", ".join(m.name for m in catalogue.MODELS if registry.for_kind(m.kind))
        raise EngineUnusable(f"speech.model: {model!r} is neither a folder nor a known model ({known})")
    found = registry.for_folder(folder) if engine == AUTO else engine
    if found is None or not registry.engine(found).takes(folder):
        raise EngineUnusable(f"speech.model: {folder} holds no model for {' or '.join(registry.names()) if engine == AUTO else engine}")
    return Choice(found, folder.name, str(folder))


def _hotwords(choice: Choice) -> tuple[str, ...]:
    """The places, for an engine that wants to be told. A faulty gazetteer is said elsewhere; recognition goes on without it."""
    if not choice.hotwords or not choice.city:
        return ()
    try:
        names = gazetteer.of_city(Path(choice.city))
    except gazetteer.GazetteerError:
        return ()
    return tuple(name.text for name in names if name.kind == gazetteer.PLACE)


def _mandarin_vosk(folders: Folders) -> Model | None:
    ready = (m for m in (catalogue.VOSK_MANDARIN, catalogue.VOSK_MANDARIN_SMALL) if store.look(folders, m).state == "ready")
    return next(ready, None)


def _ready(folders: Folders, model: Model) -> str:
    try:
        return str(store.ready(folders, model))
    except ModelError as error:
        raise EngineUnusable(str(error)) from error
