"""Forgets phones without a sign-in of which nothing was heard for long, and what is left of those that are gone."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from tortoise.transactions import in_transaction

from banshi import Platform
from mobile_push.phones.anonymous.subjects import subject_of
from mobile_push.phones.erasure import end_deliveries, erase_device
from mobile_push.tables.models import AnonymousDevice, Device

#: Phones that one step looks through.
MAX_PHONES_A_STEP = 1_000


async def forget_ended(platform: Platform, days: int) -> int:
    """One round; how many were forgotten. Several at once, or one that is cut off, do no harm."""
    before = platform.now() - timedelta(days=days)
    forgotten, last = 0, UUID(int=0)
    while True:
        step = AnonymousDevice.filter(id__gt=last).order_by("id").limit(MAX_PHONES_A_STEP)
        ids: list[UUID] = [row.id for row in await step]
        seen = {device.id: device.seen_at for device in await Device.filter(id__in=ids).only("id", "seen_at")}
        for identity in ids:
            if identity not in seen:
                await _clear(platform, identity)
            elif seen[identity] < before:
                forgotten += await erase_device(platform, identity, subject_of(identity), before=before)
        if len(ids) < MAX_PHONES_A_STEP:
            return forgotten
        last = ids[-1]


async def _clear(platform: Platform, identity: UUID) -> None:
    """Of a phone whose token was found dead: its wishes, and the hash of its secret. Its id is given to no other."""
    async with in_transaction() as connection:
        await end_deliveries(platform, connection, identity, subject_of(identity))
