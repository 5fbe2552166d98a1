"""What is urgent is found when it is counted, by a rule of its own, and takes two people all the same."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from banshi.testing import Door
from insights.findings.urgent import look
from tests.insights.findings.city import (
    CITY,
    EAST,
    LIST,
    STREETS,
    act,
    analyst,
    count_days,
    findings,
    open_city,
)
from tests.waiting import until


@pytest.fixture
async def door(tmp_path: Path) -> AsyncIterator[Door]:
    async with open_city(tmp_path, push={"one_person": ["criminal"]}) as opened:
        yield opened


@pytest.mark.parametrize(
    ("figure", "why"),
    [
        ({"count": 1, "deaths": 1}, "deaths"),
        ({"count": 1, "loss": 1_000_000}, "loss"),
        ({"count": 2, "loss": 3_000_000, "largest_loss": 1_200_000}, "loss"),
        ({"count": 3}, "count"),
        ({"count": 2, "loss": 3_000_000, "largest_loss": 999_999}, None),
        ({"count": 2, "loss": 3_000_000}, None),  # of two nobody knows the larger
    ],
)
async def test_one_death_one_large_loss_or_three_on_one_day_are_urgent(
    door: Door, figure: dict[str, int], why: str | None
) -> None:
    await count_days(door, STREETS[0], (1, figure.pop("count")), **figure)
    await look(door.platform)
    await look(door.platform)
    found = await findings(door)
    assert [one["level"] for one in found] == ["urgent"] * (why is not None)
    for one in found:
        whole = (await analyst(door).get(f"{LIST}/{one['id']}")).ok()
        assert (whole["why"]["urgent"], whole["why"]["method"], one["grain"]) == (why, None, "day")
        assert (one["division"]["code"], one["area"]["code"]) == (STREETS[0], ""), "nobody is recognised"


async def test_it_is_found_beside_the_requests_without_anybody_asking(tmp_path: Path) -> None:
    async with open_city(tmp_path, urgent_seconds=1.0) as door:
        await count_days(door, EAST, (0, 1), deaths=1)

        async def told() -> bool:
            return bool(await findings(door))

        await until(told, 10)


async def test_a_death_is_told_whatever_a_rule_says_and_the_next_series_is_not(door: Door) -> None:
    await count_days(door, EAST, (3, 4))
    await look(door.platform)
    (one,) = await findings(door)
    until_day = door.platform.today() + timedelta(days=30)
    (await act(analyst(door), one, "dismiss", reason="同一团伙", until=until_day.isoformat())).ok()
    await count_days(door, EAST, (2, 5))
    await count_days(door, EAST, (1, 1), deaths=1)
    await look(door.platform)
    assert [(each["state"], each["deaths"]) for each in await findings(door) if each["id"] != one["id"]] == [
        ("open", 1),
        ("silenced", None),
    ]


async def test_an_urgent_finding_is_drafted_as_an_alert_for_those_there_and_takes_two(door: Door) -> None:
    await count_days(door, EAST, (0, 6), loss=2_000_000)
    await look(door.platform)
    (one,) = await findings(door)
    lin = analyst(door)
    (await act(lin, one, "draft", propose=True)).ok()
    (alert,) = (await lin.get("/v1/alerts/records")).ok()["items"]
    assert (alert["state"], alert["audience"], alert["second_person"]) == ("proposed", {"divisions": [EAST]}, True)
    info = alert["alert"]["info"][0]
    assert "近1天涪城区接报6起、损失200万元" in info["description"]
    assert info["area"][0]["geocode"] == [{"value_name": "GB/T 2260", "value": EAST}]
    (await lin.post(f"/v1/alerts/{alert['id']}/actions/approve")).problem(403, "forbidden")
    assert CITY not in str(alert)


@pytest.mark.parametrize("kind", ["alert", "notice"])
async def test_where_few_were_counted_neither_words_nor_codes_nor_audience_say_where(door: Door, kind: str) -> None:
    await count_days(door, STREETS[0], (0, 1), deaths=1)
    await count_days(door, EAST, (0, 4))
    await look(door.platform)
    death, lin = next(one for one in await findings(door) if one["deaths"]), analyst(door)
    assert (death["division"]["code"], death["area"]["code"]) == (STREETS[0], EAST)
    (await act(lin, death, "draft", kind=kind)).ok()
    (record,) = (await lin.get("/v1/alerts/records" if kind == "alert" else "/v1/notices")).ok()["items"]
    assert record["audience"] == {"divisions": [EAST]}
    assert STREETS[0] not in str(record)
    assert "街道" not in str(record)
