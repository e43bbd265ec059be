"""Makes the ticket of what a caller left in the spool. Killed at any moment, it is simply done again.

Files first, each whole or not there; then the row and its job in one transaction; the spool's copy goes last.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from tickets import files, wav
from tickets.fax import Pages, to_pdf, to_preview
from tickets.life import now
from tickets.models import Ticket
from tickets.numbers import SHANGHAI
from tickets.spool import Item, Spool
from tickets.store import Audio, Document, Store

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

    def adopt(self, item: Item) -> Ticket:
        """The item's ticket; its files are safely stored and the spool's copy is gone. The same item is the same ticket."""
        self.after("begun")
        ticket = self.store.by_item(item.item)
        if ticket is None:
            audio, document = self._audio(item), self._document(item)
            self.after("readable")
            ticket = self.store.adopt(item, audio, document)
            self.after("committed")
        self.spool.discard(item)
        return ticket

    def _audio(self, item: Item) -> Audio | None:
        source = self.spool.folder(item) / "audio.wav"
        if item.kind != "voicemail" or not source.is_file():
            return None
        target = self._place("recordings", item, ".wav")
        digest = files.keep(source, target)
        self.after("kept")
        return Audio(self._relative(target), digest, wav.seconds(target))

    def _document(self, item: Item) -> Document | None:
        if item.kind != "fax":
            return None
        source = self.spool.folder(item) / "fax.tif"
        if not source.is_file() or source.stat().st_size == 0:
            return Document(pages=0, error=_failure(item, Pages(0)))
        tiff = self._place("documents", item, ".tif")
        files.keep(source, tiff)
        self.after("kept")
        return self._readable(item, tiff)

    def _readable(self, item: Item, tiff: Path) -> Document:
        pdf, png = tiff.with_suffix(".pdf"), tiff.with_suffix(".png")
        with files.arriving(pdf) as part:
            pages = to_pdf(tiff, part)
        error, source = _failure(item, pages), self._relative(tiff)
        if pages.count == 0:
            return Document(pages=0, error=error, source=source)
        with files.arriving(png) as part:
            drawn = to_preview(tiff, part)
        preview = self._relative(png) if drawn else None
        return Document(pages.count, self._relative(pdf), files.sha256(pdf), preview, source, error)

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
