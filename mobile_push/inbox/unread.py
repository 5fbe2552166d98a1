"""How many messages people have not read: their own, and those for everybody that are valid."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from typing import Any
from uuid import UUID

from banshi import Key, Platform
from banshi.sdk.database import as_read
from mobile_push.inbox import standings
from mobile_push.inbox.common_log import CommonLog
from mobile_push.inbox.standings import stored
from mobile_push.tables.marks import Marks
from mobile_push.tables.models import InboxMessage, MessageState, PhoneReceipt, Profile

#: The common log of this process.
COMMON_LOG: Key[CommonLog] = Key("mobile_push.common log")


async def unread(platform: Platform, persons: Collection[str]) -> Mapping[str, int]:
    """How many of each of these persons' messages are neither opened nor marked as read."""
    mark = Marks(platform.store)
    rows = await mark.rows(
        "SELECT person, COUNT(*) AS count FROM push_inbox_message WHERE read_at IS NULL AND archived_at IS NULL "  # noqa: S608
        f"AND deleted_at IS NULL AND person IN ({mark.each(stored(persons))}) GROUP BY person"
    )
    found = dict.fromkeys(persons, 0)
    found |= {as_read(InboxMessage, "person", row["person"]): row["count"] for row in rows}
    common = await _common(platform, persons)
    return {person: count + len(common.get(person, ())) for person, count in found.items()}


async def _common(platform: Platform, persons: Collection[str]) -> Mapping[str, set[UUID]]:
    """The broadcasts for each of these persons that are neither opened nor marked as read."""
    marked = {profile.person: profile.read_broadcast for profile in await Profile.filter(person__in=list(persons))}
    left: dict[str, set[UUID]] = defaultdict(set)
    for person, standing in (await standings.standings(platform, persons)).items():
        behind = platform[COMMON_LOG].behind(marked.get(person, 0), standing.listener)
        left[person] = {entry.broadcast.id for entry in behind if not entry.ended}
    if valid := list(set().union(*left.values())):
        opened = PhoneReceipt.filter(person__in=list(persons), message_id__in=valid, opened_at__isnull=False)
        states = MessageState.filter(person__in=list(persons), message_id__in=valid)
        done: Any
        for done in (*await opened, *await states):
            left[done.person].discard(done.message_id)
    return left
