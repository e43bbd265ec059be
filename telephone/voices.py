"""What citizens and agents of the demonstration say: read out by the Mandarin voice once, kept beside the models."""

from __future__ import annotations

import hashlib
from pathlib import Path

from speech import audio, voice
from speech.audio import TELEPHONE_RATE
from speech.folders import Folders
from telephone import sound
from telephone.sound import Samples


def clip(text: str, folders: Folders, speaker: str = voice.SPEAKERS[0]) -> Samples:
    """The text as it sounds on the telephone. Raises voice.VoiceUnavailable, voice.CannotSay, SoundError."""
    path = _kept(text, folders, speaker)
    if not path.is_file():
        said = voice.find(folders, speaker).speak(text)
        audio.write_wav(path, audio.levelled(audio.resampled(said, TELEPHONE_RATE)))
    return sound.read(path)


def _kept(text: str, folders: Folders, speaker: str) -> Path:
    made_of = f"{voice.catalogue.MANDARIN_VOICE.revision}\n{speaker}\n{text}"
    return folders.downloads / "voices" / f"{hashlib.sha256(made_of.encode()).hexdigest()[:32]}.wav"
