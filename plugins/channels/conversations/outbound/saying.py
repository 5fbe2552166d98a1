"""Promises of what is to be said, and what is known of it: by the channel, and with the next answer."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any, Literal, Required, TypedDict, Unpack
from uuid import UUID

from tortoise.exceptions import IntegrityError
from tortoise.expressions import Q
from uuid_utils.compat import uuid7

from banshi import NotFound, Platform, Update, Write
from conversations.contents import Reply
from conversations.outbound.sender import channel_of, sender_of
from conversations.outbound.states import before
from conversations.settings import SETTINGS
from conversations.tables.models import ChannelConversation, Said

#: Who says something.
Speaker = Literal["engine", "officer", "notice"]

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


def promise(platform: Platform, row: ChannelConversation, reply: Reply, **about: Unpack[About]) -> Said:
    """A message to a contact, as a row for the transaction that causes it."""
    identity = uuid7()
    return Said(
        id=identity,
        conversation_id=row.id,
        channel=channel_of(row.account),
        **{"key": str(identity), **about},
        words=reply.stored(),
        # What can't be sent is said with the answer to their next message.
        state="waiting" if sender_of(platform, row.account) else "shut",
        at=platform.now(),
    )


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
        """Note a provider's word that what it had accepted has arrived, or won't; False where it is nothing of ours."""
        state: Literal["delivered", "failed"] = "delivered" if arrived else "failed"
        own = Said.filter(provider_id=provider_id, channel=channel_of(account), conversation__account=account)
        found = await own.filter(state__in=before(state)).first()
        if not provider_id or found is None:
            return False
        changed = {"state": state, "code": code, "settled_at": self._platform.now()}
        where = {"id": found.id, "state__in": before(state)}
        await self._platform.store.commit(Write([Update(Said, where, changed, rows=None)]))
        return True


async def owed(platform: Platform, conversation: Any, person: str) -> tuple[Sequence[Reply], Sequence[Update]]:
    """What couldn't be sent to somebody and is still worth saying, and what notes that it was said with this turn."""
    now = platform.now()
    since = now - timedelta(days=platform[SETTINGS].memory_days)
    goes_on = Q(until__isnull=True) | Q(until__gt=now)
    shut = Said.filter(goes_on, conversation_id=conversation, state="shut", at__gt=since, person__in=["", person])
    rows = await shut.order_by("id").limit(MAX_LATE)
    late = {"state": "late", "settled_at": now}
    return [Reply.of(row.words) for row in rows], [Update(Said, {"id": row.id, "state": "shut"}, late) for row in rows]
