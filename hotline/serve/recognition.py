"""Between tickets and speech: a message's file in, its words or the plain reason why there are none out."""

from __future__ import annotations

import threading
from pathlib import Path
from types import TracebackType
from typing import Self

import structlog

from speech import engines
from speech.folders import Folders
from speech.pool import Pool, PoolClosed, WorkerDied, WorkerTimedOut
from speech.recogniser import NoSpeech as Silence
from speech.recogniser import Recognition, RecognitionError
from tickets.transcriber import NoSpeech, RecogniserDied, RecognitionFailed, Transcript

log = structlog.get_logger(__name__)


class Stopping(Exception):
    """This process ends; the message is nobody's failure and is taken up by the next worker."""


class Recognisers:
    """A `tickets.transcriber.Transcriber`. The engine is chosen when first needed, so a model fetched later is used."""

    def __init__(self, folders: Folders, engine: str, model: str | None, workers: int) -> None:
        self._folders = folders
        self._engine = engine
        self._model = model
        self._workers = workers
        self._pool: Pool | None = None
        self._one_chooses = threading.Lock()
        self._closing = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._closing = True
        if self._pool is not None:
            self._pool.close()

    def warm_up(self) -> None:
        """Loads the model before the first message comes; without one it says what to do and goes on."""
        try:
            self._chosen().warm_up()
        except RecognitionError as error:
            log.warning("messages will have no text", reason=str(error))

    def __call__(self, path: Path) -> Transcript:
        """Raises NoSpeech, RecognitionFailed, RecogniserDied, or Stopping."""
        try:
            heard = self._chosen().transcribe(path)
        except PoolClosed as error:
            raise Stopping from error
        except (WorkerDied, WorkerTimedOut) as error:
            if self._closing:
                raise Stopping from error
            raise RecogniserDied(str(error)) from error
        except RecognitionError as error:
            raise RecognitionFailed(str(error)) from error
        if isinstance(heard, Silence):
            raise NoSpeech(f"{heard.seconds:.1f} s of sound, {heard.speech_seconds:.1f} s of it speech")
        return _transcript(heard)

    def _chosen(self) -> Pool:
        with self._one_chooses:
            if self._closing:
                raise Stopping
            if self._pool is None:
                choice = engines.choose(self._folders, self._engine, self._model)
                log.info("recogniser", engine=choice.engine, model=choice.model, note=choice.note)
                self._pool = Pool(choice, self._workers)
            return self._pool


def _transcript(heard: Recognition) -> Transcript:
    return Transcript(
        text=heard.text, raw=heard.raw, engine=heard.engine, model=heard.model, score=heard.score, score_kind=heard.score_kind
    )
