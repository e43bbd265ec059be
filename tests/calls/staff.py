"""Phones and tokens of a story's hotline, made by what the commands call: a command takes a processor two seconds to begin, and
what commands print is told elsewhere (tests/hotline, tests/queues, tests/tickets)."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping

from hotline import phones, reload
from telephone.hotline_under_test import HotlineUnderTest
from telephone.network import Network
from telephone.phone import Phone, PhoneAccount
from tickets.store import Store


async def accounts(hotline: HotlineUnderTest, *names: str, queues: Iterable[str] = ()) -> list[PhoneAccount]:
    """Phones that the hotline knows from now on, all told to Asterisk at once."""

    def added() -> list[PhoneAccount]:
        made = [phones.add(hotline.settings, name, tuple(queues)) for name in names]
        reload.phones(hotline.settings)
        return [PhoneAccount(phone.name, phone.secret) for phone in made]

    return await asyncio.to_thread(added)


async def on_desks(hotline: HotlineUnderTest, network: Network, *names: str, queues: Iterable[str] = ()) -> dict[str, Phone]:
    """The same, and each is registered."""
    return {account.name: await network.phone(account) for account in await accounts(hotline, *names, queues=queues)}


async def tokens(hotline: HotlineUnderTest, wanted: Mapping[str, tuple[str, str]]) -> dict[str, str]:
    """Of each name the secret of a token with this role, for this agent ('': for none)."""

    def made() -> dict[str, str]:
        store = Store(hotline.settings.database_url)
        try:
            return {name: store.tokens.create(role, agent=agent)[1] for name, (role, agent) in wanted.items()}
        finally:
            store.close()

    return await asyncio.to_thread(made)
