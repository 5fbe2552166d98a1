"""What somebody has read on one phone leaves the screens of their others: a state of what was sent to these."""

from __future__ import annotations

from collections.abc import Sequence

from banshi import Platform
from mobile_push.delivery.claims.delivery_job import DeliveryJob
from mobile_push.delivery.claims.queue import Row, queue_of
from mobile_push.delivery.claims.rows import push_of
from mobile_push.providers.provider import Push, Receipt
from mobile_push.settings import PushSettings
from mobile_push.tables.lanes import Lane
from mobile_push.tables.marks import Marks

#: The state of a delivery that is to leave its screen, and then is `sent` again; and seconds for which a phone that is
#: off still learns of it.
READ, LIFE_S = "done", 86_400


class Screens:
    """Of the phones by one way. What isn't taken is not tried again: an app that is opened clears its screen."""

    def __init__(self, platform: Platform, settings: PushSettings, name: str) -> None:
        self._platform, self._settings = platform, settings
        self._queue = queue_of(platform, name, settings.lease, READ)
        self._told: list[int] = []

    async def claim(self, lane: Lane, limit: int) -> Sequence[DeliveryJob]:
        rows = await self._queue.claim(lane, limit) if lane is Lane.NOTICE else ()
        self._told += [row.id for row in rows if not row.token]
        return [DeliveryJob(self._push(row), row.token, lane, self, row) for row in rows if row.token]

    def _push(self, row: Row) -> Push:
        push = push_of(self._platform, self._settings, row, LIFE_S)
        return push._replace(withdrawn="read", presentation=self._settings.presentation.withdrawn)

    def ready(self, _: DeliveryJob) -> bool:
        return True

    def settle(self, delivery: DeliveryJob, _: Receipt) -> None:
        self._told.append(delivery.key.id)

    def accepted(self, deliveries: Sequence[DeliveryJob], _: Receipt) -> None:
        self._told += [delivery.key.id for delivery in deliveries]

    async def record(self) -> bool:
        if told := self._told[:]:
            mark = Marks(self._platform.store)
            these = f"state = '{READ}' AND id IN ({mark.each(told)})"
            await mark.change(f"UPDATE push_delivery SET state = 'sent', lease_until = 0 WHERE {these}")  # noqa: S608
            del self._told[: len(told)]
        return False

    async def give_back(self, deliveries: Sequence[DeliveryJob]) -> None:
        await self._queue.give_back([(delivery.key.id, delivery.key.attempts) for delivery in deliveries])
