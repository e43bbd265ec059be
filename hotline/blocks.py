"""Blocked numbers as Asterisk reads them: menus/blocks.conf, each with the moment it ends. So they hold without the service, too."""

from __future__ import annotations

from hotline import city, reload
from hotline.asterisk.instance import write_private
from hotline.settings import Settings
from ivr import dialplan, numbers
from queues import blocks
from queues.actor import Refused
from queues.storage import Database


def check(settings: Settings, number: str) -> None:
    """A number of the hotline's own, or of an emergency service, is not blocked. Raises Refused."""
    here = city.now(settings)
    if number in numbers.table(here) or numbers.emergency(number, here):
        raise Refused(422, "Unprocessable Content", "this is a number of the hotline or of an emergency service, not a caller's")


def write(settings: Settings, database: Database) -> None:
    """Makes the rows what Asterisk goes by. Raises AsteriskFailed, OSError."""
    here = city.now(settings)
    standing = {block.number: int(block.until.timestamp()) for block in reversed(blocks.listed(database))}
    forms = {form: str(until) for number, until in standing.items() for form in numbers.caller_forms(number, here)}
    path = settings.home / "asterisk" / "etc" / "menus" / "blocks.conf"
    write_private(path, dialplan.compile_callers("hotline-blocks", "`hotline blocks`", forms))
    reload.menus(settings)
