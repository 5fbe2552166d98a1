"""Two officers in the same second: both have read that a road is open before either has closed it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from banshi.testing import Door, Reply
from road import changing
from tests.road.city import CLOSURE, DISTRICT, listed, officer, open_city, published

EVENTS = "/v1/road/events"


@pytest.fixture(params=["in one transaction", "in two"])
async def city(
    tmp_path: Path, database: str, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Door]:
    if request.param == "in two":
        # As of two processes: no write of one is in a transaction of the other's.
        monkeypatch.setattr("banshi.foundation.database.store.MAX_GROUPED_WRITES", 1)
    async with open_city(tmp_path, database) as door:
        yield door


@pytest.fixture
def both(monkeypatch: pytest.MonkeyPatch) -> None:
    """The first two writes wait until both have read."""
    read, met = changing.refuse_twice, asyncio.Barrier(2)
    rest = iter(range(2))

    async def waiting(*given: Any) -> Any:
        found = await read(*given)
        if next(rest, None) is not None:
            await asyncio.wait_for(met.wait(), 30)
        return found

    monkeypatch.setattr(changing, "refuse_twice", waiting)


def one_of(answers: list[Reply], status: int) -> Reply:
    """The answer that was refused, where exactly one was and the other wasn't."""
    assert sorted(one.status for one in answers) == [status, 409]
    return next(one for one in answers if one.status == 409)


@pytest.mark.usefixtures("both")
async def test_of_two_closures_of_one_road_at_once_exactly_one_gets_in(city: Door) -> None:
    bodies = [{**CLOSURE, "text": f"由{name}封闭"} for name in ("sun", "wu")]
    answers = await asyncio.gather(*(officer(city).post(EVENTS, body) for body in bodies))
    refused = one_of(answers, 201).problem(409, "conflict")
    (there,) = await listed(city)
    assert refused["event"] == there["id"]
    # Another direction of it, later, waits for nobody; and another road neither.
    await published(city, road="示例街")


@pytest.mark.usefixtures("both")
async def test_of_a_closure_and_a_report_that_confirms_the_same_one_gets_in_and_the_report_stays_open(
    city: Door,
) -> None:
    asked = {"kind": "closure", "division": DISTRICT, "place": "示例大桥", "text": "封了"}
    wang = city.citizen("wang")
    case = (await wang.post("/v1/items/road-report/begin", {"answers": asked})).created()["case"]
    bodies = [CLOSURE, {**CLOSURE, "report": case["id"]}]
    answers = await asyncio.gather(*(officer(city).post(EVENTS, body) for body in bodies))
    one_of(answers, 201).problem(409, "conflict")
    assert len(await listed(city)) == 1
    after = (await wang.get(f"/v1/cases/{case['id']}")).ok()
    assert (after["state"] == "answered") == (answers[1].status == 201)


async def test_of_two_closures_that_are_moved_onto_each_other_at_once_one_stays_where_it_was(
    city: Door, request: pytest.FixtureRequest
) -> None:
    ids = [(await published(city, road=road))["id"] for road in ("示例一路", "示例二路")]
    request.getfixturevalue("both")
    body = {"version": 1, "road": "示例三路"}
    answers = await asyncio.gather(*(officer(city).call("PATCH", f"{EVENTS}/{one}", json=body) for one in ids))
    one_of(answers, 200)
    assert [one["properties"]["road"] for one in await listed(city)].count("示例三路") == 1
