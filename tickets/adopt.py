"""Makes the ticket of what a caller left in the spool. Killed at any moment, it is simply done again.

Files first, sealed (tickets/vault.py), each whole or not there; then the row and its job in one transaction; the spool's plain copy
goes last.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from pathlib import Path

from tickets import revisit_book, revisit_words, wav
from tickets.fax import Pages, preview, write_pdf
from tickets.life import now
from tickets.models import Ticket
from tickets.numbers import SHANGHAI
from tickets.spool import Item, Spool
from tickets.store import Audio, Document, Store
from tickets.vault import Vault

STEPS = ("begun", "kept", "readable", "committed")  # tests kill the process after each


def _go_on(step: str) -> None:
    """Outside tests nothing happens between the steps."""


@dataclass(frozen=True)
class Adoption:
    """Where things come from and where they are kept."""

    home: Path
    spool: Spool
    store: Store
    after: Callable[[str], None] = _go_on

    @cached_property
    def vault(self) -> Vault:
        return Vault(self.home, self.store.database)

    def adopt(self, item: Item) -> Ticket:
        """The item's ticket; its files are safely stored and the spool's copy is gone. The same item is the same ticket."""
        self.after("begun")
        ticket = self.store.by_item(item.item) or self._said_at_revisit(item)
        if ticket is None:
            audio, document = self._audio(item), self._document(item)
            self.after("readable")
            ticket = self.store.adopt(item, audio, document)
            self.after("committed")
        self.spool.discard(item)
        return ticket

    def _said_at_revisit(self, item: Item) -> Ticket | None:
        """A message at the end of a return visit is no ticket of its own; one of no known visit is."""
        if not item.revisit or revisit_book.find(self.store.database, item.revisit) is None:
            return None
        audio = self._audio(item)
        if audio is None:
            return None
        return revisit_words.attach(self.store.database, item.revisit, audio.path, audio.seconds, now())

    def _audio(self, item: Item) -> Audio | None:
        source = self.spool.folder(item) / "audio.wav"
        if item.kind != "voicemail" or not source.is_file():
            return None
        target = self._place("recordings", item, ".wav")
        kept = self.vault.store(source, target, item.caller)
        self.after("kept")
        return Audio(self._relative(target), kept.sha256, wav.seconds(source))

    def _document(self, item: Item) -> Document | None:
        if item.kind != "fax":
            return None
        source = self.spool.folder(item) / "fax.tif"
        if not source.is_file() or source.stat().st_size == 0:
            return Document(pages=0, error=_failure(item, Pages(0)))
        tiff = self._place("documents", item, ".tif")
        self.vault.store(source, tiff, item.caller)
        self.after("kept")
        return self._readable(item, source, tiff)

    def _readable(self, item: Item, plain: Path, tiff: Path) -> Document:
        pdf, png = tiff.with_suffix(".pdf"), tiff.with_suffix(".png")
        with self.vault.writing(pdf, item.caller) as readable:
            pages = write_pdf(plain, readable)
        error, source = _failure(item, pages), self._relative(tiff)
        if pages.count == 0:
            pdf.unlink()
            return Document(pages=0, error=error, source=source)
        if picture := preview(plain):
            with self.vault.writing(png, item.caller) as drawn:
                drawn.write(picture)
        return Document(pages.count, self._relative(pdf), readable.sha256, self._relative(png) if picture else None, source, error)

    def _place(self, kind: str, item: Item, suffix: str) -> Path:
        day = _began(item).astimezone(SHANGHAI)
        return self.home / kind / f"{day:%Y}" / f"{day:%m}" / f"{day:%d}" / f"{item.item}{suffix}"

    def _relative(self, path: Path) -> str:
        return path.relative_to(self.home).as_posix()


def _began(item: Item) -> datetime:
    try:
        return datetime.fromisoformat(item.opened_at)
    except ValueError:
        return now()


def _failure(item: Item, pages: Pages) -> str | None:
    """What went wrong with a fax, in one line; FAXSTATUS decides, not FAXERROR."""
    status = str(item.fax.get("status") or "")
    if item.truncated or not status:
        reason = "the call broke off"
    elif status != "SUCCESS":
        reason = f"{status}: {item.fax.get('error') or 'no reason given'}"
    else:
        reason = ""
    parts = [reason, pages.fault or "", "" if pages.count else "no page can be read"]
    return "; ".join(part for part in parts if part) or None
