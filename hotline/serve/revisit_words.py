"""The words of what citizens say at the end of a return visit: recognised beside the worker's other work, kept as a note on the ticket."""

from __future__ import annotations

import structlog

from hotline.serve.beside import Beside
from hotline.settings import Settings
from tickets import revisit_words
from tickets.database import Database
from tickets.life import now
from tickets.transcriber import NoSpeech, RecogniserAway, RecogniserDied, RecognitionFailed, Transcriber
from tickets.vault import Erased, Vault

LOOK_SECONDS = 3.0
log = structlog.get_logger(__name__)


class RevisitWords(Beside):
    """The row says what is to be done, so nothing is lost with the process."""

    def __init__(self, settings: Settings, transcriber: Transcriber) -> None:
        super().__init__("revisit-words")
        self._settings, self._transcriber = settings, transcriber

    def _run(self) -> None:
        database, migrated = Database(self._settings.database_url), False
        try:
            while not self._stop.wait(LOOK_SECONDS):
                try:
                    if not migrated:
                        database.migrate()
                        migrated = True
                    while not self._stop.is_set() and (found := revisit_words.begin_words(database)):
                        self._recognise(database, *found)
                except Exception as error:  # noqa: BLE001 - outermost: the rows wait, and other messages must not
                    log.warning("what was said at return visits waits for its words", reason=type(error).__name__)
        finally:
            database.close()

    def _recognise(self, database: Database, revisit_id: str, relative: str) -> None:
        vault = Vault(self._settings.home, database)
        try:
            with vault.plain(self._settings.home / relative) as plain:
                text = self._transcriber(plain).text
        except (RecogniserDied, RecogniserAway):
            self._stop.wait(LOOK_SECONDS)
            return
        except (NoSpeech, RecognitionFailed, Erased):
            text = ""
        revisit_words.words(database, revisit_id, text, now())
