"""For `capacity.py`: a push provider that takes as long as it is told to, and has a quota of its own."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

from banshi import Offer, hookimpl
from mobile_push import PROVIDERS, Outcome, Push, Receipt, Way

#: Spread of the logarithm of its answers' times: one in a hundred takes three times the median.
SPREAD = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """How it behaves."""

    #: Messages a second that it is thought to take, and sends at once.
    per_second: float = 100.0
    at_once: int = 10
    #: Seconds that an answer takes in the mean.
    latency: float = 0.08
    #: Messages that it really takes in each minute; the others are refused until the next one begins.
    quota: int = 10**9


class Modelled:
    """A provider without a network."""

    name = "modelled"
    longest_send = 10.0
    one_service = True

    def __init__(self, model: Model) -> None:
        self.model = model
        self.per_second, self.at_once = model.per_second, model.at_once
        self._random = random.Random(1)
        # A lognormal's mean is above its median.
        self._median = model.latency / 2.718281828459045 ** (SPREAD**2 / 2)
        self._minute, self._taken = -1, 0
        #: (seconds, what sort of message) of each that was taken, and how many were refused.
        self.taken: list[tuple[float, str]] = []
        self.refused = 0

    async def __aenter__(self) -> Self:
        OPEN.append(self)
        return self

    async def __aexit__(self, *_: Any) -> None:
        OPEN.remove(self)

    async def send(self, push: Push, token: str) -> Receipt:  # noqa: ARG002 - all phones are alike
        await asyncio.sleep(self._median * self._random.lognormvariate(0.0, SPREAD))
        now = time.monotonic()
        if int(now // 60) != self._minute:
            self._minute, self._taken = int(now // 60), 0
        if self._taken >= self.model.quota:
            self.refused += 1
            return Receipt(Outcome.RETRY, "QUOTA_EXCEEDED", retry_after=60.0 - now % 60)
        self._taken += 1
        self.taken.append((now, push.kind))
        return Receipt(Outcome.ACCEPTED, "OK")


#: Those that are open, for whoever measures.
OPEN: list[Modelled] = []


@hookimpl
def banshi_settings() -> type:
    return Model


@hookimpl
def banshi_offers(settings: Model) -> Sequence[Offer[Way]]:
    return [Offer(PROVIDERS, Way("modelled", lambda: Modelled(settings)))]
