"""Taking back from screens what was taken back: a message of its own, to the phones that got the first or may have.

It is a broadcast that nobody lists, reads or decides about: planned, paced, retried and check-pointed as any other. Its
audience are the phones that earlier ones reached, which the planner finds in their chunks.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid5

from tortoise.backends.base.client import BaseDBAsyncClient

from banshi import LANGUAGES, Platform
from mobile_push.audience.audience import Audience
from mobile_push.screen.words import WITHDRAWN, Withdrawn
from mobile_push.tables.lanes import Lane
from mobile_push.tables.models import Broadcast, Chunk, FanOut

#: The kind of a withdrawal is that of what it takes back, and this.
SUFFIX = "-withdrawn"

#: How long at least a phone that is off still gets it. What it takes back may stand on a screen after its own end.
MIN_LIFE = timedelta(days=1)

LANES = {"alert": Lane.ALERT, "notice": Lane.NOTICE}


def is_withdrawal(broadcast: Broadcast) -> bool:
    return str(broadcast.kind).endswith(SUFFIX)


def kind_of(broadcast: Broadcast) -> str:
    """Notice or alert, also of a withdrawal."""
    return str(broadcast.kind).removesuffix(SUFFIX)


def withdrawal_of(
    platform: Platform, broadcast: Broadcast, state: Withdrawn, *, got: Sequence[UUID], outside: UUID | None = None
) -> Broadcast:
    """The withdrawal of a broadcast, not stored.

    Args:
        got: the broadcasts whose phones are meant; all are called the same on the screen.
        outside: one that goes out under the same name: its audience is left to it.
    """
    now = platform.now()
    return Broadcast(
        id=uuid5(broadcast.id, f"{state} {outside or ''}"),
        kind=f"{broadcast.kind}{SUFFIX}",
        department=broadcast.department,
        state=state,
        title=WITHDRAWN[broadcast.kind, state],
        body=dict.fromkeys(LANGUAGES, ""),
        link=broadcast.link,
        audience={"got": [str(one) for one in got], "outside": str(outside) if outside else None},
        tag=broadcast.name,
        collapse_key=broadcast.collapse_key,
        supersedes=broadcast.id,
        author="",
        created_at=now,
        expires_at=max(broadcast.expires_at, now + MIN_LIFE),
        trace=broadcast.trace,
    )


async def take_back(
    platform: Platform,
    connection: BaseDBAsyncClient,
    broadcast: Broadcast,
    state: Withdrawn,
    now: int,
    *,
    stopped: bool,
    successor: Broadcast | None = None,
) -> None:
    """Plan the withdrawal of what was public, in the transaction that ends it.

    A copy for somebody whom it names says on the screen that there is a message, and that message stays.

    Args:
        now: milliseconds of the database's clock.
        stopped: whether something of it was not sent yet: what it took the place of may be on some screens still.
        successor: what takes its place.
    """
    if Audience.of(broadcast.audience).people is not None:
        return
    got = [broadcast.id, *(await _under_its_name(connection, broadcast) if stopped else ())]
    begun = Chunk.filter(broadcast_id__in=got, attempts__gt=0).using_db(connection)
    providers: Any = await begun.distinct().values_list("provider", flat=True)
    if not providers:
        return  # nothing of it was ever sent
    same = successor is not None and successor.name == broadcast.name
    one = withdrawal_of(platform, broadcast, state, got=got, outside=successor.id if successor and same else None)
    one.published_at = now
    await one.save(using_db=connection, force_create=True)
    lane = int(LANES[broadcast.kind])
    walks = [FanOut(broadcast_id=one.id, provider=provider, lane=lane) for provider in sorted(providers)]
    await FanOut.bulk_create(walks, using_db=connection)


async def _under_its_name(connection: BaseDBAsyncClient, broadcast: Broadcast) -> list[UUID]:
    """The earlier broadcasts that stood on screens under the name that this one took over."""
    found: list[UUID] = []
    one: Broadcast | None = broadcast
    while one is not None and one.tag and one.supersedes is not None and one.supersedes not in found:
        one = await Broadcast.get_or_none(id=one.supersedes, using_db=connection)
        if one is not None:
            found.append(one.id)
    return found
