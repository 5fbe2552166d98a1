"""A broadcast to people whom the platform's own data names: each gets a copy in the inbox of their own."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import uuid5

from banshi import Message, Platform
from banshi.sdk.cases import people_with_cases
from mobile_push.audience.audience import People
from mobile_push.inbox import messages as inbox
from mobile_push.settings import PushSettings
from mobile_push.tables.models import Broadcast


async def copies(
    platform: Platform, settings: PushSettings, broadcast: Broadcast, people: People, after: str, limit: int
) -> list[str]:
    """Give the next people behind `after` their copies; who they are, in order.

    A copy that is there already is left as it is, so a step may be done twice.
    """
    persons = await people_with_cases(platform, people.items, people.states, after=after, limit=limit)
    published = datetime.fromtimestamp((broadcast.published_at or 0) / 1000, UTC)
    messages = [
        Message(
            # The same however often it is made.
            id=str(uuid5(broadcast.id, person)),
            kind="alert" if broadcast.kind == "alert" else "notice",
            person=person,
            title=broadcast.title,
            body=broadcast.body,
            link=broadcast.link,
            created_at=published,
            trace=broadcast.trace,
        )
        for person in persons
    ]
    await inbox.store(platform, messages, settings.ttl, broadcast=broadcast)
    return persons
