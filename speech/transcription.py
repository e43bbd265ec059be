"""The recognisers as tickets want them: a path in, a transcript out, and failures in the tickets' own four words."""

from __future__ import annotations

import threading
from pathlib import Path

from speech import engines
from speech.choice import InputPath
from speech.folders import Folders
from speech.pool import Pool, PoolBusy, PoolClosed, WorkerDied, WorkerTimedOut
from speech.recogniser import NoSpeech, RecognitionError
from speech.text import categories, gazetteer
from tickets import transcriber
from tickets.transcriber import Transcript


class Transcription:
    """A `tickets.transcriber.Transcriber`. Chooses its model at the first message, so one fetched later is found without a restart."""

    def __init__(
        self, folders: Folders, engine: str = engines.AUTO, model: str | None = None, input_path: InputPath = "direct", workers: int = 1, hotwords: bool = False
    ) -> None:
        self._folders = folders
        self._wish = (engine, model, input_path, hotwords)
        self._workers = workers
        self._lock = threading.Lock()
        self._pool: Pool | None = None
        self._closed = False

    def __enter__(self) -> Transcription:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def warm_up(self) -> str:
        """Loads the models meanwhile. Returns the line people should read: why this engine, or what is wrong."""
        try:
            pool = self._ready_pool()
        except RecognitionError as error:
            return str(error)
        pool.warm_up()
        return "; ".join(note for note in (pool.choice.note, self._fault_of_city()) if note)

    def __call__(self, path: Path) -> Transcript:
        """Raises the tickets' NoSpeech, RecogniserDied, RecognitionFailed; RecogniserAway while the hotline stops: the job stays."""
        try:
            heard = self._ready_pool().transcribe(path)
        except (PoolClosed, PoolBusy) as error:
            raise transcriber.RecogniserAway(str(error)) from error
        except (WorkerDied, WorkerTimedOut) as error:
            raise transcriber.RecogniserDied(str(error)) from error
        except RecognitionError as error:
            raise transcriber.RecognitionFailed(str(error)) from error
        if isinstance(heard, NoSpeech):
            raise transcriber.NoSpeech(f"{heard.speech_seconds:.1f} s of speech in {heard.seconds:.1f} s, nothing understood")
        return Transcript(
            text=heard.text, raw=heard.raw, engine=heard.engine, model=heard.model, score=heard.score, score_kind=heard.score_kind,
            needs_review=heard.needs_review, findings=heard.findings,
        )  # fmt: skip

    def _fault_of_city(self) -> str:
        try:
            gazetteer.of_city(self._folders.city)
            categories.of_city(self._folders.city)
        except (gazetteer.GazetteerError, categories.CategoriesError) as error:
            return f"places are not put right and no category is found: {error}"
        return ""

    def processes(self) -> list[int]:
        """The workers' process ids."""
        return self._pool.processes() if self._pool is not None else []

    def close(self) -> None:
        """Ends the workers."""
        with self._lock:
            self._closed = True
            pool = self._pool
        if pool is not None:
            pool.close()

    def _ready_pool(self) -> Pool:
        with self._lock:
            if self._closed:
                raise PoolClosed("the recognisers are stopped")
            if self._pool is None:
                self._pool = Pool(engines.choose(self._folders, *self._wish), self._workers)
            return self._pool
