"""Logs that a real Asterisk wrote, cut up as a reader may find them; KEEP in tests/calls/test_records.py renews them."""

from __future__ import annotations

from pathlib import Path

from queues.call_record import CallRecord
from queues.journal import Journal

LOGS = Path(__file__).parent / "logs"


def lines(story: str, log: str) -> list[str]:
    return (LOGS / story / log).read_text(encoding="utf-8").splitlines(keepends=True)


class House:
    """A folder in which Asterisk writes, line by line."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.records: dict[str, CallRecord] = {}
        self.now = 0.0
        folder.mkdir(exist_ok=True)

    def journal(self) -> Journal:
        return Journal(self.folder / "cel.csv", self.folder / "queue_log", self.folder / "journal.json")

    def write(self, log: str, text: str) -> None:
        with (self.folder / log).open("a", encoding="utf-8") as file:
            file.write(text)

    def read(self, journal: Journal, now: float | None = None) -> None:
        """As the store does: each record in place of what was known."""
        for record in journal.read(self.now if now is None else now):
            self.records[record.linkedid] = record
        for name in journal.joined:
            self.records.pop(name, None)

    def of(self, caller: str) -> CallRecord:
        return next(record for record in self.records.values() if record.caller == caller)


def whole(story: str, folder: Path) -> House:
    """A story read in one go, a minute after its end."""
    house = House(folder)
    for log in ("cel.csv", "queue_log"):
        house.write(log, "".join(lines(story, log)))
    house.now = max(float(line.split('"')[3]) for line in lines(story, "cel.csv")) + 60
    house.read(house.journal())
    return house
