"""A database that takes no writes, a primary that its standby replaces: an outage of seconds, and nothing lost."""

from __future__ import annotations

import asyncio
import itertools
import re
import signal
from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

import asyncpg
import pytest
from prometheus_client import CollectorRegistry
from prometheus_client import Counter as Metric
from tortoise.exceptions import DBConnectionError

from banshi.foundation.database.postgres import translated
from banshi.foundation.errors import DepartmentFailed, Unavailable
from banshi.kernel.outbox.consumer import Consumer
from banshi.kernel.outbox.outbox import Claimed
from banshi.kernel.runtime.containment import Breaker, guarded
from banshi.kernel.runtime.signals.signals import SIGNALS
from banshi.kernel.tables.cases import Case
from banshi.kernel.tables.outbox import OutboxRow
from banshi.testing import Door, Person
from mobile_push.tables.models import InboxMessage
from tests.banshi.foundation.database.failover.doors_on_postgres import APPLY, Answers, door_on, not_ready, ready
from tests.servers import postgres_servers
from tests.servers.fault_proxy import FaultProxy
from tests.servers.postgres_servers import Server
from tests.waiting import WAIT_TIMEOUT_S, until


def writing_routes(door: Door) -> list[tuple[str, str]]:
    """Method and path of every route that may write, a made-up id in place of each parameter."""
    made_up = str(uuid4())
    return sorted(
        (route.method, re.sub(r"\{[^}]*\}", made_up, route.path))
        for _, route in door.platform.registry.routes
        if route.method not in {"GET", "HEAD"}
    )


async def test_every_write_to_a_read_only_server_is_503_with_retry_after_and_readiness_says_so(
    tmp_path: Path, own_postgres: Server, answers: Answers
) -> None:
    async with door_on(tmp_path, own_postgres.url) as door:
        wang, li = door.citizen("wang"), door.staff("li", "traffic:approver", "traffic:reviewer", "city:announcer")
        before = await Case.all().count()
        bodies = [{"answers": await answers(wang)} for _ in range(3)]
        waiting = (await wang.post(APPLY, {"answers": await answers(wang)})).created()
        phone = {"provider": "stream", "platform": "android", "token": "a-phone-of-wang"}
        device = (await wang.post("/v1/devices", phone)).created()["id"]
        await door.settled()
        message = (await wang.get("/v1/inbox")).ok()["items"][0]["id"]
        link = waiting["links"]["self"]
        receipt = {"message_id": message, "event": "received", "at": "2026-11-27T00:00:00Z"}
        await asyncio.to_thread(own_postgres.read_only, True)
        await until(lambda: not_ready(door))
        for _ in range(2):
            for reply in (
                *await asyncio.gather(*(wang.post(APPLY, body, key=f"k-{n}") for n, body in enumerate(bodies))),
                await wang.post(f"{link}/actions/withdraw"),
                await li.post(f"{link}/actions/approve"),
                await li.put("/v1/traffic/zones/2/closure", {"reason": "x"}),
                await wang.upload(),
                await wang.post("/v1/devices", {**phone, "token": "another-phone"}),
                await wang.call("PATCH", f"/v1/devices/{device}", json={"language": "en"}),
                await wang.delete(f"/v1/devices/{device}"),
                await wang.post("/v1/receipts", {"device": device, "receipts": [receipt]}),
                await wang.post("/v1/inbox/read", {"through": 1}),
            ):
                reply.problem(503, "unavailable")
                assert int(reply.headers["Retry-After"]) > 0
            for method, path in writing_routes(door):
                for person in (wang, li, door.anyone):
                    reply = await person.call(method, path, json={})
                    assert reply.status < 500 or reply.status == 503, (method, path, reply.body)
        assert (await wang.get(link)).ok()["state"] == "accepted"
        assert door.platform.breakers.open_plugins() == []
        await asyncio.to_thread(own_postgres.read_only, False)
        assert await until(lambda: ready(door)) < 10
        for number, body in enumerate(bodies):
            (await wang.post(APPLY, body, key=f"k-{number}")).created()
        (await li.post(f"{link}/actions/approve")).ok()
        await door.settled()
        assert await Case.all().count() == before + 4
        assert await OutboxRow.filter(state="parked").count() == 0


@dataclass
class Crowd:
    """People who submit, one case after the other, each insisting with the same key until it has an answer."""

    door: Door
    person: Person
    answers: Answers
    confirmed: list[str] = field(default_factory=list)
    told: Counter[int] = field(default_factory=Counter)
    over: bool = False
    _tasks: list[asyncio.Task[None]] = field(default_factory=list)

    def begin(self, count: int = 3) -> None:
        self._tasks = [asyncio.create_task(self._live(number)) for number in range(count)]

    async def end(self) -> None:
        self.over = True
        await asyncio.gather(*self._tasks)

    async def more(self, count: int, seconds: float = WAIT_TIMEOUT_S) -> float:
        """Wait for so many further confirmations; the seconds that it took."""
        wanted = len(self.confirmed) + count
        return await until(lambda: len(self.confirmed) >= wanted, seconds)

    async def _live(self, number: int) -> None:
        for count in itertools.count():
            if self.over:
                return
            body: dict[str, Any] | None = None
            while True:
                # The pictures that it takes are uploaded first, which is a write as well.
                try:
                    body = body or {"answers": await self.answers(self.person)}
                except AssertionError as refused:
                    if not str(refused).startswith("503 "):
                        raise
                    self.told[503] += 1
                    await asyncio.sleep(0.05)
                    continue
                reply = await self.person.post(APPLY, body, key=f"{number}/{count}")
                self.told[reply.status] += 1
                if reply.status == 201:
                    self.confirmed.append(reply.document["id"])
                    break
                assert reply.status in {409, 503}, reply.body
                assert int(reply.headers["Retry-After"]) > 0
                await asyncio.sleep(0.05)


@asynccontextmanager
async def pair(folder: Path) -> AsyncIterator[tuple[Server, Server]]:
    """A primary, and a standby that has each commit before it is confirmed."""
    with postgres_servers.replicated(folder, "synchronous_commit=on") as (first, copy):
        postgres_servers.synchronous(first)
        yield first, copy


async def kept(door: Door, crowd: Crowd) -> None:
    """Everything that was confirmed is there, and every promise was kept, once."""
    await crowd.end()
    await door.settled()
    assert set(crowd.told) <= {201, 409, 503}
    stored = {str(one) for one in await Case.all().values_list("id", flat=True)}
    assert stored == set(crowd.confirmed)
    assert await OutboxRow.exclude(state="done").count() == 0
    assert door.platform.breakers.open_plugins() == []
    heard = await InboxMessage.all().values_list("id", flat=True)
    assert len(heard) == len(set(heard)) == len(stored)


@pytest.mark.long
@pytest.mark.sqlite
async def test_a_primary_that_was_demoted_in_place_is_left_as_soon_as_its_address_leads_to_the_new_one(
    tmp_path: Path, answers: Answers
) -> None:
    async with pair(tmp_path) as (first, copy), FaultProxy(to=first.port) as address:
        through = f"asyncpg://postgres@127.0.0.1:{address.port}/postgres"
        async with door_on(tmp_path, through) as door:
            crowd = Crowd(door, door.citizen("wang"), answers)
            crowd.begin()
            await crowd.more(5)
            await asyncio.to_thread(first.kill, signal.SIGINT)  # a stop in order: its replica has everything
            await asyncio.to_thread(copy.promote)
            await asyncio.to_thread(first.follow, copy)
            # It answers again, and takes no writes: connections to it stand.
            await until(lambda: reads(door))
            await until(lambda: not_ready(door))
            (await door.citizen("wang").upload()).problem(503, "unavailable")
            before = len(crowd.confirmed)
            await asyncio.sleep(0.3)
            assert len(crowd.confirmed) == before
            address.to = copy.port
            assert await crowd.more(3) < 10
            assert await until(lambda: ready(door)) < 10
            await until(door.platform[SIGNALS].connected.is_set)
            await kept(door, crowd)
            assert crowd.told[503] > 0


@pytest.mark.long
@pytest.mark.sqlite
async def test_of_two_servers_the_standby_takes_over_when_the_primary_is_killed(
    tmp_path: Path, answers: Answers
) -> None:
    async with pair(tmp_path) as (first, copy):
        both = f"asyncpg://postgres@127.0.0.1:{first.port},127.0.0.1:{copy.port}/postgres"
        async with door_on(tmp_path, both) as door:
            crowd = Crowd(door, door.citizen("wang"), answers)
            crowd.begin()
            await crowd.more(5)
            await asyncio.to_thread(first.kill, signal.SIGKILL)
            # The other one is read meanwhile.
            await until(lambda: reads(door))
            assert await not_ready(door)
            await asyncio.to_thread(copy.promote)
            assert await crowd.more(3) < 10
            assert await until(lambda: ready(door)) < 10
            await kept(door, crowd)


async def reads(door: Door) -> bool:
    return (await door.citizen("wang").get("/v1/cases")).status == 200


# An outage is nobody's failure


async def test_an_outage_counts_as_no_try_of_the_work_that_met_it(tmp_path: Path, own_postgres: Server) -> None:
    tried: list[int] = []
    lost = DBConnectionError(asyncpg.ReadOnlySQLTransactionError("cannot execute UPDATE in a read-only transaction"))

    async def work(rows: Sequence[Claimed]) -> Mapping[str, Exception]:
        tried.append(len(rows))
        if len(tried) <= 5:
            raise lost
        return {}

    async with door_on(tmp_path, own_postgres.url, outbox_attempts=2) as door:
        platform = door.platform
        await OutboxRow.bulk_create(
            [OutboxRow(consumer="work", topic="x", payload={}, dedup=f"work-{number}") for number in range(3)]
        )
        settled = Metric("tried", "x", ["consumer", "outcome"], registry=CollectorRegistry())
        consumer = Consumer(platform, "work", work, batch=10, settled=settled)
        for _ in range(6):
            rows = await consumer._claim()
            assert len(rows) == 3
            await consumer._take(rows)
            states = await OutboxRow.filter(consumer="work").values_list("state", "tries")
            done = len(tried) == 6
            assert states == [("done", 1)] * 3 if done else states == [("due", 0)] * 3
            await OutboxRow.filter(consumer="work").update(not_before=0)
        # Not one by one either: it is the same for all.
        assert tried == [3] * 6


async def test_what_could_not_be_written_down_is_as_soon_as_the_database_is_back(
    tmp_path: Path, own_postgres: Server
) -> None:
    failing: dict[str, Exception] = {}

    async def work(rows: Sequence[Claimed]) -> Mapping[str, Exception]:
        await asyncio.to_thread(own_postgres.read_only, True)
        return {row.id: failing[row.payload["name"]] for row in rows if row.payload["name"] in failing}

    failing["broken"] = ValueError("its own")
    async with door_on(tmp_path, own_postgres.url, outbox_lease=600.0) as door:
        rows = [OutboxRow(consumer="late", topic="x", payload={"name": n}, dedup=n) for n in ("good", "broken")]
        await OutboxRow.bulk_create(rows)
        settled = Metric("written", "x", ["consumer", "outcome"], registry=CollectorRegistry())
        consumer = Consumer(door.platform, "late", work, batch=10, settled=settled)
        try:
            with pytest.raises(Unavailable):
                await consumer._take(await consumer._claim())
            with pytest.raises(Unavailable):
                await consumer._record()
        finally:
            await asyncio.to_thread(own_postgres.read_only, False)
        await until(lambda: ready(door))
        await consumer._record()
        left = dict(await OutboxRow.filter(consumer="late").values_list("dedup", "state"))
        assert left == {"good": "done", "broken": "due"}
        # Ten minutes of lease are not waited for, and it has not been tried.
        assert await OutboxRow.filter(dedup="broken", lease_until=0, tries=0).count() == 1


@pytest.mark.parametrize("error", [asyncpg.ReadOnlySQLTransactionError, asyncpg.DeadlockDetectedError])
async def test_an_outage_that_a_handler_meets_opens_no_breaker(error: type[asyncpg.PostgresError]) -> None:
    breaker = Breaker(1, 60.0)

    async def handler() -> tuple[Any, Any]:
        return None, translated(error("x"))

    for _ in range(3):
        with pytest.raises(Unavailable) as told:
            await guarded(breaker, "wang", handler, expect=str, plugin="traffic", about={})
        assert told.value.headers["Retry-After"]
    assert breaker.remaining() == 0

    async def own() -> tuple[Any, Any]:
        return None, error("of a connection of its own")

    with pytest.raises(DepartmentFailed):
        await guarded(breaker, "wang", own, expect=str, plugin="traffic", about={})
    assert breaker.remaining() > 0
