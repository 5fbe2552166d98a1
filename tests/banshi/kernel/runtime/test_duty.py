"""A deployment's work is divided as its operator says: whoever is there to answer leaves the rest to who is there to
work, and what a process leaves out waits for one that doesn't."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from pathlib import Path
from typing import Any

import pytest

from banshi.builtin.leading.leader_election import LEADER
from banshi.kernel.runtime.process_role import ALERT, CASE, NOTICE
from banshi.kernel.tables.outbox import OutboxRow
from banshi.sdk.events import SIGNALS
from banshi.sdk.operations import ProcessRole
from banshi.testing import Door, open_door
from tests.conftest import good_answers
from tests.places import TRAFFIC
from tests.waiting import until

#: So long between two looks that a test never sees one.
NEVER = 3600.0

ANSWERS_ALONE = ProcessRole(lanes=frozenset())
WORKS_ALONE = ProcessRole(serves=False)

Open = Callable[[ProcessRole], AbstractAsyncContextManager[Door]]


@pytest.fixture
def opened(tmp_path: Path, postgres: str) -> Open:
    plugins: dict[str, Path | str] = {"traffic": TRAFFIC, "mobile_push": "mobile_push"}
    return lambda duty: open_door(tmp_path, plugins, platform={"database": postgres}, duty=duty)


@pytest.fixture
async def server(opened: Open) -> AsyncIterator[Door]:
    """One that leaves all work to others."""
    async with opened(ANSWERS_ALONE) as door:
        yield door


async def submitted(door: Door) -> str:
    wang = door.citizen("wang")
    made = (await wang.post("/v1/items/zone-pass/cases", {"answers": await good_answers(wang)})).created()
    return str(made["id"])


async def state(door: Door, case: str) -> str:
    return str((await door.citizen("wang").get(f"/v1/cases/{case}")).ok()["state"])


async def told(door: Door) -> list[dict[str, Any]]:
    return list((await door.citizen("wang").get("/v1/inbox")).ok()["items"])


async def test_what_a_server_without_work_promises_waits_until_somebody_works(server: Door, opened: Open) -> None:
    case = await submitted(server)
    await asyncio.sleep(1.5)
    assert await state(server, case) == "submitted"
    async with opened(WORKS_ALONE):
        await until(lambda: told(server))
        assert await state(server, case) == "accepted"


async def test_who_is_there_to_work_hears_at_once_of_what_a_server_promises(
    server: Door, opened: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("banshi.foundation.database.pulse.INTERVAL_S", NEVER)
    async with opened(WORKS_ALONE) as worker:
        for door in (server, worker):
            await asyncio.wait_for(door.platform[SIGNALS].connected.wait(), 20)
        case = await submitted(server)
        await until(lambda: told(server))
        assert await state(server, case) == "accepted"


async def test_of_several_workers_each_promise_is_kept_by_one(server: Door, opened: Open) -> None:
    async with AsyncExitStack() as stack:
        for _ in range(3):
            await stack.enter_async_context(opened(WORKS_ALONE))
        wang = server.citizen("wang")
        answers = [await good_answers(wang) for _ in range(12)]
        await asyncio.gather(*(wang.post("/v1/items/zone-pass/cases", {"answers": one}) for one in answers))

        async def all_told() -> bool:
            return len(await told(server)) >= 12

        await until(all_told)
        await asyncio.sleep(0.2)
        assert len(await told(server)) == 12
        # What is kept twice is told once all the same.
        assert set(await OutboxRow.all().values_list("state", "attempts")) == {("done", 1)}


async def test_who_is_there_for_alerts_leaves_cases_to_others(server: Door, opened: Open) -> None:
    async with opened(ProcessRole(serves=False, lanes=frozenset({ALERT, NOTICE}))):
        case = await submitted(server)
        await asyncio.sleep(1.5)
        assert await state(server, case) == "submitted"
        async with opened(ProcessRole(serves=False, lanes=frozenset({CASE}))):
            await until(lambda: told(server))


async def test_who_is_there_to_work_answers_machines_alone(opened: Open) -> None:
    async with opened(WORKS_ALONE) as worker:
        for path in ("/healthz", "/readyz", "/metrics"):
            assert (await worker.anyone.get(path)).status == 200
        for path in ("/v1/items", "/openapi.json", "/v1/inbox"):
            (await worker.anyone.get(path)).problem(404, "not-found")


async def test_who_leaves_all_work_to_others_never_leads(
    server: Door, opened: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("banshi.builtin.leading.leader_election.RENEWAL_INTERVAL_S", 0.05)
    await asyncio.sleep(0.3)
    assert not server.platform[LEADER].leads
    async with opened(WORKS_ALONE) as worker:
        await until(lambda: worker.platform[LEADER].leads)
