"""Which engine hears with which model: the settings' wish, or Vosk where a Mandarin model is here, else faster-whisper."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from speech import catalogue, store
from speech.catalogue import Model
from speech.folders import Folders
from speech.recogniser import EngineUnusable, Recogniser
from speech.store import ModelError
from speech.text import gazetteer

AUTO, VOSK, WHISPER = "auto", "vosk", "faster-whisper"
KIND = {VOSK: "vosk", WHISPER: "whisper"}
NO_MANDARIN_VOSK = (
    "no Mandarin Vosk model on this machine (no package index carries one; `hotline models fetch vosk-cn-small` asks its maker): "
    "the multilingual Whisper base model is used"
)


@dataclass(frozen=True)
class Choice:
    """An engine and its model, in a form that a worker process can be told."""

    engine: str
    model: str
    folder: str
    language: str = "zh"
    threads: int = 2
    input_path: str = "direct"
    city: str = ""  # the folder whose gazetteer.yaml is used
    hotwords: bool = False  # whether the engine is told the places beforehand
    note: str = ""  # one line for people, when it is not what they would expect

    def as_text(self) -> str:
        return json.dumps(asdict(self), ensure_ascii=False)

    @classmethod
    def from_text(cls, text: str) -> Choice:
        return cls(**json.loads(text))


def choose(folders: Folders, engine: str = AUTO, model: str | None = None, input_path: str = "direct", hotwords: bool = False) -> Choice:
    """What `settings.yaml` means on this machine. Raises EngineUnusable with what to do about it."""
    choice = _engine(folders, engine, model, input_path)
    has_names = (folders.city / gazetteer.FILE).exists()
    return replace(choice, city=str(folders.city) if has_names else "", hotwords=hotwords)


def _engine(folders: Folders, engine: str, model: str | None, input_path: str) -> Choice:
    if engine not in (AUTO, VOSK, WHISPER):
        raise EngineUnusable(f"speech.engine: {engine!r} is not auto, vosk or faster-whisper")
    if model is not None:
        return _wished(folders, engine, model, input_path)
    mandarin = None if engine == WHISPER else _mandarin_vosk(folders)
    if mandarin is not None:
        return Choice(VOSK, mandarin.name, str(store.folder_of(folders, mandarin)), input_path=input_path)
    if engine == VOSK:
        raise EngineUnusable("speech.engine: vosk, but no Mandarin Vosk model is here; set speech.model, or `hotline models fetch vosk-cn-small`")
    return Choice(WHISPER, catalogue.WHISPER_BASE.name, _ready(folders, catalogue.WHISPER_BASE), note=NO_MANDARIN_VOSK if engine == AUTO else "")


def load(choice: Choice) -> Recogniser:
    """Loads it, in this process. Raises EngineUnusable."""
    folder = Path(choice.folder)
    if choice.engine == VOSK:
        from speech.vosk_engine import VoskEngine

        return VoskEngine(folder, choice.model, choice.language, input_path=choice.input_path)  # type: ignore[arg-type]
    from speech.whisper_engine import WhisperEngine

    return WhisperEngine(folder, choice.model, choice.threads, _hotwords(choice))


def _hotwords(choice: Choice) -> str:
    """The places, as the engine wants to be told. A faulty gazetteer is said elsewhere; recognition goes on without it."""
    if not choice.hotwords or not choice.city:
        return ""
    try:
        names = gazetteer.of_city(Path(choice.city))
    except gazetteer.GazetteerError:
        return ""
    return "，".join(name.text for name in names if name.kind == gazetteer.PLACE)


def _wished(folders: Folders, engine: str, model: str, input_path: str) -> Choice:
    listed = catalogue.named(model)
    if listed is not None and listed.kind in KIND.values():
        fitting = next(name for name, kind in KIND.items() if kind == listed.kind)
        if engine not in (AUTO, fitting):
            raise EngineUnusable(f"speech.model: {model} is a model for {fitting}, speech.engine says {engine}")
        language = "zh" if listed.language == "multilingual" else listed.language
        return Choice(fitting, model, _ready(folders, listed), language=language, input_path=input_path)
    folder = Path(model)
    if not folder.is_dir():
        known = ", ".join(m.name for m in catalogue.MODELS if m.kind in KIND.values())
        raise EngineUnusable(f"speech.model: {model!r} is neither a folder nor a known model ({known})")
    found = VOSK if (folder / "am/final.mdl").is_file() else WHISPER if (folder / "model.bin").is_file() else None
    if found is None or engine not in (AUTO, found):
        raise EngineUnusable(f"speech.model: {folder} holds no model for {engine if engine != AUTO else 'vosk or faster-whisper'}")
    return Choice(found, folder.name, str(folder), input_path=input_path)


def _mandarin_vosk(folders: Folders) -> Model | None:
    ready = (m for m in (catalogue.VOSK_MANDARIN, catalogue.VOSK_MANDARIN_SMALL) if store.look(folders, m).state == "ready")
    return next(ready, None)


def _ready(folders: Folders, model: Model) -> str:
    try:
        return str(store.ready(folders, model))
    except ModelError as error:
        raise EngineUnusable(str(error)) from error
