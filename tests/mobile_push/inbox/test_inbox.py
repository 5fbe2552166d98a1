"""The inbox: every message to a person, in order, with numbers that have no gaps."""

from __future__ import annotations

import asyncio
import random
from typing import Any

import pytest
from tortoise.exceptions import ValidationError

from banshi import Write
from banshi.kernel.outbox import outbox
from banshi.testing import Door, Person
from mobile_push.delivery.service import deliver
from tests.mobile_push.conftest import new_message, until_equal
from tests.waiting import until

NOTHING: dict[str, Any] = {"items": [], "changes": [], "next": None}

PEOPLE = ["chen", "li", "wang", "zhao"]


async def whole_inbox(person: Person, limit: int = 200) -> list[dict[str, Any]]:
    """All of a person's messages, page by page."""
    items: list[dict[str, Any]] = []
    after: int | None = 0
    while after is not None:
        page = (await person.get(f"/v1/inbox?after={after}&limit={limit}")).ok()
        items += page["items"]
        after = page["next"]
    return items


async def test_numbers_have_no_gaps_and_each_message_is_there_once_however_many_come_at_once(door: Door) -> None:
    chance = random.Random(11)
    batches = [[new_message(chance.choice(PEOPLE)) for _ in range(chance.randint(1, 12))] for _ in range(80)]
    # Each batch comes twice, the second time torn differently, and everything at the same moment.
    everything = [one for batch in batches for one in batch]
    again = [everything[start : start + 9] for start in range(0, len(everything), 9)]
    await asyncio.gather(*(deliver(door.platform, batch) for batch in [*batches, *again]))
    for name in PEOPLE:
        items = await whole_inbox(door.citizen(name))
        assert [item["seq"] for item in items] == list(range(1, len(items) + 1))
        wanted = sorted(one.id for one in everything if one.person == name)
        assert sorted(item["id"] for item in items) == wanted


async def test_a_batch_that_is_delivered_twice_arrives_once_in_the_order_of_the_first(door: Door) -> None:
    batch = [new_message() for _ in range(5)]
    await deliver(door.platform, batch)
    await deliver(door.platform, [new_message(), *reversed(batch)])
    items = await whole_inbox(door.citizen("wang"))
    assert [item["id"] for item in items[:5]] == [one.id for one in batch]
    assert len(items) == 6


async def test_a_message_that_is_in_a_batch_twice_arrives_once(door: Door) -> None:
    one = new_message()
    await deliver(door.platform, [one, new_message(), one])
    assert [item["seq"] for item in await whole_inbox(door.citizen("wang"))] == [1, 2]


async def test_a_batch_that_cant_be_stored_takes_no_number_and_stores_nothing_of_itself(door: Door) -> None:
    await deliver(door.platform, [new_message()])
    with pytest.raises(ValidationError, match="link"):
        await deliver(door.platform, [new_message(), new_message("li"), new_message(link="/" * 300)])
    await deliver(door.platform, [new_message()])
    assert [item["seq"] for item in await whole_inbox(door.citizen("wang"))] == [1, 2]
    assert await whole_inbox(door.citizen("li")) == []


async def test_a_message_that_cant_be_stored_does_not_hold_up_the_ones_that_it_came_with(door: Door) -> None:
    batch = [new_message(), new_message(link="/" * 300), new_message("li")]
    rows = [row for one in batch for row in outbox.message_rows(door.platform, one, dedup=one.id)]
    await door.platform.store.commit(Write(rows=list(rows)))

    async def arrived() -> bool:
        return all([await whole_inbox(door.citizen(name)) for name in ("wang", "li")])

    await until(arrived)
    assert [item["seq"] for item in await whole_inbox(door.citizen("wang"))] == [1]
    # To be tried again; the others are settled a moment after they have arrived.
    await until_equal(lambda: outbox.counts(door.platform.store), {("channel:mobile_push", "due"): 1})


async def test_a_step_of_a_case_is_in_the_inbox_with_a_link_to_it(door: Door, answers: Any) -> None:
    citizen, staff = door.citizen("wang"), door.staff("li", "traffic:reviewer", "traffic:approver")
    case = (await citizen.post("/v1/items/zone-pass/cases", {"answers": await answers(citizen)})).created()
    await door.settled()
    (await staff.post(f"{case['links']['self']}/actions/return", {"reason": "照片不清"})).ok()
    await door.settled()
    items = await whole_inbox(citizen)
    assert [(item["seq"], item["kind"], item["link"]) for item in items] == [
        (1, "case", case["links"]["self"]),
        (2, "case", case["links"]["self"]),
    ]
    assert items[1]["title"] == "请补正材料：禁区通行证"
    assert case["number"] in items[1]["body"]
    assert "\n照片不清\n" in items[1]["body"]


async def test_reading_goes_on_behind_the_last_number_and_ends_with_null(door: Door) -> None:
    citizen = door.citizen("wang")
    assert (await citizen.get("/v1/inbox")).ok() == {**NOTHING, "cursor": "0.0"}
    await deliver(door.platform, [new_message() for _ in range(120)])
    first = (await citizen.get("/v1/inbox")).ok()
    assert ([item["seq"] for item in first["items"]], first["next"]) == (list(range(1, 51)), "50.0")
    last = (await citizen.get("/v1/inbox?after=100&limit=20")).ok()
    assert ([item["seq"] for item in last["items"]], last["next"]) == (list(range(101, 121)), None)
    assert (await citizen.get("/v1/inbox?after=120")).ok() == {**NOTHING, "cursor": "120.0"}
    assert [item["seq"] for item in await whole_inbox(citizen, limit=7)] == list(range(1, 121))


async def test_a_message_is_read_in_the_readers_language(door: Door) -> None:
    await deliver(door.platform, [new_message()])
    citizen = door.citizen("wang")
    english = (await citizen.get("/v1/inbox", headers={"Accept-Language": "en-GB"})).ok()["items"][0]
    assert (english["title"], english["body"]) == ("Vehicle pass: approved", "Wang Xiaoming, please look")
    assert (await citizen.get("/v1/inbox")).ok()["items"][0]["title"] == "禁区通行证：已批准"


async def test_nobody_reads_another_persons_inbox(door: Door) -> None:
    await deliver(door.platform, [new_message("wang"), new_message("li")])
    for name in ("wang", "li"):
        assert len(await whole_inbox(door.citizen(name))) == 1
    assert await whole_inbox(door.citizen("wan")) == []
    (await door.anyone.get("/v1/inbox")).problem(401, "unauthenticated")
    (await door.staff("wang", "traffic:approver").get("/v1/inbox")).problem(403, "forbidden")


WRONG_QUERIES = (
    "after=-1",
    "after=abc",
    "after=",
    "after=1.",
    "after=.1",
    "after=1e3",
    "after=%201",
    "after=９",
    "after=9999999999999999",
    "after=99999999999999999999999999",
    "after=1&after=2",
    "after=1%00",
    "after=1;DROP%20TABLE%20push_device",
    "limit=0",
    "limit=201",
    "limit=-5",
    "limit=many",
    "since=4",
    "cursor=abc",
)


async def test_a_wrong_parameter_is_a_problem_that_says_so(door: Door) -> None:
    for query in WRONG_QUERIES:
        (await door.citizen("wang").get(f"/v1/inbox?{query}")).problem(400, "invalid-parameter")
