"""The delivery loop: takes what is due for one provider, sends it, and records what became of each.

Rows are settled in small groups, so that a worker that dies loses nothing and repeats at most what it had not settled.
No transaction is open while a provider is awaited.
"""

from __future__ import annotations

import asyncio
import random
import time
from dataclasses import dataclass

import structlog
from prometheus_client import Counter, Histogram

from banshi import Platform
from mobile_push.provider import Outcome, Provider, Push, Receipt
from mobile_push.queue import Job, Queue, Settlement
from mobile_push.settings import PushSettings

log = structlog.get_logger("mobile_push")

#: Jobs claimed for each send that may be under way: enough that no connection waits for the database.
AHEAD = 2

#: Longest time in seconds that an outcome waits for others to be settled with.
GATHER = 0.02

#: Longest sleep in seconds when nothing is due: how late a row may be that another process wrote.
LONGEST_SLEEP = 1.0

#: Bounds in seconds of the pause before the next attempt; where our own project is at fault, an operator is needed.
FIRST_PAUSE, LONGEST_PAUSE, OPERATOR_PAUSE = 1.0, 600.0, 60.0

#: Seconds that sends under way get to finish when the server stops.
DRAIN = 3.0

#: Seconds between two words to the operators about the same thing.
QUIET = 60.0

#: What a final outcome makes of a delivery.
STATES = {Outcome.ACCEPTED: "sent", Outcome.DEAD_TOKEN: "dead", Outcome.REJECTED: "failed"}


@dataclass(frozen=True, slots=True)
class Metrics:
    """What operators see of deliveries."""

    attempts: Counter
    seconds: Histogram

    @classmethod
    def of(cls, platform: Platform) -> Metrics:
        registry = platform.metrics
        names = ["provider", "outcome", "code"]
        buckets = (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 60, 600)
        return cls(
            Counter("banshi_push_attempts", "Attempts to deliver, by outcome", names, registry=registry),
            Histogram(
                "banshi_push_seconds",
                "Seconds until the provider took it",
                ["provider"],
                buckets=buckets,
                registry=registry,
            ),
        )


class Delivery:
    """Delivers through one provider, up to `at_once` messages at the same time."""

    def __init__(
        self, platform: Platform, provider: Provider, settings: PushSettings, metrics: Metrics, *, at_once: int
    ) -> None:
        self.wake = asyncio.Event()
        self._provider = provider
        self._queue = Queue(platform, provider.name, settings)
        self._metrics = metrics
        self._at_once = at_once
        #: None tells a sender to stop.
        self._jobs: asyncio.Queue[Job | None] = asyncio.Queue()
        self._settlements: list[Settlement] = []
        self._outcome = asyncio.Event()
        #: Seconds after its claim for which a job may still be begun: it has to end before its lease does.
        self._good_for = settings.lease - provider.longest_send
        self._told: dict[str, float] = {}

    async def run(self) -> None:
        """Deliver until cancelled; then finish what is under way and give the rest back."""
        senders = [asyncio.create_task(self._send_all()) for _ in range(self._at_once)]
        settler = asyncio.create_task(self._settle_all())
        try:
            await self._claim_all()
        finally:
            await asyncio.shield(self._stop(senders, settler))

    async def _stop(self, senders: list[asyncio.Task[None]], settler: asyncio.Task[None]) -> None:
        left = [job for job in (self._jobs.get_nowait() for _ in range(self._jobs.qsize())) if job]
        for _ in senders:
            self._jobs.put_nowait(None)
        await asyncio.wait(senders, timeout=DRAIN)
        for task in (*senders, settler):
            task.cancel()
        await asyncio.gather(*senders, settler, return_exceptions=True)
        await self._settle()
        await self._queue.give_back(left)

    async def _claim_all(self) -> None:
        while True:
            self.wake.clear()
            room = self._at_once * AHEAD - self._jobs.qsize()
            paused = self._provider.paused_until - time.monotonic()
            if paused > 0:
                await asyncio.sleep(min(paused, LONGEST_SLEEP))
                continue
            try:
                jobs = await self._claim(room) if room >= self._at_once else []
            except Exception as error:  # the database is away; what is due stays due, so keep asking
                log.error("deliveries can't be read", provider=self._provider.name, error=type(error).__name__)
                await asyncio.sleep(LONGEST_SLEEP)
                continue
            for job in jobs:
                self._jobs.put_nowait(job)
            if not jobs:
                await _either(self.wake, LONGEST_SLEEP if self._jobs.empty() else GATHER)

    async def _claim(self, room: int) -> list[Job]:
        claim = asyncio.create_task(self._queue.claim(room))
        try:
            return await asyncio.shield(claim)
        except asyncio.CancelledError:
            # The server stops in this very moment: what is being claimed would wait for its lease to end.
            await self._queue.give_back(await claim)
            raise

    async def _send_all(self) -> None:
        provider, metrics = self._provider, self._metrics
        while (job := await self._jobs.get()) is not None:
            if job.push is None:
                state = "expired" if job.code == "expired" else "failed"
                metrics.attempts.labels(provider.name, state, job.code).inc()
                self._take_in(Settlement(job, state, job.code))
                continue
            if time.monotonic() - job.claimed > self._good_for:
                # Whoever claims it next sends it; both of us would be one too many.
                continue
            if (paused := provider.paused_until - time.monotonic()) > 0:
                self._take_in(Settlement(job, "due", "paused", wait=paused + _jitter(FIRST_PAUSE)))
                continue
            receipt = await self._send(job, job.push)
            metrics.attempts.labels(provider.name, receipt.outcome.value, receipt.code).inc()
            if receipt.outcome is Outcome.ACCEPTED:
                metrics.seconds.labels(provider.name).observe(max(0.0, time.time() - job.since))
            self._take_in(settlement_of(job, receipt))

    async def _send(self, job: Job, push: Push) -> Receipt:
        try:
            receipt = await self._provider.send(push, job.token)
        except asyncio.CancelledError:
            # The server stops; whether it went out nobody knows. It is due again at once, for the next worker.
            self._take_in(Settlement(job, "due", "stopped"))
            raise
        except Exception as error:  # a provider that breaks its word: this message waits, and all others go on
            self._tell("a push provider failed", type(error).__name__)
            return Receipt(Outcome.RETRY, "provider-failed")
        if receipt.outcome is Outcome.MISCONFIGURED:
            self._tell("the push project is misconfigured; tokens are kept, sending goes on once mended", receipt.code)
        return receipt

    def _tell(self, what: str, code: str) -> None:
        """Tell the operators, once a minute for each code: every message would say the same."""
        now = time.monotonic()
        if now - self._told.get(code, -QUIET) >= QUIET:
            self._told[code] = now
            log.error(what, provider=self._provider.name, code=code)

    def _take_in(self, settlement: Settlement) -> None:
        self._settlements.append(settlement)
        self._outcome.set()

    async def _settle_all(self) -> None:
        while True:
            await self._outcome.wait()
            self._outcome.clear()
            await self._settle()
            await asyncio.sleep(GATHER)

    async def _settle(self) -> None:
        group, self._settlements = self._settlements, []
        if not group:
            return
        try:
            await self._queue.settle(group)
        except asyncio.CancelledError:
            # The server stops: its last act records them again, which changes nothing where it was done already.
            self._settlements = [*group, *self._settlements]
            raise
        except Exception as error:  # the leases run on: whoever claims them next sends them again
            log.error("outcomes can't be recorded", provider=self._provider.name, error=type(error).__name__)
        if any(one.state == "due" for one in group):
            self.wake.set()


def settlement_of(job: Job, receipt: Receipt) -> Settlement:
    """What a receipt makes of its job. Retries end when the message does: the queue then finds it expired."""
    state = STATES.get(receipt.outcome)
    if state is not None:
        return Settlement(job, state, receipt.code, receipt.provider_message or "")
    pause = _jitter(min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** min(job.attempts, 16)))
    if receipt.outcome is Outcome.MISCONFIGURED:
        pause += OPERATOR_PAUSE
    return Settlement(job, "due", receipt.code, wait=(receipt.retry_after or 0.0) + pause)


def _jitter(longest: float) -> float:
    """A pause of at most so many seconds. Full jitter: a thousand that failed together don't come back together."""
    return random.uniform(0, longest)  # noqa: S311


async def _either(event: asyncio.Event, seconds: float) -> None:
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        pass
