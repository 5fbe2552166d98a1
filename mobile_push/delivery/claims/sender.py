"""One send through a provider, to one phone or to many at once, and what follows of its receipts."""

from __future__ import annotations

import asyncio
from collections import defaultdict, deque
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime

from prometheus_client import Counter

from banshi import Platform
from banshi.sdk.operations import traced
from mobile_push.delivery.claims.delivery_job import STOPPED, DeliveryJob
from mobile_push.delivery.claims.verdicts import Verdicts
from mobile_push.delivery.metrics import Metrics, Teller
from mobile_push.delivery.pace import Pace
from mobile_push.providers.provider import BatchProvider, Outcome, Provider, Receipt, TopicProvider

#: Of a provider that breaks its word: this message waits, and all others go on.
PROVIDER_FAILED = Receipt(Outcome.RETRY, "provider-failed")

#: Which receipts of one request are taken in first.
FIRST = {Outcome.ACCEPTED: 0, Outcome.RETRY: 1}

#: What was not sent, since the provider takes nothing of its kind before its day turns.
SPENT_ALREADY = Receipt(Outcome.SPENT, "spent")


class Sender:
    """Sends through one provider; calls `told` with how many outcomes there are to be recorded."""

    def __init__(
        self,
        platform: Platform,
        provider: Provider,
        pace: Pace,
        metrics: Metrics,
        teller: Teller,
        verdicts: Verdicts,
        told: Callable[[int], None],
    ) -> None:
        self._platform, self._provider, self._pace = platform, provider, pace
        self._metrics, self._teller, self._verdicts, self._told = metrics, teller, verdicts, told
        self._counters: dict[tuple[Outcome, str], Counter] = {}
        #: Phones of one request at most.
        self._most: int = getattr(provider, "batch", 1)

    async def send(self, delivery: DeliveryJob, waiting: deque[DeliveryJob]) -> None:
        """Send a delivery that may go now, where it can be with those of `waiting` that are the same message."""
        if self._verdicts.spent(delivery.push.kind):
            self._pace.left(delivery.lane)
            delivery.source.settle(delivery, SPENT_ALREADY)
            self._told(1)
        elif self._most > 1 and delivery.batch is not None:
            await self._send_many(self._alike(delivery, waiting))
        else:
            await self._send_one(delivery)

    def _alike(self, first: DeliveryJob, waiting: deque[DeliveryJob]) -> list[DeliveryJob]:
        """The first with those behind it that are the same message to phones of the same chunk.

        What is tried again comes so with the same phones in the same order.
        """
        found = [first]
        while waiting and len(found) < self._most and waiting[0].batch is first.batch and waiting[0].push is first.push:
            if not waiting[0].source.ready(waiting[0]):
                waiting.popleft()
            elif self._pace.more(first.lane):
                break
            else:
                found.append(waiting.popleft())
        return found

    async def _send_one(self, delivery: DeliveryJob) -> None:
        asked_at = self._platform.now()
        try:
            receipt = await (self._send_traced(delivery) if delivery.trace else self._sending(delivery))
        except asyncio.CancelledError:
            self._stopped([delivery])
            raise
        except Exception as error:
            self._teller.tell("a push provider failed", type(error).__name__)
            receipt = PROVIDER_FAILED
        self._pace.answered(delivery.lane, receipt)
        self._take_in(receipt, [delivery], asked_at)

    async def _send_many(self, deliveries: list[DeliveryJob]) -> None:
        provider, first, asked_at = self._provider, deliveries[0], self._platform.now()
        assert isinstance(provider, BatchProvider)  # noqa: S101 - only such a one has a batch
        try:
            receipts = await provider.send_many(first.push, [one.token for one in deliveries])
            if len(receipts) != len(deliveries):
                raise ValueError(f"{len(receipts)} receipts for {len(deliveries)} phones")
        except asyncio.CancelledError:
            self._stopped(deliveries)
            raise
        except Exception as error:
            self._teller.tell("a push provider failed", type(error).__name__)
            receipts = [PROVIDER_FAILED] * len(deliveries)
        found: dict[Receipt, list[DeliveryJob]] = defaultdict(list)
        last, same = receipts[0], found[receipts[0]]
        for one, receipt in zip(deliveries, receipts, strict=True):
            if receipt is not last:
                last, same = receipt, found[receipt]
            same.append(one)
        # Those that were accepted come first: what is said beside them of others is judged by it.
        order = sorted(found, key=lambda one: FIRST.get(one.outcome, len(FIRST)))
        self._pace.answered(first.lane, order[0])
        for receipt in order:
            self._take_in(receipt, found[receipt], asked_at, beside=order[0].outcome is Outcome.ACCEPTED)

    def _stopped(self, deliveries: Sequence[DeliveryJob]) -> None:
        """The server stops; whether they went out nobody knows. They are due again at once, for the next worker."""
        self._pace.left(deliveries[0].lane)
        for one in deliveries:
            one.source.settle(one, STOPPED)

    def _take_in(
        self, receipt: Receipt, deliveries: Sequence[DeliveryJob], asked_at: datetime, *, beside: bool = False
    ) -> None:
        if receipt.outcome is Outcome.MISCONFIGURED:
            self._teller.tell(
                "the push project is misconfigured; tokens are kept, sending goes on once mended", receipt.code
            )
        self._count(receipt).inc(len(deliveries))
        if receipt.outcome is Outcome.ACCEPTED:
            self._verdicts.accepted(deliveries)
            deliveries[0].source.accepted(deliveries, receipt)
        else:
            for delivery in deliveries:
                delivery.source.settle(delivery, self._verdicts.judge(delivery, receipt, asked_at, beside=beside))
        self._told(len(deliveries))

    def _sending(self, delivery: DeliveryJob) -> Awaitable[Receipt]:
        if not delivery.topic:
            return self._provider.send(delivery.push, delivery.token)
        assert isinstance(self._provider, TopicProvider)  # noqa: S101 - only such a one has topics in use
        return self._provider.send_topic(delivery.push, delivery.token, delivery.unless)

    async def _send_traced(self, delivery: DeliveryJob) -> Receipt:
        about = {"provider": self._provider.name, "lane": delivery.lane.name.lower(), "kind": delivery.push.kind}
        with traced(self._platform, "push send", delivery.trace, **about) as span:
            receipt = await self._sending(delivery)
            span.set(outcome=receipt.outcome.value, code=receipt.code)
            return receipt

    def _count(self, receipt: Receipt) -> Counter:
        """The counter of such receipts; kept, because to find it by its labels costs more than to count."""
        key = receipt.outcome, receipt.code
        found = self._counters.get(key)
        if found is None:
            found = self._metrics.attempts.labels(self._provider.name, receipt.outcome.value, receipt.code)
            self._counters[key] = found
        return found
