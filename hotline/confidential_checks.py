"""What the doctor looks at so that what citizens leave stays theirs: the master key, plain files, how long things are kept."""

from __future__ import annotations

from collections.abc import Iterator

from hotline import retention
from hotline.finding import Finding
from hotline.menus import PublishError
from hotline.settings import Settings
from ivr.faults import CityRefused
from tickets import master, sealing
from tickets.master import VaultClosed


def kept_for(settings: Settings) -> Iterator[Finding]:
    """A city must say how long it keeps what citizens leave."""
    try:
        said = retention.rules(settings)
    except (PublishError, CityRefused):
        return  # the menus' own finding
    if said is None:
        yield Finding("warning", "retention", retention.NO_RULES, "copy it into the city's folder, decide each number, `hotline publish`")
    else:
        yield Finding("ok", "retention", ", ".join(f"{part} {days.days} days" for part, days in said.parts.items()))


def vault(settings: Settings) -> Iterator[Finding]:
    """Files, without the database: whether it holds keys that this file must open is said when it is opened."""
    try:
        known = master.load(settings.home)
    except VaultClosed as error:
        yield Finding("fault", "vault", str(error), "put the file back; until then messages wait in the spool")
        return
    walked = (settings.home / "run" / "sealed-tickets").exists()
    if known is None:
        if next(sealing.files(settings.home), None) is not None:
            yield Finding("warning", "vault", f"{master.place(settings.home)} is not there, but recordings are", "put it back from a backup, unless the hotline never ran with it")
        return
    if not walked and (plain := sealing.plain(settings.home)):
        yield Finding("note", "vault", f"{plain} older files lie plain still", "the worker seals them in the background")
    yield Finding("ok", "vault", f"master key {known.current}; `hotline backup` holds it")
