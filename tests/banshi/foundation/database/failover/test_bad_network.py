"""Real PostgreSQL and real Redis that are killed, or behind a bad network: nothing that was acknowledged is lost."""

from __future__ import annotations

import asyncio
import signal
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from banshi.kernel.runtime.signals.signals import SIGNALS
from banshi.kernel.tables.cases import Case
from banshi.testing import Door, Person, open_door
from tests.banshi.foundation.database.failover.doors_on_postgres import APPLY, BOTH, Answers
from tests.servers import postgres_servers, redis_servers
from tests.servers.fault_proxy import FaultProxy
from tests.waiting import WAIT_TIMEOUT_S, until

#: What harms a network, each until it is healed.
FAULTS: dict[str, Callable[[FaultProxy], Any]] = {
    "latency": lambda network: setattr(network, "latency", 0.03),
    "a reset": lambda network: network.reset(),
    "a half-close": lambda network: network.half_close(),
    "dripping bytes": lambda network: setattr(network, "drip", 0.001),
    "nobody there": lambda network: (setattr(network, "absent", True), network.reset()),
    "a black hole": lambda network: network.fall_silent(),
}


async def insisting(person: Person, body: dict[str, Any], key: str, told: list[int]) -> str:
    """Submit as an app does: again with the same key when it is told to. The case's id."""
    async with asyncio.timeout(2 * WAIT_TIMEOUT_S):
        while (reply := await person.post(APPLY, body, key=key)).status in {409, 503}:
            told.append(reply.status)
            assert reply.status == 409 or int(reply.headers["Retry-After"]) > 0
            await asyncio.sleep(0.05)
    return str(reply.created()["id"])


async def there_once(confirmed: list[str]) -> bool:
    """The cases in the database are those that were confirmed."""
    return sorted(str(one) for one in await Case.all().values_list("id", flat=True)) == sorted(confirmed)


@pytest.mark.long
@pytest.mark.sqlite
async def test_a_postgresql_that_is_killed_is_503_meanwhile_and_used_again_within_seconds(
    tmp_path: Path, answers: Answers
) -> None:
    with postgres_servers.alone(tmp_path / "postgres", "synchronous_commit=on") as server:
        async with open_door(tmp_path, BOTH, platform={"database": server.url, "outbox_lease": 0.5}) as door:
            wang, confirmed = door.citizen("wang"), []
            for number, way in enumerate((signal.SIGQUIT, signal.SIGKILL)):
                late, *bodies = [{"answers": await answers(wang)} for _ in range(5)]
                told: list[int] = []
                under_way = [
                    asyncio.create_task(insisting(wang, body, f"{number}/{one}", told))
                    for one, body in enumerate(bodies)
                ]
                await asyncio.sleep(0.01 * number)
                await asyncio.to_thread(server.kill, way)
                (await wang.get("/v1/cases")).problem(503, "unavailable")
                # On a busy machine all others may have been there before the end.
                under_way.append(asyncio.create_task(insisting(wang, late, f"{number}/late", told)))
                await until(partial(told.count, 503))
                (await door.anyone.get("/v1/items/zone-pass")).ok()
                await asyncio.to_thread(server.begin_again)
                begun = time.monotonic()
                confirmed += await asyncio.gather(*under_way)
                assert time.monotonic() - begun < 15, "5 s are promised, and a machine under load is no failure"
            await door.settled()
            assert await there_once(confirmed)
            assert len((await wang.get("/v1/inbox?limit=100")).ok()["items"]) == len(confirmed)


@pytest.mark.sqlite
async def test_behind_any_bad_network_what_was_acknowledged_is_in_postgresql_once(
    tmp_path: Path, postgres: str, answers: Answers
) -> None:
    port = urlsplit(postgres).port or 5432
    async with FaultProxy(to=port) as network:
        through = postgres.replace(f"127.0.0.1:{port}", f"127.0.0.1:{network.port}")
        assert through != postgres
        async with open_door(tmp_path, BOTH, platform={"database": through, "outbox_lease": 0.5}) as door:
            wang, confirmed, told = door.citizen("wang"), [], []
            for name, harm in FAULTS.items():
                bodies = [{"answers": await answers(wang)} for _ in range(3)]
                under_way = [
                    asyncio.create_task(insisting(wang, body, f"{name.replace(' ', '-')}/{number}", told))
                    for number, body in enumerate(bodies)
                ]
                await asyncio.sleep(0.005)
                harm(network)
                await asyncio.sleep(0.4)
                network.heal()
                confirmed += await asyncio.gather(*under_way)
            assert network.carried > 1
            await door.settled()
            assert await there_once(confirmed)
            assert len((await wang.get("/v1/inbox?limit=100")).ok()["items"]) == len(confirmed)


@pytest.mark.sqlite
async def test_behind_any_bad_network_redis_costs_time_and_nothing_else(
    tmp_path: Path, postgres: str, answers: Answers
) -> None:
    with redis_servers.alone(tmp_path / "redis") as server:
        async with FaultProxy(to=server.port) as network:
            shared = {"url": f"redis://127.0.0.1:{network.port}/0", "name": "city"}
            async with open_door(tmp_path, BOTH, platform={"database": postgres, "redis": shared}) as door:
                await asyncio.wait_for(door.platform[SIGNALS].connected.wait(), WAIT_TIMEOUT_S)
                wang, confirmed = door.citizen("wang"), []
                for name, harm in FAULTS.items():
                    body = {"answers": await answers(wang)}
                    harm(network)
                    # Nobody is told to come again: whoever waits for Redis waits a moment.
                    confirmed.append((await wang.post(APPLY, body, key=name.replace(" ", "-"))).created()["id"])
                    await accepted(door, wang, confirmed[-1])
                    network.heal()
                await until(lambda: door.platform[SIGNALS].connected.is_set())
                await door.settled()
                assert await there_once(confirmed)
                assert len((await wang.get("/v1/inbox?limit=100")).ok()["items"]) == len(confirmed)


async def accepted(door: Door, person: Person, case: str) -> None:
    """The engine goes on meanwhile, woken or not."""

    async def is_so() -> bool:
        return bool((await person.get(f"/v1/cases/{case}")).ok()["state"] == "accepted")

    await until(is_so)
