"""`hotline phone`: agents' phones."""

from __future__ import annotations

import json
import socket
from dataclasses import asdict
from typing import Annotated

import typer

from hotline import phones, reload
from hotline.sections import SipSettings
from hotline.settings import Settings
from hotline.terminal import print_table

EVERYWHERE = ("0.0.0.0", "::")  # noqa: S104 - to compare with
ELSEWHERE = {socket.AF_INET: ("192.0.2.1", 5060), socket.AF_INET6: ("2001:db8::1", 5060)}  # RFC 5737, 3849: nobody's

phone = typer.Typer(name="phone", help="Agents' phones 坐席话机.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    """Adds `phone` to the command."""
    app.add_typer(phone)


@phone.command()
def add(
    name: Annotated[str, typer.Argument(help="a lower-case word or 2 to 6 digits")],
    queue: Annotated[list[str] | None, typer.Option("--queue", "-q", help="a queue whose callers this phone takes")] = None,
    encrypted: Annotated[bool, typer.Option("--encrypted", help="only over TLS with SRTP (needs tls.port)")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="accepted for symmetry; the output is JSON anyway")] = False,
) -> None:
    """Add a phone; prints what to put into it as JSON. The secret is shown this once."""
    settings = Settings.load()
    try:
        added = phones.add(settings, name, tuple(queue or ()), encrypted)
        reload.phones(settings)
    except phones.PhoneError as error:
        _refuse(error)
    print(json.dumps({
        "name": added.name, "username": added.name, "secret": added.secret, "queues": list(added.queues),
        "address": address(settings.file.sip), "port": settings.file.tls.port if encrypted else settings.sip_port,
        "transport": "tls" if encrypted else "udp",
    }, ensure_ascii=False))  # fmt: skip


@phone.command("list")
def list_(as_json: Annotated[bool, typer.Option("--json", help="as JSON")] = False) -> None:
    """All phones, without their secrets."""
    found = phones.phones(Settings.load())
    if as_json:
        items = [{key: value for key, value in asdict(one).items() if key != "secret"} for one in found]
        print(json.dumps({"items": items, "next": None}, ensure_ascii=False))
        return
    rows = ((one.name, ", ".join(one.queues), "TLS with SRTP" if one.encrypted else "UDP") for one in found)
    print_table(("phone", "queues", "transport"), rows, none="no phone was added")


@phone.command()
def remove(name: str) -> None:
    """Remove a phone; it cannot register again."""
    settings = Settings.load()
    try:
        phones.remove(settings, name)
        reload.phones(settings)
    except phones.PhoneError as error:
        _refuse(error)


def address(sip: SipSettings) -> str:
    """What a phone is given as its server: the address others see; with none set, the one this machine speaks from."""
    if sip.external_address:
        return sip.external_address
    if sip.address not in EVERYWHERE:
        return sip.address
    family = socket.AF_INET6 if ":" in sip.address else socket.AF_INET
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as probe:
            probe.connect(ELSEWHERE[family])  # UDP: chooses a way out, sends nothing
            return str(probe.getsockname()[0])
    except OSError:
        return "::1" if family == socket.AF_INET6 else "127.0.0.1"


def _refuse(error: Exception) -> None:
    typer.echo(f"hotline: {error}", err=True)
    raise typer.Exit(2)
