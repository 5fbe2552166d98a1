"""A provider's quota where several processes use it up: each takes it sip by sip from what they count together."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from banshi.sdk.limits import Rates
from mobile_push.delivery.pace import Grant, Pace
from mobile_push.tables.lanes import ALERT_SHARE

#: Seconds of the full rate that are taken at once, and until it is asked again where nothing is left.
SIP_S, RETRY_S = 0.05, 0.02

#: Seconds between two words that this process shares it, and two looks how many do.
COUNT_SHARERS_S = 3.0

#: Messages a second below which they are counted by the minute: parts of one can't be.
MIN_RATE_A_SECOND = 20


class Quota:
    """What of a provider's rate this process may use. Where Redis is away it is an equal part for each.

    Alerts may use all of it, everything else all but the share that is reserved: of both there is a count.
    """

    def __init__(self, rates: Rates, provider: str, pace: Pace, rouse: Callable[[], None]) -> None:
        assert pace.per_second is not None  # noqa: S101 - only a provider that has one
        self._rates = rates
        self._name = f"push.{provider}"
        self._rouse = rouse
        self._per_second = pace.per_second
        self._seconds = 1 if pace.per_second >= MIN_RATE_A_SECOND else 60
        self._most = max(1, int(pace.per_second * self._seconds))
        self._sip = max(1, int(pace.per_second * SIP_S))
        self._sharers = 1
        self._alerts, self._others = Grant(low=self._sip), Grant(low=self._sip)
        pace.alerts, pace.others = self._alerts, self._others

    async def run(self) -> None:
        """Take what is wanted, until cancelled."""
        await asyncio.gather(self._count(), self._fill(self._alerts), self._fill(self._others))

    async def _count(self) -> None:
        """Also while there is nothing to send: others have to know how many would share it."""
        while True:
            self._sharers = await self._rates.sharers(self._name)
            await asyncio.sleep(COUNT_SHARERS_S)

    async def _fill(self, grant: Grant) -> None:
        while True:
            await grant.wanted.wait()
            pause = await self._take(grant)
            if grant.left > grant.low:
                grant.wanted.clear()
            if pause:
                await asyncio.sleep(pause)

    async def _take(self, grant: Grant) -> float:
        """One sip, or none; the seconds until the next."""
        if self._rates.together:
            wait = await self._asked(grant)
            if self._rates.together:
                if not wait:
                    self._give(grant)
                # All of a minute may go at once, and is not there again in a moment.
                return min(wait, max(RETRY_S, self._sip / self._per_second))
        self._give(grant)
        return self._sip * self._sharers / self._per_second

    async def _asked(self, grant: Grant) -> float:
        if grant is self._others:
            most = max(1, int(self._most * (1 - ALERT_SHARE)))
            if wait := await self._rates.wait(f"{self._name}.others", most, self._seconds, cost=min(self._sip, most)):
                return wait
        return await self._rates.wait(self._name, self._most, self._seconds, cost=self._sip)

    def _give(self, grant: Grant) -> None:
        grant.left += self._sip
        self._rouse()
