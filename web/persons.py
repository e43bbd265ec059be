"""A person's data, wherever it is kept: tickets and their files, calls and their recordings, call-backs. Given out or erased, by API or command.

Each deed and each refusal is a line of the audit, with the number masked; an erasure is a signed line among the deletions too.
"""

from __future__ import annotations

import contextlib
import json
import zipfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import IO, Any

from queues import audit, desk, person_records, person_traces
from queues.actor import Actor, Refused
from queues.audit import DONE, FAILED, REFUSED, Line
from queues.person_traces import SHORTEST
from tickets.erasure import Erasure, StillOpen, sender_of
from tickets.life import now
from tickets.persons import normal
from tickets.sight import NO_REASON, masked
from tickets.store import Store
from tickets.vault import Erased, Vault
from tickets.wiping import FILES

EXPORT, ERASE, LOOK = "person.export", "person.erase", "person.look"
BLOCK = 1 << 20
NOT_TOLD = frozenset(("key", "token", "fingerprint", "idempotency_key", "salt"))


@dataclass(frozen=True)
class PersonDesk:
    """Over one hotline's data. Everything raises Refused, VaultClosed or OSError."""

    store: Store
    vault: Vault

    def look(self, by: Actor, number: str, why: str) -> dict[str, Any]:
        """What an erasure would take; changes nothing."""
        self._checked(by, LOOK, number, why)
        self._note(by, LOOK, number, DONE, why)
        return self._summary(number)

    def export(self, by: Actor, number: str, why: str, file: IO[bytes]) -> dict[str, Any]:
        """Writes a zip: person.json, and every file as its plain bytes."""
        self._checked(by, EXPORT, number, why)
        summary = self._summary(number)
        self._note(by, EXPORT, number, DONE, why)  # before: what is given out is written down, whatever happens then
        kept = self._erasure.everything(number)
        calls = person_records.found(self.store.database, self._forms(number))
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
            for one in kept:
                for path in _paths(one):
                    self._add(archive, f"files/{one['ticket']['number']}/{Path(path).name}", path)
            for row in calls["recordings"]:
                if row["deleted_at"] is None:
                    self._add(archive, f"files/calls/{Path(row['path']).name}", row["path"])
            told = {"number": number, "made_at": now(), "tickets": kept, "calls": calls}
            archive.writestr("person.json", json.dumps(_told(told), ensure_ascii=False, indent=1))
        return summary

    def erase(self, by: Actor, number: str, why: str, *, open_too: bool = False) -> dict[str, Any]:
        """Destroys the key, empties the rows, deletes the files; returns what was done."""
        self._checked(by, ERASE, number, why)
        found = self._erasure.look(number)
        if found.open and not open_too:
            self._note(by, ERASE, number, REFUSED, f"still open: {', '.join(found.open)}")
            raise Refused(409, "Conflict", f"{len(found.open)} tickets of this person are still open", open=list(found.open))
        try:
            self._forget(by, number, found.linkedids)
            floor = person_records.erase(
                self.store.database, self.vault.home, self._forms(number), now(), self.vault.delete, self.vault.sha256
            )  # fmt: skip
            report = self._erasure.erase(number, str(by), why, open_too=open_too, forms=self._forms(number), more={"calls": floor})
        except StillOpen as no:
            raise Refused(409, "Conflict", str(no), open=list(no.numbers)) from None
        except OSError as error:
            self._note(by, ERASE, number, FAILED, str(error))
            raise
        self._note(by, ERASE, number, DONE, f"{len(report['tickets'])} tickets, {floor['calls']} calls: {why}")
        return report

    def _forget(self, by: Actor, number: str, linkedids: Sequence[str]) -> None:
        """What is found by their calls goes before the calls lose the number: killed in between, it is found again."""
        forms = self._forms(number)
        calls = sorted({*linkedids, *(row["linkedid"] for row in person_records.found(self.store.database, forms)["calls"])})
        with contextlib.suppress(Refused):  # where telephony is away, what it left in its files is struck out with the rest
            desk.ask(self.vault.home, "person.forget", by, numbers=forms)
        person_traces.strike(self.vault.home, forms, calls)
        self._erasure.forget_calls(calls)

    @property
    def _erasure(self) -> Erasure:
        return Erasure(self.store.database, self.vault)

    def _summary(self, number: str) -> dict[str, Any]:
        found = self._erasure.look(number)
        calls = person_records.found(self.store.database, self._forms(number))
        return {
            "tickets": list(found.tickets), "open": list(found.open), **{name: len(rows) for name, rows in calls.items() if name != "segments"},
        }  # fmt: skip

    def _forms(self, number: str) -> list[str]:
        """How Asterisk and carriers may have written it."""
        if sender_of(number):
            return []
        digits = normal(number)
        return sorted({number, digits, f"0{digits}", f"86{digits}", f"+86{digits}", f"0086{digits}", f"+{digits}"})

    def _add(self, archive: zipfile.ZipFile, name: str, path: str) -> None:
        try:
            with self.vault.open(self.vault.home / path) as plain, archive.open(name, "w", force_zip64=True) as entry:
                while piece := plain.read(BLOCK):
                    entry.write(piece)
        except (FileNotFoundError, Erased):
            archive.writestr(f"{name}.missing.txt", "this file is not here any more\n")

    def _checked(self, by: Actor, action: str, number: str, why: str) -> None:
        if not (sender_of(number) or len(normal(number)) >= SHORTEST):  # 12345 was called by everybody
            raise Refused(422, "Unprocessable Content", "give a whole telephone number, an e-mail address, or CHANNEL:NAME such as wechat:OPENID")
        if not why.strip():
            self._note(by, action, number, REFUSED, "no reason was stated")
            raise Refused(403, "Forbidden", NO_REASON)

    def _note(self, by: Actor, action: str, number: str, outcome: str, why: str) -> None:
        audit.write(self.store.database, Line(by, action, masked(number), outcome, why))


def _paths(one: dict[str, Any]) -> Iterable[str]:
    ticket = one["ticket"]
    yield from (ticket[column] for columns in FILES.values() for column in columns if ticket[column])
    yield from (row["path"] for row in one.get("attachments", ()) if row.get("path"))
    yield from (row["audio_path"] for rows in one.values() if isinstance(rows, list) for row in rows if row.get("audio_path"))


def _told(value: Any) -> Any:
    """As JSON, without what is a secret of ours and nothing of theirs."""
    match value:
        case dict():
            return {name: _told(item) for name, item in value.items() if name not in NOT_TOLD and not str(name).endswith("_hash")}
        case list() | tuple():
            return [_told(item) for item in value]
        case datetime() | date():
            return value.isoformat()
        case bytes():
            return None
    return value


