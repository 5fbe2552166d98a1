"""An inbound message is taken once: a turn, its reply, the conversation and a case are one transaction.

A repeat waits for the turn that is under way and is answered the same; so is one that comes after a crash, from the
row. Two messages of one contact at once go one after the other, in one process by a lock, in several by the
conversation's version.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Any
from weakref import WeakValueDictionary

from tortoise.exceptions import IntegrityError
from uuid_utils.compat import uuid7

from banshi import Key, Platform, Principal, Stale, Unavailable, Update, Write
from banshi.sdk.http import ApiReader
from conversations.contents import Account, Received, Reply
from conversations.engine import step
from conversations.engine.memory import Memory
from conversations.engine.states import FIRST
from conversations.engine.talk import Talk, digest_of, replayed
from conversations.tables.models import ChannelConversation, ContactLink, Turn

#: How often a turn is made anew when another process moves the conversation meanwhile.
MAX_TRIES = 5


class Conversations:
    """Takes what channels receive."""

    def __init__(self, platform: Platform) -> None:
        self._platform = platform
        self._reader = ApiReader(platform)
        self._locks: WeakValueDictionary[tuple[str, str], asyncio.Lock] = WeakValueDictionary()

    async def take(self, account: Account, received: Received) -> Reply:
        """Answer one inbound message; once it returns, all of it is written.

        Raises Unavailable while the database is away: the provider sends it again.
        """
        lock = self._locks.setdefault((account.name, received.contact), asyncio.Lock())
        async with lock:
            for _ in range(MAX_TRIES):
                talk = await self._begun(account, received)
                if not talk.is_new:
                    turn = await Turn.get_or_none(
                        conversation_id=talk.row.id, key=received.key, digest=digest_of(received.content)
                    )
                    if turn is not None:
                        return replayed(turn)
                with suppress(Stale, IntegrityError):
                    await step.take(talk)
                    if not talk.is_kept:
                        await self._keep(talk)
                    return talk.reply
            raise Unavailable

    async def _begun(self, account: Account, received: Received) -> Talk:
        row = await ChannelConversation.get_or_none(account=account.name, contact=received.contact)
        is_new = row is None
        if row is None:
            row = ChannelConversation(
                id=uuid7(),
                account=account.name,
                contact=received.contact,
                state=FIRST,
                memory=Memory().stored(),
                begun_at=received.at,
                heard_at=received.at,
            )
        return Talk(
            platform=self._platform,
            reader=self._reader,
            abilities=account.abilities,
            row=row,
            is_new=is_new,
            received=received,
            memory=Memory.of(row.memory),
            principal=None if is_new else await principal_of(row),
        )

    async def _keep(self, talk: Talk) -> None:
        rows = talk.receipt()
        updates: list[Any] = [one for one in rows if isinstance(one, Update)]
        await self._platform.store.commit(Write(updates, [one for one in rows if not isinstance(one, Update)]))


CONVERSATIONS: Key[Conversations] = Key("conversations")


async def principal_of(row: ChannelConversation) -> Principal | None:
    """The citizen that the contact is bound to; None where they are not, or not any more."""
    link = await ContactLink.get_or_none(conversation_id=row.id, ended_at=None)
    return None if link is None else Principal(subject=link.person, **link.known)
