"""Makes every prompt of a city ready to play: its own recordings first, the demonstration voice for the rest, only what changed.

Beside each ID.wav lies ID.json, which says what it was made from. A wav without one, or changed since, was put
there by a person and is never overwritten. What sounds/LANGUAGE holds comes from, in this order: such a person,
recordings/LANGUAGE/ID.wav of the city, the voice, two tones.
"""

from __future__ import annotations

import hashlib
import json
import re
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from speech import audio, catalogue, store, voice
from speech.audio import TELEPHONE_RATE, AudioError, Sound
from speech.folders import Folders
from speech.loudness import at_one_loudness

LANGUAGE = "zh"
ENGLISH = "en"
SLOWLY = "_slow"  # zh_slow: what it does not have, Asterisk plays from zh
ID = re.compile(r"[a-z0-9][a-z0-9-]{0,63}")
RENDERING = 2  # raise it when the way of rendering changes
LONGEST_SECONDS = 180.0
RECORDINGS = (".wav", ".alaw", ".ulaw", ".gsm", ".flac")

Source = Literal["recording", "own", "voice", "espeak-ng", "tone"]


class PromptsError(Exception):
    """prompts.yaml cannot be used; the message says where and why."""


@dataclass(frozen=True)
class Prompt:
    """One prompt as it lies ready: where it came from, and whether this rendering made it."""

    id: str
    text: str
    source: Source
    made: bool
    problem: str = ""


def texts(city: Path, language: str = LANGUAGE) -> dict[str, str]:
    """id -> text: of prompts.LANGUAGE.yaml, and of prompts.yaml what is not translated there. Raises PromptsError."""
    own = _texts(city / "prompts.yaml")
    translation = city / f"prompts.{base_of(language)}.yaml"
    return own | (_texts(translation) if translation.is_file() else {})


def languages(city: Path, own: str = LANGUAGE, *, slowly: bool = False) -> list[str]:
    """All that the city's prompts are to be rendered in, its own first; slowly as well where some caller asked for that."""
    translated = (path.name.split(".")[1] for path in sorted(city.glob("prompts.*.yaml")))
    return [own, *(name for name in translated if name != own), *([own + SLOWLY] if slowly else [])]


def base_of(language: str) -> str:
    """zh of zh_slow."""
    return language.removesuffix(SLOWLY)


def tongue(text: str, language: str) -> str:
    """Whose voice reads it: what is not translated is read in Chinese, and Latin letters among Chinese prompts in English."""
    if any("\u3400" <= letter <= "\u9fff" for letter in text):
        return voice.MANDARIN
    if base_of(language) == voice.MANDARIN:
        return ENGLISH if re.search(r"[A-Za-z]{2}", text) else voice.MANDARIN
    return base_of(language)


def _texts(path: Path) -> dict[str, str]:
    try:
        data: Any = YAML(typ="safe", pure=True).load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, YAMLError) as error:
        raise PromptsError(f"{path}: {error}") from error
    if not isinstance(data, Mapping):
        raise PromptsError(f"{path}: must map prompt ids to texts")
    for name, text in data.items():
        if not isinstance(name, str) or not ID.fullmatch(name):
            raise PromptsError(f"{path}: {name!r} is not a prompt id (lower-case letters, figures and dashes)")
        if not isinstance(text, str) or not text.strip():
            raise PromptsError(f"{path}: prompt {name!r} has no text")
    return dict(data)


def recording_of(city: Path, name: str, language: str = LANGUAGE) -> Path | None:
    """The city's own recording of a prompt."""
    folder = city / "recordings" / language
    return next((folder / (name + end) for end in RECORDINGS if (folder / (name + end)).is_file()), None)


def render(
    city: Path, folders: Folders, language: str = LANGUAGE, tell: Callable[[Prompt], None] = lambda prompt: None
) -> list[Prompt]:
    """Every prompt of the city into sounds/LANGUAGE. Raises PromptsError, OSError; a voice that is missing only costs quality.

    Slowly, only where the voice would speak: a recording made by a person is not replaced by a slower machine.
    """
    renderer = _Renderer(city, folders, language)
    done = []
    for name, text in texts(city, language).items():
        if language.endswith(SLOWLY) and not recording_of(city, name, language) and heard_at_its_pace(city, folders, name, language):
            continue
        done.append(renderer.prompt(name, text))
        tell(done[-1])
    return done


def heard_at_its_pace(city: Path, folders: Folders, name: str, language: str) -> bool:
    """Whether a person recorded it, or it is not Chinese: then there is no slow one."""
    base = base_of(language)
    by_a_person = recording_of(city, name, base) is not None or put_by_a_person(folders.sounds / base / f"{name}.wav")
    return by_a_person or tongue(texts(city, language)[name], language) != voice.MANDARIN


class _Renderer:
    """One rendering: loads the voice at most once, and only if some prompt needs it."""

    def __init__(self, city: Path, folders: Folders, language: str) -> None:
        self._city = city
        self._folders = folders
        self._language = language
        self._target = folders.sounds / language
        self._cache = folders.downloads / "prompts"
        self._speakers: dict[str, voice.Speaker | str] = {}  # by tongue; or why there is none

    def prompt(self, name: str, text: str) -> Prompt:
        place = self._target / f"{name}.wav"
        if put_by_a_person(place):
            return Prompt(name, text, "own", made=False)
        problem = ""
        recording = recording_of(self._city, name, self._language) or self._untranslated(name, text)
        if recording is not None:
            try:
                return self._from_recording(name, text, recording, place)
            except (AudioError, OSError) as error:
                problem = f"{recording}: {error}"
        return self._from_voice(name, text, place, problem)

    def _untranslated(self, name: str, text: str) -> Path | None:
        """What callers in another language hear of a prompt that has no translation: the city's recording of it."""
        own = texts(self._city)[name] == text and not self._language.endswith(SLOWLY)
        return recording_of(self._city, name) if own else None

    def _from_recording(self, name: str, text: str, recording: Path, place: Path) -> Prompt:
        key = recording_key(recording)
        if _made_from(place) == key:
            return Prompt(name, text, "recording", made=False)
        sound = at_one_loudness(audio.resampled(audio.read(recording, LONGEST_SECONDS), TELEPHONE_RATE))
        _put(place, sound, key)
        return Prompt(name, text, "recording", made=True)

    def _from_voice(self, name: str, text: str, place: Path, problem: str) -> Prompt:
        key = voice_key(text, self._language)
        if _made_from(place) == key:
            return Prompt(name, text, "voice", made=False, problem=problem)
        foreign = tongue(text, self._language) != voice.MANDARIN  # espeak-ng is the voice then, and no makeshift
        if foreign and _made_from(place) == f"espeak-ng-{key}":
            return Prompt(name, text, "espeak-ng", made=False, problem=problem)
        cached = self._cache / f"{key}.wav"
        if not cached.is_file():
            sound, source, fault = self._say(text)
            if source != "voice":
                _put(place, sound, f"{source}-{key}")
                return Prompt(name, text, source, made=True, problem=problem or fault)
            audio.write_wav(cached, sound)
        _copy(cached, place, key)
        return Prompt(name, text, "voice", made=True, problem=problem)

    def _say(self, text: str) -> tuple[Sound, Source, str]:
        """A tone where nothing can be said: a prompt that exists is heard, one that is missing ends calls early."""
        try:
            speaker = self._find_voice(tongue(text, self._language))
            sound = at_one_loudness(audio.resampled(speaker.speak(text), TELEPHONE_RATE))
            return sound, "espeak-ng" if speaker.name == "espeak-ng" else "voice", ""
        except (voice.VoiceUnavailable, voice.CannotSay) as error:
            return two_tones(), "tone", str(error)

    def _find_voice(self, language: str) -> voice.Speaker:
        if language not in self._speakers:
            try:
                self._speakers[language] = voice.find(self._folders, language=language, slowly=self._language.endswith(SLOWLY))
            except voice.VoiceUnavailable as error:
                self._speakers[language] = str(error)
        found = self._speakers[language]
        if isinstance(found, str):
            raise voice.VoiceUnavailable(found)
        return found


def voice_key(text: str, language: str = LANGUAGE) -> str:
    """Names the sound of a text in the shared cache: same text, voice, pace and rendering, same file."""
    said_in = tongue(text, language)
    made_of: list[object] = [text, catalogue.MANDARIN_VOICE.revision, voice.SPEAKERS[0], RENDERING]
    if said_in != voice.MANDARIN:
        made_of = [text, "espeak-ng", said_in, RENDERING]
    if language.endswith(SLOWLY):
        made_of += [voice.SLOW_PACE]
    return _digest(json.dumps(made_of, ensure_ascii=False))


def _digest(made_of: str) -> str:
    return hashlib.sha256(made_of.encode()).hexdigest()[:32]


def recording_key(recording: Path) -> str:
    return f"recording-{_digest(f'{store.sha256(recording)} {RENDERING}')}"


def put_by_a_person(place: Path) -> bool:
    """A wav that no rendering made, or that was replaced since."""
    if not place.is_file():
        return False
    sidecar = _sidecar(place)
    return sidecar is None or store.sha256(place) not in (sidecar["sha256"], sidecar["before"])


def source_of(place: Path) -> str:
    """recording, own, voice, espeak-ng, tone, or absent."""
    if not place.is_file():
        return "absent"
    if put_by_a_person(place):
        return "own"
    made_from = (_sidecar(place) or {"made_from": ""})["made_from"]
    return made_from.rpartition("-")[0] or "voice"


def outdated(place: Path, text: str, recording: Path | None, language: str = LANGUAGE) -> bool:
    """Whether the next rendering would make it anew."""
    wanted = recording_key(recording) if recording is not None else voice_key(text, language)
    sidecar = _sidecar(place)
    return sidecar is not None and not put_by_a_person(place) and not sidecar["made_from"].endswith(wanted)


def two_tones() -> Sound:
    time = np.arange(int(0.25 * TELEPHONE_RATE)) / TELEPHONE_RATE
    beep = 0.2 * np.sin(2 * np.pi * 440 * time) * np.minimum(1, np.minimum(time, time[::-1]) / 0.01)
    samples = np.concatenate([beep, np.zeros(TELEPHONE_RATE // 10), beep]).astype(np.float32)
    return Sound(samples, TELEPHONE_RATE)


def _put(place: Path, sound: Sound, key: str) -> None:
    made = place.with_name(f".{place.name}.new")
    audio.write_wav(made, sound)
    _move(made, place, key)


def _copy(cached: Path, place: Path, key: str) -> None:
    """A copy, not a link: who edits his home's prompt must not change every other home's."""
    place.parent.mkdir(parents=True, exist_ok=True)
    made = place.with_name(f".{place.name}.new")
    shutil.copyfile(cached, made)
    _move(made, place, key)


def _move(made: Path, place: Path, key: str) -> None:
    """The sidecar goes first and knows the file before, so that a crash in between does not look like a person's work."""
    before = store.sha256(place) if place.is_file() else ""
    text = json.dumps({"made_from": key, "sha256": store.sha256(made), "before": before})
    sidecar = place.with_name(f".{place.name}.json")
    sidecar.write_text(text + "\n", encoding="utf-8")
    sidecar.replace(place.with_suffix(".json"))
    made.replace(place)


def _made_from(place: Path) -> str | None:
    sidecar = _sidecar(place)
    whole = sidecar is not None and place.is_file() and store.sha256(place) == sidecar["sha256"]
    return sidecar["made_from"] if sidecar is not None and whole else None


def _sidecar(place: Path) -> dict[str, str] | None:
    try:
        data = json.loads(place.with_suffix(".json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    right = isinstance(data, dict) and all(isinstance(data.get(field), str) for field in ("made_from", "sha256", "before"))
    return data if right else None
