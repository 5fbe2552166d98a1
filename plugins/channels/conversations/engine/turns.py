"""An inbound message is taken once: a turn, its reply, the conversation and a case are one transaction.

A repeat waits for the turn that is under way and is answered the same; so is one that comes after a crash, from the
row. Two messages of one contact at once go one after the other, in one process by a lock, in several by the
conversation's version.
"""

from __future__ import annotations

import asyncio
import hashlib
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID
from weakref import WeakValueDictionary

from tortoise.exceptions import IntegrityError

from banshi import Key, Platform, Principal, Stale, Unavailable, Update, Write
from banshi.sdk.cases import commit
from conversations.contacts.offers import OFFERS
from conversations.contents import Account, Left, Received, Reply, digest_of
from conversations.engine import flood, step
from conversations.engine.bind import linking
from conversations.engine.turn.memory import Memory
from conversations.engine.turn.states import FIRST
from conversations.engine.turn.talk import Talk
from conversations.figures.counting import FIGURES
from conversations.outbound import saying, windows
from conversations.outbound.saying import Unasked, answer_key
from conversations.outbound.sender import outlet_of
from conversations.outbound.windows import own_kind
from conversations.tables.models import ChannelConversation, LinkOffer
from conversations.tables.reading import Known, known

#: A provider's id of a message that is longer is kept as its digest; so much of it is named by answers.
MAX_KEY_CHARS, MAX_REF_CHARS = 128, 255

#: How often a turn is made anew when another process moves the conversation meanwhile.
MAX_TRIES = 5


class Conversations(Unasked):
    """Takes what channels receive."""

    def __init__(self, platform: Platform) -> None:
        super().__init__(platform)
        self._locks: WeakValueDictionary[tuple[str, str], asyncio.Lock] = WeakValueDictionary()

    async def take(self, account: Account, received: Received) -> Reply:
        """Answer one inbound message; once it returns, all of it is written, and promised where it goes `by_call`.

        Raises Unavailable while the database is away: the provider sends it again.
        """
        received = _with_short_key(received)
        lock = self._locks.setdefault((account.name, received.contact), asyncio.Lock())
        async with lock:
            for tries in range(MAX_TRIES):
                found = await self._known(account, received)
                if found is not None and found.reply is not None:
                    return Reply.of(found.reply)
                found = found or Known(_new(account.name, received.contact, received.at), is_new=True)
                row, new = found.row, found.is_new
                if not tries and (told := await flood.too_much(self._platform, row, received)):
                    if outlet_of(self._platform, account.name).by_call:
                        await self.answer_later(account, received, told)
                    return told
                talk = Talk(self._platform, row, new, received, memory=Memory.of(row.memory), link=found.link)
                linking.end_over(talk)
                await self._outbound(talk, owes=found.is_owed)
                with suppress(Stale, IntegrityError):
                    await step.take(talk)
                    if not talk.is_kept:
                        await commit(self._platform, Write(), talk.receipt())
                    self._platform[FIGURES].turn(account.name)
                    self._platform[FIGURES].written(talk.written)
                    return talk.reply
            raise Unavailable

    async def overtaken(self, account: Account, received: Received) -> bool:
        """Whether a later message of the contact has been dealt with, and this one never was."""
        found = await self._known(account, _with_short_key(received))
        return found is not None and found.reply is None and received.at < found.row.heard_at

    async def _known(self, account: Account, received: Received) -> Known | None:
        digest = digest_of(received.content)
        return await known(self._platform, account.name, received.contact, received.key, digest)

    async def _outbound(self, talk: Talk, *, owes: bool) -> None:
        """The windows that the message opens; and what could not be sent before is said now."""
        talk.beside += await windows.opening(talk.platform, talk.row.account, talk.row.id, talk.received)
        if owes and not isinstance(talk.content, Left):
            subject = talk.principal.subject if talk.principal else ""
            replies, said = await saying.owed(talk.platform, talk.row.id, subject)
            talk.lines += [one.text for one in replies]
            talk.beside += said

    # -- unasked -------------------------------------------------------------------------------------------------

    async def find(self, account: str, contact: str) -> UUID | None:
        """The conversation with a contact; None where they have never written."""
        row = await ChannelConversation.get_or_none(account=account, contact=contact)
        return row.id if row else None

    async def reached(self, account: str, contact: str) -> UUID:
        """The conversation with a contact whom we write to first, as by their telephone number."""
        whose: dict[str, Any] = {"account": account, "contact": contact}
        now = self._platform.now()
        # What is said there is kept for as long as what is heard.
        heard = Update(ChannelConversation, whose, {"heard_at": now}, rows=None)
        await self._platform.store.commit(Write([heard], unless_there=[_new(account, contact, now)]))
        return (await ChannelConversation.get(**whose)).id

    async def left_alone(self, account: str, contact: str) -> None:
        """Nothing of a contact whom we wrote to first is kept, and what still waits is not said."""
        await ChannelConversation.filter(account=account, contact=contact).delete()

    async def answer_later(self, account: Account, received: Received, reply: Reply, part: str = "answer") -> None:
        """Promise an answer to a message, or a part of it, once: where it can't go back in the same connection.

        An empty one is none.
        """
        if reply.text and (conversation := await self.find(account.name, received.contact)) is not None:
            key = answer_key(account.name, received.contact, received.key, part)
            await self.say(conversation, reply, by="engine", key=key, window=own_kind(received.key))

    async def proved_by(self, digits: str) -> tuple[Principal, Update] | None:
        """Who has taken these digits in the app, and what uses them up; None for digits that are none's."""
        offer = await self._platform[OFFERS].of("digits", digits, now := self._platform.now())
        if offer is None:
            return None
        used = Update(LinkOffer, {"id": offer.id, "used_at": None}, {"used_at": now})
        return Principal(subject=offer.person, **offer.known), used


CONVERSATIONS: Key[Conversations] = Key("conversations")


def _with_short_key(received: Received) -> Received:
    short = hashlib.blake2b(received.key.encode(), digest_size=32).hexdigest()
    key = received.key if len(received.key) <= MAX_KEY_CHARS else short
    return replace(received, key=key, ref=(received.ref or received.key)[:MAX_REF_CHARS])


def _new(account: str, contact: str, at: datetime) -> ChannelConversation:
    begun = {"state": FIRST, "memory": Memory().stored(), "begun_at": at, "heard_at": at}
    return ChannelConversation(account=account, contact=contact, **begun)
