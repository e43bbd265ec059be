"""What the stories about workers share: a home with a spool, callers who leave something, workers to start and kill."""

from __future__ import annotations

import signal
import time
import wave
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import IO

from PIL import Image, ImageDraw

from tests.tickets.process import run_worker, start
from tickets.jobs import DurableJobs
from tickets.life import now
from tickets.models import Ticket
from tickets.spool import Item, Spool
from tickets.store import Store

LIMIT_SECONDS = 40
CALL = {"linkedid": "1700000000.1", "caller": "13800001234", "called": "12345", "path": "12345-1", "type": "complaint"}


def until(true: Callable[[], bool], what: str) -> None:
    """Waits for something another process does."""
    deadline = time.monotonic() + LIMIT_SECONDS
    while not true():
        assert time.monotonic() < deadline, f"waited {LIMIT_SECONDS} s for: {what}"
        time.sleep(0.02)


def speak(path: Path, seconds: float) -> None:
    with wave.open(str(path), "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(8000)
        sound.writeframes(b"\1\0" * int(8000 * seconds))


def page(text: str, height: int = 1145) -> Image.Image:
    """A page as a fax machine sends it: 1728 pixels wide, black and white."""
    sheet = Image.new("1", (1728, height), 1)
    ImageDraw.Draw(sheet).text((200, 200), text, fill=0, font_size=80)
    return sheet


def write_fax(path: Path | IO[bytes], pages: list[Image.Image], dpi: tuple[int, int] = (204, 98)) -> None:
    pages[0].save(path, "TIFF", compression="group3", save_all=True, append_images=pages[1:], dpi=dpi)


@dataclass
class Stage:
    home: Path
    url: str
    workers: list[BaseProcess] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.spool = Spool(self.home / "spool")
        self.store = Store(self.url)
        self.store.jobs = self.jobs = DurableJobs(self.store.database)
        self.recogniser("words")

    def recogniser(self, part: str) -> None:
        draft = self.home / "play.draft"
        draft.write_text(part)
        draft.rename(self.home / "play")

    def heard(self) -> list[str]:
        path = self.home / "heard"
        return path.read_text().split() if path.exists() else []

    def message(self, seconds: float = 2.0, **facts: str) -> Item:
        """A caller speaks and hangs up."""
        item = self.spool.open("voicemail", {**CALL, **facts})
        if seconds:
            speak(self.spool.media(item), seconds)
        self.spool.close(item.item, hangup=True, record_status="HANGUP")
        return replace(item, closed_at=now().isoformat())

    def fax(self, pages: list[Image.Image], status: str = "SUCCESS", error: str = "") -> Item:
        item = self.spool.open("fax", CALL)
        if pages:
            write_fax(self.spool.media(item), pages)
        ended = {"status": status, "pages": str(len(pages)), "error": error, "station": ""}
        self.spool.close(item.item, fax=ended)
        return replace(item, fax=ended, closed_at=now().isoformat())

    def worker(self, case_system: str | None = None, *events: str) -> BaseProcess:
        process = start(run_worker, self.home, self.url, case_system, events)
        self.workers.append(process)
        return process

    def kill(self, worker: BaseProcess) -> None:
        worker.kill()
        assert self.ended(worker) == -signal.SIGKILL

    def ended(self, worker: BaseProcess) -> int | None:
        """How it ended: 0, or the signal, negative."""
        worker.join(LIMIT_SECONDS)
        return worker.exitcode

    def log(self) -> str:
        path = self.home / "worker.log"
        return path.read_text() if path.exists() else ""

    def ticket(self, item: Item) -> Ticket | None:
        return self.store.by_item(item.item)

    def state(self, item: Item) -> str | None:
        ticket = self.ticket(item)
        return ticket.transcript_state if ticket else None

    def close(self) -> None:
        for worker in self.workers:
            if worker.is_alive():
                self.kill(worker)
        self.store.close()
