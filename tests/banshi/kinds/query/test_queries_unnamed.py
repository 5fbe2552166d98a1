"""Look-ups of nobody's data by people who don't say who they are: answered, kept nowhere, and so many of one sender."""

from __future__ import annotations

from typing import Any

import pytest
from tortoise.exceptions import OperationalError

from banshi.builtin.limits.rates import RATES
from banshi.kernel.cases.beginning import begin
from banshi.kinds.query.models import Allowance, LookUp
from banshi.kinds.query.registers.opened import REGISTERS
from banshi.testing import Door, Reply

CODES = "/v1/items/violation-codes/begin"
CODE = {"answers": {"code": "1039"}}


async def test_what_is_nobody_s_is_answered_without_a_token_and_leaves_nothing(hall: Door, database: str) -> None:
    begun = (await hall.anyone.post(CODES, CODE)).ok()
    assert (begun["case"], begun["records"]["records"][0]["fine"]) == (None, 100)
    roads = await hall.anyone.post("/v1/items/road-conditions/begin", {"answers": {"district": "330106"}})
    assert roads.status in (200, 422)
    assert (await LookUp.all().count(), await Allowance.all().count()) == (0, 0)
    assert (await hall.anyone.get("/v1/items/violation-codes")).ok()["begin"]["unnamed"] == "allowed"
    # Whoever signs in is counted by themselves, as before.
    (await hall.citizen("wang").post(CODES, CODE)).ok()
    assert await Allowance.all().count() == 1


async def test_every_item_without_people_in_it_is_open_and_no_other_query_is(hall: Door) -> None:
    queries = [one for one in hall.platform.registry.items.unchecked() if one.kind == "query"]
    opened = set()
    for item in queries:
        answer = await hall.anyone.post(f"/v1/items/{item.code}/begin", {"answers": {}})
        if item.details.personal:
            problem = answer.problem(401, "unauthenticated")
            assert "登录" in problem["detail"]
            assert "Authorization" not in problem["detail"]
        else:
            assert answer.status in (200, 422), item.code
            opened.add(item.code)
    assert opened >= {"road-conditions", "violation-codes", "police-offices", "name-count"}


#: Bodies that are wrong.
BODIES: list[dict[str, Any]] = [
    {},
    {"answers": {}},
    {"answers": {"code": 1039}},
    {"answers": {"code": "1" * 10_000}},
    {"answers": {"code": "1039", "owner": "x"}},
    {"answers": {"code": "1039"}, "purpose": "看看就好"},
]


async def test_a_wrong_question_of_a_stranger_is_refused_and_counts_for_nothing(hall: Door) -> None:
    before = dict(hall.platform[RATES].alone._windows)
    for body in BODIES:
        (await hall.anyone.post(CODES, body)).problem(422, "invalid-fields")
    assert hall.platform[RATES].alone._windows == before


async def test_a_token_that_is_over_is_said_to_be_and_not_taken_for_nobody(hall: Door) -> None:
    (await hall.bearing("nonsense").post(CODES, CODE)).problem(401, "unauthenticated")


async def test_one_sender_has_so_many_a_minute_and_closes_the_door_to_nobody(hall: Door) -> None:
    item = hall.platform.registry.items["violation-codes"]
    assert item.details.per_hour == 60

    async def asked(sender: str) -> Any:
        return await begin(hall.platform, item, None, CODE, "en", sender=sender)

    hall.platform[RATES].alone.clock = lambda: 1_000.0
    for _ in range(60):
        await asked("192.0.2.1")
    with pytest.raises(Exception, match="used up") as refused:
        await asked("192.0.2.1")
    assert 0 < int(refused.value.headers["Retry-After"]) <= 61
    assert (await asked("192.0.2.2")).records["found"] == 1
    # A household has a whole network of IPv6 addresses.
    for number in range(60):
        await asked(f"2001:db8::{number:x}")
    with pytest.raises(Exception, match="used up"):
        await asked("2001:db8::ffff")
    hall.platform[RATES].alone.clock = lambda: 1_120.0
    assert (await asked("192.0.2.1")).records["found"] == 1


async def test_all_strangers_together_have_twenty_times_as_much(hall: Door) -> None:
    item = hall.platform.registry.items["violation-codes"]
    hall.platform[RATES].alone.clock = lambda: 1_000.0
    for number in range(1_200):
        await begin(hall.platform, item, None, CODE, "en", sender=f"198.51.{number // 256}.{number % 256}")
    with pytest.raises(Exception, match="used up"):
        await begin(hall.platform, item, None, CODE, "en", sender="203.0.113.1")
    (await hall.citizen("wang").post(CODES, CODE)).ok()


async def test_a_register_that_fails_strangers_is_rested_as_for_everybody(
    hall: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(_: Any) -> Any:
        raise OperationalError("down")

    monkeypatch.setattr(hall.platform[REGISTERS].by_code["violation-codes"].source, "find", fail)
    answers: list[Reply] = [await hall.anyone.post(CODES, CODE) for _ in range(3)]
    assert {one.problem(502, "department-failed")["department"] for one in answers} == {"traffic"}
