"""Promises of what is to be said, and what is known of it: by the channel, and with the next answer."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, Literal, Required, TypedDict, Unpack
from uuid import UUID

from tortoise.exceptions import IntegrityError
from tortoise.expressions import F, Q
from tortoise.models import Model
from tortoise.queryset import QuerySet
from uuid_utils.compat import uuid7

from banshi import NotFound, Platform, Stale, Update, Write
from banshi.sdk.operations import Jobs
from conversations.contacts.bound import BoundContact
from conversations.contents import Reply
from conversations.outbound.answers import GIVEN_UP, PART, became
from conversations.outbound.sender import Kind, Outlet, channel_of, pieces, sender_of
from conversations.outbound.states import SaidState, before
from conversations.settings import SETTINGS
from conversations.tables.models import ChannelConversation, Said, Word

#: Who says something.
Speaker = Literal["engine", "officer", "notice"]

#: Letters that are kept of a provider's id and of its code.
MAX_ID_CHARS, MAX_CODE_CHARS = 128, 64

#: The window of a notice of the provider's own, which needs none.
NOTICE = "notice"

#: Of what couldn't be sent, so much is said with one answer.
MAX_LATE = 5


class About(TypedDict, total=False):
    """What goes with a message."""

    by: Required[Speaker]
    #: Which officer.
    officer: str
    #: The citizen whom it is for, where nobody else who has the contact may read it.
    person: str
    #: The same is promised once, whoever promises it again; without one each is another.
    key: str
    #: When it isn't worth saying any more.
    until: datetime | None
    #: Of a notice: what it tells of, what can stand in the fields of the provider's own, and the alert, if it is one.
    kind: Kind
    #: Of an answer, the window that is its message's alone.
    window: str
    news: Mapping[str, str]
    about: str


def promise(platform: Platform, row: ChannelConversation | BoundContact, reply: Reply, **about: Unpack[About]) -> Said:
    """A message to a contact, as a row for the transaction that causes it."""
    identity = uuid7()
    return Said(
        id=identity,
        conversation_id=row.conversation if isinstance(row, BoundContact) else row.id,
        channel=channel_of(row.account),
        **{"key": str(identity), **about},
        words=reply.stored(),
        # What can't be sent is said with the answer to their next message.
        state="waiting" if sender_of(platform, row.account) else "shut",
        at=platform.now(),
    )


def answer_key(account: str, contact: str, key: str, part: str = "answer") -> str:
    """What an answer to a message is promised under, or a part of it."""
    whole = "\0".join((account, contact, key, part))
    return f"{channel_of(account)}-{hashlib.blake2b(whole.encode(), digest_size=16).hexdigest()}"


class Unasked:
    """What channels have said unasked."""

    def __init__(self, platform: Platform) -> None:
        self._platform = platform

    async def say(self, conversation: UUID, reply: Reply, **about: Unpack[About]) -> UUID:
        """Promise a message unasked; the id of its `Said`, which has what becomes of it.

        A second one with the same `key` is the first. Raises NotFound.
        """
        row = await ChannelConversation.get_or_none(id=conversation)
        if row is None:
            raise NotFound
        said = promise(self._platform, row, reply, **about)
        try:
            await self._platform.store.commit(Write(rows=[said]))
        except IntegrityError:
            said = await Said.get(key=said.key)
        return said.id

    async def take_back(self, keys: Sequence[str]) -> Collection[str]:
        """What was promised under these keys and isn't on its way yet is not said any more.

        Returns the keys of what was said, or is on its way.
        """
        where = {"key__in": list(keys), "state__in": ["waiting", "shut"], "is_sending": False}
        changed = {"state": "refused", "code": "taken-back", "settled_at": self._platform.now()}
        await self._platform.store.commit(Write([Update(Said, where, changed, rows=None)]))
        said = Said.filter(key__in=list(keys)).exclude(state__in=["refused", "failed"])
        return {str(key) for key in await said.values_list("key", flat=True)}

    async def delivered(self, account: str, provider_id: str, *, arrived: bool, code: str = "") -> bool:
        """Note a provider's word that what it had accepted has arrived, or won't; False where it said so before.

        It may come before our row knows the provider's id: then it is kept for a day.
        """
        if not 0 < len(provider_id) <= MAX_ID_CHARS:
            return False
        told = {"arrived": arrived, "code": code[:MAX_CODE_CHARS], "at": self._platform.now()}
        word = Word(account=account, provider_id=provider_id, **told)
        if await _own(word).exists():
            return await _settled(self._platform, word)
        try:
            await self._platform.store.commit(Write(rows=[word]))
        except IntegrityError:
            return False
        await _settled(self._platform, word)  # it may know the id by now
        return True


def _own(word: Word) -> QuerySet[Said]:
    """The message that a provider's word is about: by the id that it gave, or by ours where its answer was lost."""
    named, channel = Q(provider_id=word.provider_id), channel_of(word.account)
    with suppress(ValueError):
        named |= Q(id=UUID(word.provider_id), state="unknown")
    return Said.filter(named, channel=channel, conversation__account=word.account)


async def settle(platform: Platform, account: str, provider_id: str) -> None:
    """Note what became of a message that was accepted, where the provider has said so before."""
    if word := await Word.get_or_none(account=account, provider_id=provider_id):
        await _settled(platform, word)


async def _settled(platform: Platform, word: Word) -> bool:
    """Note what became of a message; a notice of the provider's own that failed is said in the chat."""
    state: SaidState = "delivered" if word.arrived else "failed"
    found = await _own(word).filter(state__in=before(state)).first()
    if found is None:
        return False
    changed = {"state": state, "code": word.code, "settled_at": platform.now()}
    instead = [in_chat(platform, found)] if found.window == NOTICE and not word.arrived else []
    told, where = await became(platform, found, changed), {"id": found.id, "state": found.state}
    try:
        await platform.store.commit(Write.of(Update(Said, where, changed), *instead, *told))
    except (Stale, IntegrityError):
        return False  # it was noted at the same moment
    return True


def in_chat(platform: Platform, notice: Said) -> Said:
    """What a notice tells of that its provider hasn't taken, as what is said in the chat instead."""
    names = ("conversation_id", "channel", "by", "person", "words", "about", "until")
    same = {name: getattr(notice, name) for name in names}
    return Said(id=uuid7(), key=f"{notice.key}-chat", state="waiting", at=platform.now(), **same)


def in_parts(said: Said, outlet: Outlet) -> tuple[Mapping[str, Any], Sequence[Said]]:
    """The words of a message that are sent first; and the rest, as messages between which nothing else comes."""
    whole = Reply.of(said.words)
    names = ("conversation_id", "channel", "by", "officer", "person", "about", "until", "at", "window")
    *parts, last = (Reply(text=one) for one in pieces(whole.text, outlet))
    # Its choices stand below the last.
    first, *rest = (one.stored() for one in (*parts, replace(whole, text=last.text)))
    same = {"state": "waiting", **{name: getattr(said, name) for name in names}}
    following = [(UUID(int=number), words) for number, words in enumerate(rest, said.id.int + 1)]
    return first, [Said(id=one, key=f"{said.id}{PART}{one}", words=words, **same) for one, words in following]


async def owed(platform: Platform, conversation: Any, person: str) -> tuple[Sequence[Reply], Sequence[Model | Update]]:
    """What couldn't be sent to somebody and is still worth saying, and what notes that it was said with this turn."""
    now = platform.now()
    since = now - timedelta(days=platform[SETTINGS].memory_days)
    goes_on = Q(until__isnull=True, at__gt=since) | Q(until__gt=now)
    shut = Said.filter(goes_on, conversation_id=conversation, state="shut", person__in=["", person])
    rows = await shut.order_by("id").limit(MAX_LATE)
    late = {"state": "late", "settled_at": now}
    noted: list[Model | Update] = []
    for number, row in enumerate(rows):
        told = await became(platform, row, late, rows[:number])
        noted += [Update(Said, {"id": row.id, "state": "shut"}, late), *told]
    return [Reply.of(row.words) for row in rows], noted


def _held() -> QuerySet[Said]:
    return Said.filter(state="waiting", is_sending=False).exclude(code=GIVEN_UP)


async def _waiting(_: Any) -> Mapping[str, int]:
    return {SORT: await _held().count()}


async def _drop(store: Any, _sort: str, moment: int) -> int:
    """Give up what was promised before a moment, in milliseconds since 1970.

    An officer's is marked alone: once nothing is held a courier ends it, with what the desk is told of that.
    """
    due = _held().filter(at__lt=datetime.fromtimestamp(moment / 1000, UTC))
    # Whoever has claimed it before has it no more.
    given = {"code": GIVEN_UP, "attempts": F("attempts") + 1, "not_before": 0, "lease_until": 0}
    over = {"state": "refused", "settled_at": datetime.fromtimestamp(await store.time(), UTC)}
    marked = await due.filter(by="officer").update(**given)
    return int(marked + await due.exclude(by="officer").update(**given, **over))


#: What waits while everything that goes out is held.
SORT = "messages"
HELD = Jobs(_waiting, _drop)
