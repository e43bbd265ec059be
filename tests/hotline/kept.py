"""A home with everything a hotline keeps, and the home that is made of its archive."""

from __future__ import annotations

from pathlib import Path

from hotline import backup, menus, phones, restore
from hotline.register import open_register
from hotline.secrets import secret
from hotline.settings import Settings
from queues import people
from queues.actor import ADMINISTRATOR, Actor
from tests.hotline.conftest import settings_of
from tests.tickets.stage import speak
from tickets.adopt import Adoption
from tickets.models import Ticket
from tickets.spool import Spool

ROOT = Actor(ADMINISTRATOR, name="root")
CALL = {"caller": "13800001234", "called": "12345", "path": "12345-1", "type": "complaint"}


class Hotline:
    """A home with everything a hotline keeps."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.spool = Spool(settings.spool)
        self.spool.prepare()
        self.store = open_register(settings.database_url)
        menus.publish(settings, "first", author="陈")
        menus.publish(settings, "second", author="陈")
        phones.add(settings, "1001", ("complaints",))
        people.add(self.store.database, ROOT, "li", {"name": "李明", "work_number": "1024"}, "4711")
        secret(settings.secrets, "ami")
        log = settings.home / "asterisk" / "log"
        log.mkdir(parents=True)
        (log / "queue_log").write_text("1795311586|NONE|NONE|NONE|QUEUESTART|\n")
        (log / "messages.log").write_text("nobody needs this again\n")

    def leaves(self, seconds: float = 0.1) -> str:
        """A caller leaves a message; the spool's item."""
        item = self.spool.open("voicemail", CALL)
        speak(self.spool.media(item), seconds)
        self.spool.close(item.item)
        return item.item

    def adopt_all(self) -> list[Ticket]:
        return [Adoption(self.settings.home, self.spool, self.store).adopt(item) for item in self.spool.waiting()]

    def backed_up(self, tell: backup.Tell = lambda _done, _all: None) -> Path:
        target = self.settings.home.parent / "hotline.tar.gz"
        backup.write(self.settings, target, tell)
        return target


def restored(archive: Path, home: Path, **environ: str) -> Settings:
    restore.read(archive, home, environ)
    return settings_of(home, **environ)
