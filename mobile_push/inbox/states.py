"""What people do with their messages: they read, archive and delete them, and each of their phones hears of it.

Each change has a number from the person's counter, in whose order they are told. What is kept is the last change of
each message, so a phone that was off for long is told no more than there are messages. An own message's row says the
same again, as inboxes are read from there; of a broadcast, which is stored once for all, this is all there is.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple
from uuid import UUID

from tortoise.backends.base.client import BaseDBAsyncClient
from tortoise.expressions import Q
from tortoise.transactions import in_transaction

from banshi import Platform
from mobile_push.inbox.common_log import Entry
from mobile_push.inbox.standings import EVERYBODY, take_numbers, tops
from mobile_push.tables.cursor import Cursor
from mobile_push.tables.models import Broadcast, Delivery, InboxCounter, InboxMessage, MessageState, Profile

#: In place of a message: all up to a place was marked as read.
MARK = UUID(int=0)

#: Messages that leave other screens at once, where all up to a place was marked as read.
MAX_READ_TOLD = 50

#: What a person can do with one message: the column in which the time of it stands.
WAYS = ("read_at", "archived_at", "deleted_at")

#: An own message that is deleted says nothing more.
BLANK: Mapping[str, Any] = {
    "title": {},
    "body": {},
    **dict.fromkeys(("link", "item", "number", "state", "category", "severity"), ""),
}


class Mark(NamedTuple):
    """Up to where a person has marked everything as read, and when, in milliseconds since 1970."""

    through: Cursor = Cursor()
    at: int = 0

    def read(self, seq: int, state: MessageState | None) -> datetime | None:
        """When the broadcast of that number was read: by itself, or with all up to a place."""
        if state and state.read_at:
            return state.read_at
        return datetime.fromtimestamp(self.at / 1000, UTC) if self.at and seq <= self.through.common else None


#: Of somebody who has marked nothing.
NO_MARK = Mark()


async def mark_of(person: str) -> Mark:
    """Up to where a person has marked everything as read."""
    profile = await Profile.get_or_none(person=person)
    return Mark(Cursor(profile.read_seq, profile.read_broadcast), profile.marked_at) if profile else NO_MARK


async def change(platform: Platform, person: str, messages: Collection[UUID], values: Mapping[str, Any]) -> bool:
    """Set columns of `WAYS` for these of a person's messages and for broadcasts; whether that changed anything.

    A time that stands there already stays; None takes it away. What is neither theirs nor published is left out.
    """
    if not await _changing(person, messages, values):
        return False
    async with in_transaction() as connection:
        # First: it holds the person's row, so that of two phones' changes one comes after the other.
        last = await take_numbers(platform, connection, {person: len(messages)}, "changes")
        found = await _changing(person, messages, values, connection)
        first = last[person] - len(messages) + 1
        for number, state in enumerate(found, first):
            state.number = number
            state.update_from_dict({way: at and (getattr(state, way) or at) for way, at in values.items()})
        await _write(connection, found, values)
    return bool(found)


async def _changing(
    person: str, messages: Collection[UUID], values: Mapping[str, Any], connection: Any = None
) -> list[MessageState]:
    """The states, as they are, of those of the messages of which `values` say something else."""
    own = InboxMessage.filter(person=person, id__in=list(messages), deleted_at__isnull=True).using_db(connection)
    columns = ("id", "seq", *WAYS)
    states = [
        MessageState(person=person, message_id=identity, common=False, seq=seq, **dict(zip(WAYS, rest, strict=True)))
        for identity, seq, *rest in await own.values_list(*columns)
    ]
    others = set(messages) - {one.message_id for one in states}
    published = Broadcast.filter(id__in=list(others), seq__isnull=False).using_db(connection)
    seqs: dict[Any, Any] = dict(await published.values_list("id", "seq"))
    if seqs:
        stored = MessageState.filter(person=person, message_id__in=list(seqs)).using_db(connection)
        known = {one.message_id: one for one in await stored}
        for identity, seq in seqs.items():
            one = known.get(identity) or MessageState(person=person, message_id=identity, common=True, seq=seq)
            one.seq = seq
            if one.deleted_at is None:
                states.append(one)
    return [one for one in states if any(bool(getattr(one, way)) != bool(at) for way, at in values.items())]


async def _write(connection: BaseDBAsyncClient, states: Sequence[MessageState], values: Mapping[str, Any]) -> None:
    own = [one.message_id for one in states if not one.common]
    for way, at in values.items() if own else ():
        rows = InboxMessage.filter(id__in=own).using_db(connection)
        await (rows.filter(**{f"{way}__isnull": True}) if at else rows).update(**{way: at})
    if own and values.get("deleted_at"):
        await InboxMessage.filter(id__in=own).using_db(connection).update(**BLANK)
        await Delivery.filter(message_id__in=own).using_db(connection).delete()
    await _keep(connection, states)


async def _keep(connection: BaseDBAsyncClient, states: Sequence[MessageState]) -> None:
    rows = [
        MessageState(
            **{name: getattr(one, name) for name in ("person", "message_id", "common", "seq", "number", *WAYS)}
        )
        for one in states
    ]
    if rows:
        await MessageState.bulk_create(
            rows, on_conflict=["person", "message_id"], update_fields=["seq", "number", *WAYS], using_db=connection
        )


async def mark_read(platform: Platform, person: str, through: Cursor) -> bool:
    """Mark both logs as read up to a place; whether it is further. Never backwards, nor anything yet to come."""
    ends = await tops(platform, [person, EVERYBODY])
    before, now = (await mark_of(person)).through, platform.now()
    own = max(before.personal, min(through.personal, ends.get(person, 0)))
    common = max(before.common, min(through.common, ends.get(EVERYBODY, 0)))
    if (own, common) == before[:2]:
        return False
    async with in_transaction() as connection:
        number = (await take_numbers(platform, connection, {person: 1}, "changes"))[person]
        await Profile.bulk_create([Profile(person=person)], ignore_conflicts=True, using_db=connection)
        profile = Profile.filter(person=person).using_db(connection)
        for column, place in (("read_seq", own), ("read_broadcast", common)):
            await profile.filter(**{f"{column}__lt": place}).update(**{column: place})
        await profile.update(marked_at=int(now.timestamp() * 1000))
        unread = InboxMessage.filter(person=person, seq__lte=own, read_at__isnull=True).using_db(connection)
        await unread.update(read_at=now)
        mark = MessageState(person=person, message_id=MARK, common=True, seq=common, number=number, read_at=now)
        await _keep(connection, [mark])
    return True


async def read_since(person: str, at: datetime) -> set[UUID]:
    """Which of a person's own messages were marked as read at or after a moment, the newest of them."""
    rows = InboxMessage.filter(person=person, read_at__gte=at).order_by("-seq").limit(MAX_READ_TOLD)
    return {row.id for row in await rows.only("id")}


async def changes_after(
    person: str, after: int, top: int, limit: int, since: Cursor | None = None
) -> list[MessageState]:
    """The changes behind a number up to `top`, the earliest first.

    With `since`, where a phone was when it came and the last change then: what it had not got of its own messages by
    then it reads with their state, so none of the changes up to that one is among them.
    """
    found = MessageState.filter(person=person, number__gt=after, number__lte=top)
    if since is not None:
        found = found.filter(Q(common=True) | Q(seq__lte=since.personal) | Q(number__gt=since.changes))
    return await found.order_by("number").limit(limit)


async def of_broadcasts(person: str, behind: int = 0) -> list[MessageState]:
    """What a person has done with broadcasts behind a place in the common log, and the mark where it is behind that."""
    return await MessageState.filter(person=person, common=True, seq__gt=behind).order_by("number")


async def last(person: str) -> int:
    """The number of a person's last change."""
    counter = await InboxCounter.get_or_none(person=person).only("person", "changes")
    return counter.changes if counter else 0


class Reader(NamedTuple):
    """What a person has done with broadcasts."""

    states: Mapping[UUID, MessageState]
    mark: Mark

    @classmethod
    async def of(cls, person: str) -> Reader:
        return cls({one.message_id: one for one in await of_broadcasts(person)}, await mark_of(person))

    def document(self, platform: Platform, entry: Entry, language: str) -> dict[str, Any]:
        """A broadcast's document, with that."""
        state, mark = self.states.get(entry.broadcast.id), self.mark
        times = {"read_at": mark.read(entry.seq, state), "archived_at": state.archived_at if state else None}
        return {**entry.document(language), **{name: at and platform.moment(at) for name, at in times.items()}}


#: Of somebody who has done nothing yet.
NOBODY = Reader({}, NO_MARK)


def document(platform: Platform, state: MessageState | InboxMessage, mark: Mark) -> dict[str, Any]:
    """A change as the app reads it; the cursor is the reader's own."""
    times = {way: getattr(state, way) for way in WAYS}
    if isinstance(state, InboxMessage):
        identity, seq = state.id, state.seq
    else:
        identity, seq = state.message_id, None if state.common else state.seq
        if state.common:
            times["read_at"] = mark.read(state.seq, state)
    is_mark = identity == MARK
    return {
        "id": None if is_mark else str(identity),
        "through": str(mark.through) if is_mark else None,
        "seq": seq,
        **{way: at and platform.moment(at) for way, at in times.items()},
    }
