"""How fast one provider is sent to: its quota, what its refusals ask for, and when it is left alone for a while.

Scattered refusals cost nothing but another try of the message that was refused. Where they become many the rate comes
down by a factor and rises again step by step, and where nothing gets through any more the provider is left alone
for a growing while, after which a few messages find out whether it is back.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from banshi.sdk.outgoing import Retry
from mobile_push.providers.provider import Outcome, Receipt
from mobile_push.tables.lanes import ALERT_SHARE, Lane

#: Seconds of the full rate that may be sent at once after a rest.
BURST_S = 0.1

#: Seconds over which answers are counted before the rate is changed.
WINDOW_S = 1.0

#: Share of refusals for load in a window from which on the rate comes down, and answers that a window needs for it.
MAX_REFUSED_SHARE, MIN_ANSWERS = 0.05, 20

#: What the rate is multiplied with when it comes down, what share of the full rate it rises by in each window, and
#: below what share it never falls.
SHARE_FACTOR_DOWN, SHARE_STEP_UP, MIN_SHARE = 0.7, 0.05, 0.01

#: Failures in a row, with nothing accepted in between, after which the provider is left alone; as how many a refusal
#: counts that asks for a pause.
MAX_FAILURES, FAILURES_A_REFUSAL = 20, 2

#: How long it is left alone, and how many messages then try whether it is back. So many every few seconds are no load
#: to anybody, and whatever waits goes out that soon after the outage. Half of a rest is no chance, so that it is one.
REST, MAX_PROBES = Retry(1.0, 15.0, spread=0.5), 4


@dataclass(slots=True)
class Grant:
    """How many messages may go of what several processes count together."""

    #: From where on more of it is wanted.
    low: int
    left: int = 0
    wanted: asyncio.Event = field(default_factory=asyncio.Event)


@dataclass(slots=True)
class Bucket:
    """A token bucket of a capacity and a rate that others decide."""

    level: float = 0.0
    at: float = 0.0

    def fill(self, rate: float, capacity: float, now: float) -> float:
        self.level = min(capacity, self.level + (now - self.at) * rate)
        self.at = now
        return self.level


@dataclass(slots=True)
class Pace:
    """Says of each message whether it may go now. Times are `time.monotonic()`'s, so no clock that jumps matters."""

    #: Messages a second; None for as fast as it goes.
    per_second: float | None
    #: Requests that may be under way together.
    at_once: int
    #: Whether refusals and failures are everybody's; where each message may go to another service, one must not slow
    #: all others down.
    one_service: bool = True
    clock: Callable[[], float] = time.monotonic
    #: The share of the full rate that the provider puts up with at present.
    share: float = 1.0
    #: Until when nothing is sent, and why.
    resting_until: float = 0.0
    under_way: int = 0
    #: Of a quota that several processes share, what alerts may use and what all else may; None where this process has
    #: it to itself.
    alerts: Grant | None = None
    others: Grant | None = None
    _alerts_under_way: int = 0
    _all: Bucket = field(default_factory=Bucket)
    _others: Bucket = field(default_factory=Bucket)
    _window: float = 0.0
    _answers: int = 0
    _refusals: int = 0
    _failures: int = 0
    _rests: int = 0

    @property
    def resting(self) -> float:
        """Seconds for which the provider is still left alone; 0.0 when it isn't."""
        return max(0.0, self.resting_until - self.clock())

    @property
    def free(self) -> int:
        """How many messages may go now at most."""
        free = self.at_once - self.under_way
        if self.alerts is not None and self.others is not None:
            free = min(free, self.alerts.left + self.others.left)
        return free if self.per_second is None else min(free, int(self._all.level))

    def room(self, lane: Lane) -> int:
        """How many of that lane may go now at most, as far as is known without looking at the clock."""
        if lane is Lane.ALERT or self.per_second is None:
            return self.free
        return min(self.free, int(self._others.level))

    @property
    def probing(self) -> bool:
        """Whether it is being found out if the provider is back."""
        return self._failures >= MAX_FAILURES

    def take(self, lane: Lane) -> float:
        """0.0 and the message is under way, or the seconds to wait at least before asking again."""
        now = self.clock()
        if now < self.resting_until:
            return self.resting_until - now
        alert = lane is Lane.ALERT
        room = self.at_once - (0 if alert else max(1, int(self.at_once * ALERT_SHARE)) if self.at_once > 1 else 0)
        if self.under_way >= self.at_once or (not alert and self.under_way - self._alerts_under_way >= room):
            return BURST_S
        if self.probing and self.under_way >= MAX_PROBES:
            return BURST_S
        if pause := self.more(lane):
            return pause
        self.under_way += 1
        self._alerts_under_way += alert
        return 0.0

    def more(self, lane: Lane) -> float:
        """0.0 where another phone may go along in a request that is under way, or the seconds to wait."""
        now, alert = self.clock(), lane is Lane.ALERT
        grant = self.alerts if alert else self.others
        if grant is not None:
            if grant.left <= grant.low:
                grant.wanted.set()
            if grant.left < 1:
                return BURST_S
        if self.per_second is not None:
            rate = self.per_second * self.share
            if self._all.fill(rate, max(1.0, rate * BURST_S), now) < 1:
                return (1 - self._all.level) / rate
            if not alert:
                less = rate * (1 - ALERT_SHARE)
                if self._others.fill(less, max(1.0, less * BURST_S), now) < 1:
                    return (1 - self._others.level) / less
                self._others.level -= 1
            self._all.level -= 1
        if grant is not None:
            grant.left -= 1
        return 0.0

    def answered(self, lane: Lane, receipt: Receipt) -> None:
        """Take in what became of a request that was under way."""
        self.left(lane)
        if not self.one_service:
            return
        outcome = receipt.outcome
        self._answers += 1
        if outcome is Outcome.RETRY or outcome is Outcome.MISCONFIGURED:
            refused = receipt.retry_after is not None
            self._refusals += refused
            self._failures += FAILURES_A_REFUSAL if refused else 1
            if self._failures >= MAX_FAILURES:
                self._rest(receipt)
        elif self._failures:
            self._failures = self._rests = 0
        now = self.clock()
        if now - self._window >= WINDOW_S:
            self._judge(now)

    def left(self, lane: Lane) -> None:
        """A request that was under way is none any more, whatever became of it."""
        self.under_way -= 1
        self._alerts_under_way -= lane is Lane.ALERT

    def _rest(self, receipt: Receipt) -> None:
        now = self.clock()
        if now < self.resting_until:
            self.resting_until = max(self.resting_until, now + (receipt.retry_after or 0.0))
            return
        self._rests += 1
        # Never less than what the provider asks for.
        self.resting_until = now + max(receipt.retry_after or 0.0, REST.pause(self._rests))

    def _judge(self, now: float) -> None:
        if self._answers >= MIN_ANSWERS and self._refusals > self._answers * MAX_REFUSED_SHARE:
            self.share = max(MIN_SHARE, self.share * SHARE_FACTOR_DOWN)
        elif self._answers:
            self.share = min(1.0, self.share + SHARE_STEP_UP)
        self._window, self._answers, self._refusals = now, 0, 0
