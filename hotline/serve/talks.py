"""Conversations and supervision on the floor's desk: what they need of settings, city, phones and tickets."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping

from sqlalchemy import or_, select

from hotline import menus, transfers
from hotline.phones import phones
from hotline.settings import Settings
from ivr import services
from queues.actor import LEADERS, STAFF, Refused
from queues.ami import AmiLink
from queues.broadcast import Broadcast
from queues.calls_out import CallsOut
from queues.conversation import Conversations
from queues.desk import Desk
from queues.events import Events
from queues.floor import Floor
from queues.handed_over import HandedOver
from queues.outgoing import Outgoing
from queues.paging import Paging
from queues.reach import Reach, Reachable
from queues.recording_control import RecordingControl
from queues.standing import Standing
from queues.storage import Database, Rows
from queues.supervision import Supervision
from queues.tables import Person, Shift
from queues.waiting_callers import WaitingCallers
from tickets.models import Ticket


def put_on(desk: Desk, settings: Settings, link: AmiLink, rows: Rows, events: Events, floor: Floor, people: Mapping[str, Standing]) -> None:
    """Adds the handlers of docs/contract.md's /api/calls/… and /api/queues/…/callers/…."""
    versions = menus.Store.of(settings)

    async def phone_of(login: str) -> str:
        return await rows.do(phone_of_login, login)

    async def colleague_at(name: str) -> str:
        return await rows.do(_colleague_at, name)

    async def role_at(phone: str) -> str:
        if phone not in (await reachable()).phones:
            raise Refused(404, "Not Found", f"there is no phone {phone[:40]!r}")
        return await rows.do(_role_at, phone)

    async def caller_of(ticket: str) -> str:
        return await rows.do(_caller_of, ticket)

    async def reachable() -> Reachable:
        empty = {view.name for view in floor.picture.queues() if not view.logged_in}
        return await asyncio.to_thread(_reachable, settings, versions, empty)

    async def announceable() -> tuple[Collection[str], Collection[str], Collection[str]]:
        city, now = await asyncio.to_thread(transfers.current, settings, versions), await reachable()
        return city.prompts, now.queues, now.phones

    def waiting_in(queue: str) -> int:
        return sum(not queue or caller.queue == queue for caller in floor.picture.waiting.values())

    shown = transfers.shown(transfers.current(settings, versions))
    outgoing = Outgoing(link)
    talks = Conversations(link, phone_of, Reach(reachable, colleague_at))
    lead = Supervision(link, talks, outgoing, phone_of, role_at, allowed=settings.file.conversations.listening, shown=shown)
    waiting = WaitingCallers(link, reachable)
    for name, handler in (
        ("hold", talks.hold), ("resume", talks.resume), ("transfer", talks.transfer),
        ("conference", talks.conference), ("complete", talks.complete),
    ):  # fmt: skip
        desk.add(f"call.{name}", handler, roles=STAFF, target="linkedid")
    recording = RecordingControl(link, phone_of)
    desk.add("recording.pause", recording.pause, roles=STAFF, target="linkedid")
    desk.add("recording.resume", recording.resume, roles=STAFF, target="linkedid")
    desk.add("call.out", CallsOut(outgoing, phone_of, caller_of, reachable, shown).call, roles=STAFF, target="ticket")
    desk.add("call.supervise", lead.supervise, roles=LEADERS, target="linkedid")
    desk.add("call.leave", lead.leave, roles=LEADERS, target="linkedid")
    desk.add("caller.move", waiting.move, roles=LEADERS, target="linkedid")
    desk.add("caller.prefer", waiting.prefer, roles=LEADERS, target="linkedid")
    desk.add("agents.tell", Broadcast(events).tell, roles=LEADERS, target="queue")
    paging = Paging(link, phone_of, people, waiting_in, announceable, shown)
    desk.add("agents.announce", paging.announce, roles=LEADERS, target="queue")
    HandedOver(link)


def phone_of_login(database: Database, login: str) -> str:
    with database.reads() as session:
        return session.scalar(select(Shift.phone).where(Shift.login == login)) or ""


def _colleague_at(database: Database, name: str) -> str:
    """By login, else by work number."""
    with database.reads() as session:
        by_number = select(Shift.phone).join(Person, Person.login == Shift.login).where(Person.work_number == name)
        return phone_of_login(database, name) or session.scalar(by_number) or ""


def _role_at(database: Database, phone: str) -> str:
    with database.reads() as session:
        return session.scalar(select(Person.role).join(Shift, Shift.login == Person.login).where(Shift.phone == phone)) or ""


def _caller_of(database: Database, ticket: str) -> str:
    """Raises Refused."""
    with database.reads() as session:
        found = session.scalar(select(Ticket).where(or_(Ticket.id == ticket, Ticket.number == ticket)))
    if found is None:
        raise Refused(404, "Not Found", f"no ticket {ticket[:40]!r}")
    return found.caller


def _reachable(settings: Settings, versions: menus.Store, empty: Collection[str]) -> Reachable:
    city = transfers.current(settings, versions)
    outside = {key: one.number for key, one in services.outside(city).items()}
    return Reachable({phone.name for phone in phones(settings)}, set(city.queues), outside, city.waiting.callbacks, empty)
