"""What listeners are promised: every step of a case with a name, in its order, and nothing of a person's."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from banshi import Write
from banshi.kernel.outbox import outbox
from banshi.kernel.outbox.events import CONSUMER, event_of, in_turn
from banshi.kernel.tables.outbox import OutboxRow
from banshi.sdk.events import Event, event_rows, event_types
from banshi.testing import Door, open_door
from tests.places import TRAFFIC

CRIMINAL = TRAFFIC.parent / "criminal"

#: A plugin that writes down what it hears, and fails when it is told to.
EAR = """
from banshi import Offer, hookimpl
from banshi.sdk.events import EVENT_TYPES, LISTENERS, Listener

HEARD = []
FAIL = []


async def hear(platform, events):
    if any(event.id in FAIL for event in events):
        raise RuntimeError("not now")
    HEARD.extend(events)


@hookimpl
def banshi_offers():
    return [Offer(LISTENERS, Listener(hear)), Offer(EVENT_TYPES, ["ear.test"])]
"""


@pytest.fixture
async def city(tmp_path: Path) -> AsyncIterator[Door]:
    (tmp_path / "ear").mkdir()
    (tmp_path / "ear" / "__init__.py").write_text(EAR, encoding="utf-8")
    plugins = {"ear": tmp_path / "ear", "traffic": TRAFFIC, "criminal": CRIMINAL}
    async with open_door(tmp_path, plugins) as door:
        yield door


def ear() -> Any:
    import importlib

    return importlib.import_module("banshi_plugins.ear")


async def test_every_entry_of_a_case_s_timeline_is_heard_of_once_and_names_nobody(city: Door, answers: Any) -> None:
    wang = city.citizen("wang", "王小明")
    case = (await wang.post("/v1/items/zone-pass/cases", {"answers": await answers(wang)})).created()
    await city.settled()
    reason = {"reason": "材料不全"}
    (await city.staff("li", "traffic:approver").post(f"/v1/cases/{case['id']}/actions/refuse", reason)).ok()
    await city.settled()
    timeline = (await wang.get(f"/v1/cases/{case['id']}")).ok()["timeline"]
    heard: Sequence[Event] = ear().HEARD
    assert [event.type for event in heard] == [f"banshi.case.{entry['action']}" for entry in timeline]
    assert [event.version for event in heard] == list(range(1, len(timeline) + 1))
    assert [event.data["state"] for event in heard] == [entry["state"] for entry in timeline]
    assert {(event.subject, event.department, event.item) for event in heard} == {(case["id"], "traffic", "zone-pass")}
    assert {event.type for event in heard} <= event_types(city.platform.registry)
    said = str([asdict(event) for event in heard])
    for personal in ("wang", "王", "'li'", "川BD12345", "材料", "13800000000"):
        assert personal not in said, personal


async def test_a_tip_is_told_to_nobody(city: Door) -> None:
    tip = {"sort": "theft", "description": "有人夜里偷路灯", "still_going_on": "yes"}
    (await city.anyone.post("/v1/items/crime-tip/tips", {"answers": tip})).created()
    await city.settled()
    assert ear().HEARD == []
    assert await OutboxRow.filter(consumer__startswith=CONSUMER).count() == 0


async def test_without_a_listener_nothing_is_promised(tmp_path: Path) -> None:
    async with open_door(tmp_path, {"traffic": TRAFFIC}) as door:
        event = Event(id="1", type="ear.test", at=door.platform.now(), subject="x")
        assert event_rows(door.platform, event) == []


def step(door: Door, subject: str, version: int) -> Event:
    return Event(id=f"{subject}-{version}", type="ear.test", at=door.platform.now(), subject=subject, version=version)


async def test_an_event_that_fails_holds_back_those_behind_it_and_no_others(city: Door) -> None:
    ear().FAIL.append("a-1")
    for subject, version in (("a", 1), ("a", 2), ("b", 1), ("a", 3), ("b", 2)):
        await city.platform.store.commit(Write(rows=event_rows(city.platform, step(city, subject, version))))
    for _ in range(500):
        if len(ear().HEARD) == 2:
            break
        await asyncio.sleep(0.01)
    await asyncio.sleep(0.3)  # those behind it come to nothing, again and again
    assert [event.id for event in ear().HEARD] == ["b-1", "b-2"]
    ear().FAIL.clear()
    await city.settled()
    assert [event.id for event in ear().HEARD if event.subject == "a"] == ["a-1", "a-2", "a-3"]


async def test_of_two_workers_the_one_with_the_later_event_waits(city: Door) -> None:
    """Rows that another process has claimed and not settled are not behind us, wherever their ids stand."""
    store = city.platform.store
    rows = [*event_rows(city.platform, step(city, "a", 2)), *event_rows(city.platform, step(city, "a", 1))]
    for row in rows:
        row.consumer = row.consumer.replace("ear", "elsewhere")
        row.dedup = row.dedup.replace("ear", "elsewhere")
    await store.commit(Write(rows=rows))
    [first] = await outbox.claim(store, "listener:elsewhere", limit=1, lease=30)
    [second] = await outbox.claim(store, "listener:elsewhere", limit=1, lease=30)
    assert [event_of(one.payload).version for one in (first, second)] == [2, 1]
    assert await in_turn(store, [first]) == ([], [first])
    assert await in_turn(store, [second]) == ([second], [])
    assert await in_turn(store, [first, second]) == ([second, first], [])
    await outbox.settle(store, [second])
    assert await in_turn(store, [first]) == ([first], [])
