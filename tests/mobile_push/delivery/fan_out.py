"""Broadcasts to many phones: published, and what became of them."""

from __future__ import annotations

import hashlib
from collections import Counter
from datetime import timedelta
from typing import Any

from banshi.testing import Door
from mobile_push.broadcasts import publication
from mobile_push.delivery.service import PUSH
from mobile_push.sandbox import FcmSandbox
from mobile_push.tables.models import Broadcast, Chunk, Device, FanOut
from tests.mobile_push.conftest import none_of
from tests.waiting import until

TITLE = {"zh-CN": "停电通知", "en": "Power cut"}


async def phones(door: Door, count: int, prefix: str = "phone", **changes: Any) -> list[str]:
    """So many registered phones, each of a person of its own; their tokens."""
    now = door.platform.now()
    rows = []
    for number in range(count):
        token = f"{prefix}-{number:06}"
        own = {"person": f"{prefix}-{number}", "provider": "fcm", "platform": "android", "language": "zh-CN", **changes}
        digest = hashlib.sha256(token.encode()).hexdigest()
        rows.append(Device(token=token, token_hash=digest, created_at=now, seen_at=now, **own))
    await Device.bulk_create(rows)
    return [row.token for row in rows]


async def broadcast(door: Door, kind: str = "notice", *, lasts: float = 3600, **changes: Any) -> Broadcast:
    """A draft of a broadcast to everyone."""
    now = door.platform.now()
    values: dict[str, Any] = {
        "kind": kind,
        "department": "traffic",
        "state": "draft",
        "title": TITLE,
        "body": {"zh-CN": "今晚十点至六点", "en": "Tonight from ten to six"},
        "link": "/notices/1",
        "audience": {"everyone": True},
        "author": "li",
        "created_at": now,
        "expires_at": now + timedelta(seconds=lasts),
    }
    return await Broadcast.create(**values | changes)


async def publish(door: Door, one: Broadcast, *providers: str) -> Broadcast:
    """To the phones of these providers, and to those of all that are set up where none is named."""
    push = door.platform[PUSH]
    published = await publication.publish(door.platform, one, providers or push.couriered)
    await push.announce()
    return published


def arrived(sandbox: FcmSandbox) -> Counter[str]:
    return Counter(one.token for one in sandbox.received)


async def outcomes(one: Broadcast) -> Counter[str]:
    """What became of its phones, over all chunks."""
    total: Counter[str] = Counter()
    for chunk in await Chunk.filter(broadcast_id=one.id):
        total.update(chunk.outcomes)
    return total


async def ended(one: Broadcast, **which: Any) -> Counter[str]:
    """What became of its phones, once nothing of it is due any more, or no such chunk."""
    due = {"broadcast_id": one.id, "state": "due"}
    await until(lambda: none_of(FanOut.filter(**due), Chunk.filter(**due, **which)))
    return await outcomes(one)
