"""The courier's senders: each goes on whatever comes, at the rate that is set, on the loop that serves."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Sequence
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest
from prometheus_client import CollectorRegistry
from structlog.testing import capture_logs

from mobile_push.delivery import courier as module
from mobile_push.delivery.claims.delivery_job import DeliveryJob
from mobile_push.delivery.courier import Courier
from mobile_push.delivery.metrics import Metrics
from mobile_push.delivery.pace import Pace
from mobile_push.providers.provider import Outcome, Receipt
from mobile_push.tables.lanes import Lane
from tests.mobile_push.delivery.ways.in_memory import InBatches

NOBODY: Any = None
PUSH: Any = SimpleNamespace(kind="case")


def bare_platform() -> Any:
    """What a courier asks a platform for."""
    return SimpleNamespace(metrics=CollectorRegistry(), get=lambda _: None, now=lambda: datetime.now(UTC))


class Provider:
    """Takes everything but the silent, which it never answers in this test's time."""

    name, at_once, one_service, longest_send = "fcm", 20, True, 5.0

    def __init__(self, per_second: float) -> None:
        self.per_second: float | None = per_second
        self.taken: list[str] = []

    async def send(self, _: Any, token: str) -> Receipt:
        self.taken.append(token)
        if token.startswith("silent"):
            await asyncio.sleep(60)
        return Receipt(Outcome.ACCEPTED, "OK")


class Source:
    """Has these tokens to be sent to."""

    def __init__(self, tokens: list[str]) -> None:
        self.tokens = deque(tokens)
        self.settled: list[str] = []

    async def claim(self, _: Lane, limit: int) -> list[DeliveryJob]:
        found = [self.tokens.popleft() for _ in range(min(limit, len(self.tokens)))]
        return [DeliveryJob(PUSH, token, Lane.CASE, self, None) for token in found]

    def ready(self, _: DeliveryJob) -> bool:
        return True

    def settle(self, delivery: DeliveryJob, _: Receipt) -> None:
        self.settled.append(delivery.token)

    def accepted(self, deliveries: list[DeliveryJob], _: Receipt) -> None:
        self.settled += [delivery.token for delivery in deliveries]

    async def record(self) -> bool:
        return False

    async def give_back(self, _: Any) -> None:
        pass


async def nothing(_: Any) -> bool:
    return False


@pytest.fixture(autouse=True)
def no_database(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mobile_push.delivery.claims.verdicts.Verdicts.write_down", nothing)


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> Any:
    """`made(tokens, per_second)`: a courier that has these to send to, with its provider and its source."""

    def make(tokens: list[str], per_second: float) -> tuple[Courier, Provider, Source]:
        source = Source(tokens)
        monkeypatch.setattr(module, "Rows", lambda *_: source)
        monkeypatch.setattr(module, "Chunks", lambda *_: Source([]))
        platform = bare_platform()
        provider: Any = Provider(per_second)
        return Courier(platform, provider, NOBODY, Metrics(platform)), provider, source

    return make


async def all_settled(courier: Courier, source: Source, count: int) -> None:
    running = asyncio.create_task(courier.run())
    try:
        async with asyncio.timeout(10):
            while len(source.settled) < count:  # noqa: ASYNC110 - a source has no event
                await asyncio.sleep(0.01)
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def test_the_rate_is_kept_while_some_messages_are_never_answered(made: Any) -> None:
    """Many a pause at such a rate is over before the loop's clock has moved on."""
    tokens = [f"silent-{number}" if number % 40 == 20 else f"token-{number}" for number in range(400)]
    courier, provider, source = made(tokens, 400.0)
    started = time.monotonic()
    await all_settled(courier, source, 390)
    # Four fifths of the rate are everybody's: 400 of them take 1.25 s, and never less.
    assert len(provider.taken) == 400
    assert time.monotonic() - started > 1.1


async def test_a_sender_that_fails_goes_on_and_says_so(made: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    courier, _, source = made([f"token-{number}" for number in range(100)], 100_000.0)
    failures = 0

    def fail_first(_: Lane) -> float:
        nonlocal failures
        if failures < 40:
            failures += 1
            raise ZeroDivisionError("wang's number")
        return 0.0

    monkeypatch.setattr(type(courier.pace), "take", lambda _, lane: fail_first(lane))
    monkeypatch.setattr(module, "GATHER_MANY_S", 0.001)
    with capture_logs() as lines:
        await all_settled(courier, source, 100)
    assert failures == 40, "more often than there are senders"
    assert [line["event"] for line in lines] == ["a sender failed and goes on"]
    assert lines[0]["code"].startswith("ZeroDivisionError test_courier.py:")
    assert "wang" not in str(lines)


def test_what_is_kept_for_alerts_is_no_room_for_notices() -> None:
    pace = Pace(per_second=1000.0, at_once=1000, clock=lambda: 100.0)
    while not pace.take(Lane.NOTICE):
        pass
    assert pace.room(Lane.NOTICE) == 0
    assert pace.room(Lane.CASE) == 0
    assert pace.room(Lane.ALERT) == pace.free == 20


class InRequests(InBatches):
    """It answers no notice before the test says so."""

    batch, unseen = 50, False

    def __init__(self) -> None:
        super().__init__("b")
        self.kinds: list[str] = []
        self.go = asyncio.Event()

    async def send_many(self, push: Any, tokens: Sequence[str]) -> list[Receipt]:
        self.kinds.append(push.kind)
        if push.kind != "alert":
            await self.go.wait()
        return [Receipt(Outcome.ACCEPTED, "OK")] * len(tokens)


async def test_an_alert_overtakes_the_notices_of_a_provider_that_takes_many_at_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """However many of them are claimed and under way, a request is left for it, and so is a claim."""
    notice, alert = SimpleNamespace(kind="notice"), SimpleNamespace(kind="alert")

    class Chunked(Source):
        claims: list[int] = []  # noqa: RUF012

        async def claim(self, lane: Lane, limit: int) -> list[DeliveryJob]:
            self.claims.append(limit)
            if urgent:
                return [DeliveryJob(alert, urgent.pop(), Lane.ALERT, self, None, batch=alert)]
            some = [self.tokens.popleft() for _ in range(min(limit, len(self.tokens)))] if lane is Lane.NOTICE else []
            return [DeliveryJob(notice, one, Lane.NOTICE, self, None, batch=int(one) // 50) for one in some]

    urgent: list[str] = []
    source, provider = Chunked([str(number) for number in range(2000)]), InRequests()
    monkeypatch.setattr(module, "Rows", lambda *_: source)
    monkeypatch.setattr(module, "Chunks", lambda *_: Source([]))
    platform = bare_platform()
    courier = Courier(platform, provider, NOBODY, Metrics(platform))
    running = asyncio.create_task(courier.run())
    try:
        async with asyncio.timeout(20):
            while len(provider.kinds) < 3:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
            urgent.append("now")
            courier.wake.set()
            while "now" not in source.settled:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        assert provider.kinds == ["notice"] * 3 + ["alert"]
        assert max(source.claims) <= 100, "no claim is so long that an alert waits for it"
        provider.go.set()
        async with asyncio.timeout(20):
            while len(source.settled) < 2001:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
