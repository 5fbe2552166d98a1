"""What somebody has read on one phone leaves the screens of their others: said once, kept nowhere, missed by nobody."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

from mobile_push.delivery.claims.delivery_job import Parcel
from mobile_push.providers.provider import Push, Receipt
from mobile_push.tables.lanes import Lane

#: What waits to be said at most; and seconds for which a phone that is off still learns of it.
MAX_WAITING, LIFE_S = 10_000, 86_400


class Screens:
    """Of the phones of one provider. What isn't taken is not tried again: an app that is opened clears its screen."""

    def __init__(self) -> None:
        self._waiting: deque[Parcel] = deque(maxlen=MAX_WAITING)

    def add(self, push: Push, token: str) -> None:
        self._waiting.append(Parcel(push, token, Lane.NOTICE, self, None))

    async def claim(self, lane: Lane, limit: int) -> Sequence[Parcel]:
        if lane is not Lane.NOTICE:
            return ()
        return [self._waiting.popleft() for _ in range(min(limit, len(self._waiting)))]

    def ready(self, _: Parcel) -> bool:
        return True

    def settle(self, parcel: Parcel, receipt: Receipt) -> None:
        pass

    def accepted(self, parcels: Sequence[Parcel]) -> None:
        pass

    async def record(self) -> bool:
        return bool(self._waiting)

    async def give_back(self, parcels: Sequence[Parcel]) -> None:
        self._waiting.extendleft(parcels)
