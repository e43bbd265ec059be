"""The desk of the floor: where web and commands ask the telephony process for something, over one local socket.

In the telephony process:            desk = Desk(partial(rows.do, audit.write))
                                     desk.add("agent.login", login, roles=STAFF, target="login")
                                     await desk.open(home)
Anywhere else on the machine:        ask(home, "agent.login", by, login="li", phone="1001")

`HOME/run/floor.sock` is open to this user and root only (SO_PEERCRED, unix(7)), so who asks is believed about the
Actor it names: web has checked the token, a command was typed by the hotline's owner. One JSON line each way.
Everything that changes something leaves a line in the audit, refusals too.
"""

from __future__ import annotations

import asyncio
import contextlib
import inspect
import json
import os
import socket
import struct
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import structlog
from sqlalchemy.exc import SQLAlchemyError

from queues.actor import EVERYBODY, Actor, NotRunning, Refused
from queues.audit import DONE, FAILED, REFUSED, Line
from queues.errors import ActionRefused, AmiError, ResultUnknown

LONGEST = 65_536  # bytes of a line
DEADLINE_SECONDS = 5.0  # of the client, for all of it
HANDLER_SECONDS = 4.5
AUDIT_SECONDS = 2.0
MOST_AT_ONCE = 64
CREDENTIALS = struct.Struct("3i")  # struct ucred: pid, uid, gid

log = structlog.get_logger()

Handler = Callable[..., Awaitable[dict[str, Any]]]
"""`async (by, **fields) -> dict`; raises Refused."""
Auditor = Callable[[Line], Awaitable[object]]


@dataclass(frozen=True)
class _Service:
    handler: Handler
    roles: frozenset[str]
    target: str
    changes: bool


class Desk:
    """What can be asked for, and the socket where it is."""

    def __init__(self, auditor: Auditor) -> None:
        self._auditor = auditor
        self._services: dict[str, _Service] = {}
        self._server: asyncio.Server | None = None
        self._busy = 0
        self._ends: list[Callable[[], Awaitable[None]]] = []

    def add(
        self, what: str, handler: Handler, *, roles: frozenset[str] = EVERYBODY, target: str = "", changes: bool = True
    ) -> None:
        """`roles` may ask for it; `target` names the field that the audit keeps; what `changes` nothing is not audited."""
        self._services[what] = _Service(handler, roles, target, changes)

    async def do(self, what: str, by: Actor, /, **fields: Any) -> dict[str, Any]:
        """What the socket does for each line; feature codes come here directly. Raises Refused."""
        service = self._services.get(what)
        if service is None:
            raise Refused(404, "Not Found", f"nobody can do {what[:80]!r} here")
        target = str(fields.get(service.target, ""))
        try:
            answer = await _done(service, what, by, fields)
        except Refused as no:
            await self._note(service, Line(by, what, target, REFUSED if no.status < 500 else FAILED, no.detail))
            raise
        await self._note(service, Line(by, what, target, DONE))
        return answer

    async def open(self, home: Path) -> None:
        """Listens. Raises OSError."""
        path = where(home)
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        with _short(path) as name:
            path.unlink(missing_ok=True)  # of a process that was killed: there is one telephony process
            listener.bind(name)
            path.chmod(0o600)
        self._server = await asyncio.start_unix_server(self._serve, sock=listener, limit=LONGEST)

    async def close(self) -> None:
        """Takes no more; whoever is being served is served. Then ends those who put something on it, the last first."""
        if self._server is not None:
            self._server.close()
        ends, self._ends = self._ends, []
        for end in reversed(ends):
            await end()

    def at_close(self, end: Callable[[], Awaitable[None]]) -> None:
        """For whoever put a handler here and has tasks of their own."""
        self._ends.append(end)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if not _is_ours(writer.get_extra_info("socket")):
            writer.transport.abort()
            return
        self._busy += 1
        try:
            async with asyncio.timeout(DEADLINE_SECONDS * 2):
                writer.write(json.dumps(await self._answer(reader), ensure_ascii=False, default=str).encode() + b"\n")
                await writer.drain()
        except (OSError, TimeoutError):  # whoever asked has left
            pass
        finally:
            self._busy -= 1
            writer.close()

    async def _answer(self, reader: asyncio.StreamReader) -> dict[str, Any]:
        try:
            if self._busy > MOST_AT_ONCE:
                raise Refused(503, "Service Unavailable", "too many ask at once; try again")
            asked = json.loads(await reader.readuntil(b"\n"))
            what, by, fields = str(asked["do"]), Actor.from_json(asked["by"]), dict(asked["fields"])
            return {"done": await self.do(what, by, **fields)}
        except Refused as no:
            return {"refused": {"status": no.status, "title": no.title, "detail": no.detail, "extra": no.extra}}
        except (ValueError, KeyError, TypeError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, RecursionError):
            return {"refused": {"status": 400, "title": "Bad Request", "detail": "not a question for this desk", "extra": {}}}

    async def _note(self, service: _Service, line: Line) -> None:
        """An audit that cannot be written is in the log; what was done stays done."""
        if not service.changes:
            return
        try:
            async with asyncio.timeout(AUDIT_SECONDS):
                await self._auditor(line)
        except Exception as error:  # noqa: BLE001 - outermost: whatever the database raises, the deed is done
            log.error(
                "audit line not in the database", actor=str(line.by), action=line.action, target=line.target,
                outcome=line.outcome, why=line.reason, reason=type(error).__name__,
            )  # fmt: skip


async def _done(service: _Service, what: str, by: Actor, fields: dict[str, Any]) -> dict[str, Any]:
    """The handler's answer; all that can go wrong comes out as Refused."""
    if by.role not in service.roles:
        raise Refused(403, "Forbidden", f"the role {by.role} may not do {what}")
    try:
        inspect.signature(service.handler).bind(by, **fields)
    except TypeError as error:
        raise Refused(422, "Unprocessable Content", f"{what}: {error}") from None
    try:
        async with asyncio.timeout(HANDLER_SECONDS):
            return await service.handler(by, **fields)
    except Refused:
        raise
    except ActionRefused as error:
        raise Refused(409, "Conflict", f"Asterisk refused: {error}") from error
    except (ResultUnknown, TimeoutError) as error:
        raise Refused(504, "Gateway Timeout", "no answer in time: it may have happened, so look before asking again") from error
    except AmiError as error:
        raise Refused(503, "Service Unavailable", f"Asterisk cannot be reached now: {error}") from error
    except SQLAlchemyError as error:
        raise Refused(503, "Service Unavailable", "the database does not answer") from error
    except Exception as error:  # noqa: BLE001 - outermost of every handler: its fault is not the process's
        log.exception("desk handler failed", action=what)
        raise Refused(500, "Internal Server Error", "a fault in the hotline; its log has the rest") from error


def where(home: Path) -> Path:
    """The socket's place in the hotline's data folder."""
    return home / "run" / "floor.sock"


def ask(home: Path, what: str, by: Actor, /, **fields: Any) -> dict[str, Any]:
    """Asks the telephony process, and waits 5 s at most. Raises Refused; NotRunning where nobody is there to answer."""
    line = json.dumps({"do": what, "by": by.as_json(), "fields": fields}, ensure_ascii=False).encode() + b"\n"
    if len(line) > LONGEST:
        raise Refused(413, "Content Too Large", f"{len(line)} bytes are more than the {LONGEST} that can be asked at once")
    try:
        answer = json.loads(_exchange(where(home), line))
    except TimeoutError:
        raise Refused(504, "Gateway Timeout", "the telephony process gave no answer in time: look before asking again") from None
    except (OSError, ValueError):
        raise NotRunning("the telephony process does not run") from None
    if "refused" in answer:
        no = answer["refused"]
        raise Refused(no["status"], no["title"], no["detail"], **no["extra"])
    done: dict[str, Any] = answer["done"]
    return done


def _exchange(path: Path, line: bytes) -> bytes:
    """Raises OSError."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection, _short(path) as name:
        connection.settimeout(DEADLINE_SECONDS)
        connection.connect(name)
        connection.sendall(line)
        with connection.makefile("rb") as answer:
            return answer.readline()


def _is_ours(peer: socket.socket) -> bool:
    """This user or root, as the kernel says."""
    _, uid, _ = CREDENTIALS.unpack(peer.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, CREDENTIALS.size))
    return uid in (os.geteuid(), 0)


@contextlib.contextmanager
def _short(path: Path) -> Iterator[str]:
    """A name the kernel takes: a socket's may have 107 bytes, a home may lie deeper."""
    folder = os.open(path.parent, os.O_PATH | os.O_DIRECTORY)
    try:
        yield f"/proc/self/fd/{folder}/{path.name}"
    finally:
        os.close(folder)
