"""What is urgent is found when it is counted, by a rule of its own, and takes two people all the same."""

from __future__ import annotations

import re
import threading
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from banshi.kinds.appeal.models import AppealRecord
from banshi.sdk.events import LISTENERS, Listener
from banshi.testing import Door
from insights.figures.collecting import most_within_a_day
from insights.figures.models import Count
from insights.findings import urgent
from insights.findings.drafting.warning import objection
from insights.findings.models import Finding
from insights.findings.urgent import look
from tests.insights.figures.bureau import NOW, bureau
from tests.insights.figures.test_collecting import appeal
from tests.insights.findings.city import (
    CITY,
    EAST,
    LIST,
    STREETS,
    WEST,
    act,
    analyst,
    count_days,
    findings,
    open_city,
)
from tests.waiting import until


@pytest.fixture
async def door(tmp_path: Path) -> AsyncIterator[Door]:
    series = {"urgent": {"count": 3}}
    async with open_city(tmp_path, push={"one_person": ["criminal"]}, thresholds=series) as opened:
        yield opened


#: Figures of a street on a day, and why they are urgent.
URGENT: list[tuple[dict[str, int], str | None]] = [
    ({"count": 1, "deaths": 1}, "deaths"),
    ({"count": 1, "loss": 1_000_000}, "loss"),
    ({"count": 2, "loss": 3_000_000, "largest_loss": 1_200_000}, "loss"),
    ({"count": 3}, "count"),
    ({"count": 2, "loss": 3_000_000, "largest_loss": 999_999}, None),
    ({"count": 2, "loss": 3_000_000}, None),  # of two nobody knows the larger
]


async def test_one_death_one_large_loss_or_three_on_one_day_are_urgent(door: Door) -> None:
    for figure, why in URGENT:
        await count_days(door, STREETS[0], (1, 0))
        await Count.all().update(**{"loss": None, "largest_loss": None, "deaths": None, **figure})
        await look(door.platform)
        await look(door.platform)
        found = await findings(door)
        assert [one["level"] for one in found] == ["urgent"] * (why is not None), figure
        for one in found:
            whole = (await analyst(door).get(f"{LIST}/{one['id']}")).ok()
            assert (whole["why"]["urgent"], whole["why"]["method"], one["grain"]) == (why, None, "day")
            assert (one["division"]["code"], one["area"]["code"]) == (STREETS[0], ""), "nobody is recognised"
        await Finding.all().delete()
        await Count.all().delete()


async def test_it_is_found_beside_the_requests_without_anybody_asking(tmp_path: Path) -> None:
    async with open_city(tmp_path, urgent_seconds=1.0) as door:
        await count_days(door, EAST, (0, 1), deaths=1)

        async def told() -> bool:
            return bool(await findings(door))

        await until(told, 10)
        assert [(one["level"], one["grain"]) for one in await findings(door)] == [("urgent", "day")]


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


@pytest.mark.parametrize(("beside", "area", "said"), [((0, 5), "", "全市接报8起"), ((1, 9), None, "")])
async def test_a_warning_of_what_lies_over_a_place_tells_its_figures_and_not_the_places(
    door: Door, beside: tuple[int, int], area: str | None, said: str
) -> None:
    await count_days(door, STREETS[0], (0, 3), loss=200_000)
    await count_days(door, WEST, beside, loss=700_000)
    await look(door.platform)
    one, lin = next(each for each in await findings(door) if each["division"]["code"] == STREETS[0]), analyst(door)
    assert (one["count"], one["area"]["code"]) == (3, "")
    refused = (await act(lin, one, "draft", body={"zh-CN": "全市接报3起"}, propose=True)).problem(422, "invalid-fields")
    assert refused["problems"][0]["code"] == "unfounded"
    (await act(lin, one, "draft", propose=True)).ok()
    alert = str((await lin.get("/v1/alerts/records")).ok()["items"])
    assert said in alert
    assert (("损失90万元" in alert), ("接报" in alert)) == (area is not None,) * 2, "of three in the city none is told"


async def test_what_lies_in_a_place_counts_in_its_warning(door: Door) -> None:
    await count_days(door, EAST, (0, 4))
    await count_days(door, STREETS[0], (0, 1))
    await look(door.platform)
    (one,) = await findings(door)
    (await act(analyst(door), one, "draft")).ok()
    assert "涪城区接报5起" in str((await analyst(door).get("/v1/alerts/records")).ok())


@pytest.mark.parametrize("kind", ["alert", "notice"])
async def test_of_fewer_than_five_in_the_whole_city_no_figure_is_told(door: Door, kind: str) -> None:
    await count_days(door, STREETS[0], (0, 1), loss=1_000_000)
    await look(door.platform)
    (one,), lin = await findings(door), analyst(door)
    for body in ({"zh-CN": "全市接报1起"}, {"zh-CN": "损失100万元"}, {"en": "1,000,000 yuan were lost"}):
        refused = await act(lin, one, "draft", kind=kind, body=body, propose=True)
        assert refused.problem(422, "invalid-fields")["problems"][0]["code"] == "unfounded"
    (await act(lin, one, "draft", kind=kind, propose=True)).ok()
    (record,) = (await lin.get("/v1/alerts/records" if kind == "alert" else "/v1/notices")).ok()["items"]
    told = str({name: record[name] for name in ("title", "body", "content", "alert") if name in record})
    assert "全市接到刷单返利的报告" in told
    assert not re.search(r"(?<!\d)1 ?(起|report|case)|100万|million|: 1\.|接报\d", told)
    whole = (await lin.get(f"{LIST}/{one['id']}")).ok()
    assert whole["warning"]["unfounded"] == []


async def test_a_death_after_a_decision_of_the_same_day_is_told(door: Door) -> None:
    await count_days(door, EAST, (1, 4))
    await look(door.platform)
    (one,), lin = await findings(door), analyst(door)
    (await act(lin, one, "dismiss", reason="同一团伙", until=door.platform.today().isoformat())).ok()
    await Count.filter(division=EAST).update(count=5, deaths=1)
    (told,) = await look(door.platform)
    assert (told.deaths, told.facts["urgent"], told.state) == (1, "deaths", "open")
    assert await look(door.platform) == []


async def test_what_was_silenced_is_told_once_its_corrected_figure_is_more_than_the_rule_says(door: Door) -> None:
    async def hear(*_: object) -> None: ...

    door.platform._offered[LISTENERS] = [("webhooks", Listener(hear))]
    await count_days(door, EAST, (3, 4))
    await look(door.platform)
    (one,), lin = await findings(door), analyst(door)
    rule = {"reason": "同一团伙", "until": door.platform.today().isoformat(), "unless_over": 6}
    (await act(lin, one, "dismiss", **rule)).ok()
    await count_days(door, EAST, (1, 5))
    assert await look(door.platform) == []
    for figures in ({"count": 6}, {"count": 6, "loss": 10_000}):
        await Count.filter(day=door.platform.today() - timedelta(days=1)).update(**figures)
        assert await look(door.platform) == []
    (silenced,) = await findings(door, state="silenced")
    assert (silenced["count"], silenced["loss"]) == (6, 10_000)
    await Count.filter(day=door.platform.today() - timedelta(days=1)).update(count=7)
    assert [(each.count, each.state) for each in await look(door.platform)] == [(7, "open")]
    sql = "SELECT payload FROM banshi_outbox WHERE topic = 'banshi.insights.found'"
    assert silenced["id"] in str(await door.platform.store.connection.execute_query_dict(sql))
    assert await look(door.platform) == []


async def test_a_day_that_was_corrected_is_not_sent_as_it_was(door: Door) -> None:
    await count_days(door, EAST, (0, 6), loss=2_000_000)
    await look(door.platform)
    (one,), lin = await findings(door), analyst(door)
    for figures in ({"count": 7}, {"count": 6, "loss": 20_000}, {"count": 1}):
        await Count.filter(division=EAST).update(**figures)
        (await act(lin, one, "draft")).problem(409, "conflict")
    await Count.filter(division=EAST).update(count=7, loss=3_000_000)
    await look(door.platform)
    (after,) = await findings(door)
    (await act(lin, after, "draft", propose=True)).ok()
    # Drafted, nobody corrects it any more: what grows meanwhile is true all the same, what shrinks is not.
    sent = Finding.get(id=after["id"])
    await Count.filter(division=EAST).update(count=6, loss=3_000_000)
    assert "重新查看" in str(await objection(door.platform, (await sent).draft_id))
    await Count.filter(division=EAST).update(count=9, loss=4_000_000)
    assert await objection(door.platform, (await sent).draft_id) is None


@pytest.mark.parametrize(
    ("first", "then", "why"),
    [
        ({"count": 1, "deaths": 1}, {"count": 2, "deaths": 2}, "deaths"),
        ({"count": 1, "loss": 1_200_000}, {"count": 2, "loss": 2_400_000}, "loss"),
        ({"count": 1, "loss": 1_200_000}, {"count": 2, "loss": 2_300_000, "largest_loss": 1_200_000}, "loss"),
        ({"count": 4}, {"count": 5, "loss": 1_500_000, "largest_loss": 1_400_000}, "loss"),
        ({"count": 1, "deaths": 1}, {"count": 2, "deaths": 1, "loss": 2_000_000, "largest_loss": 2_000_000}, "loss"),
        ({"count": 1, "deaths": 1}, {"count": 3, "deaths": 1}, ""),
        ({"count": 1, "loss": 1_200_000}, {"count": 2, "loss": 1_300_000, "largest_loss": 1_200_000}, ""),
    ],
)
@pytest.mark.parametrize("decided", ["draft", "dismiss"])
async def test_another_death_or_large_loss_of_a_day_that_was_decided_about_is_found_anew(
    door: Door, decided: str, first: dict[str, int], then: dict[str, int], why: str
) -> None:
    await count_days(door, EAST, (1, first["count"]), **{name: first[name] for name in first if name != "count"})
    await look(door.platform)
    (one,), lin = await findings(door), analyst(door)
    (await act(lin, one, decided, reason="同一案件", until=door.platform.today().isoformat())).ok()
    assert await look(door.platform) == []
    await Count.filter(division=EAST).update(**then)
    told = await look(door.platform)
    assert [(each.facts["urgent"], each.count, each.state) for each in told] == (
        [(why, then["count"], "open")] if why else []
    )
    # It is told once, and stays as long as it is true.
    assert await look(door.platform) == []
    assert len(await findings(door, state="open")) == len(told)
    for each in told:
        (await act(lin, {"id": str(each.id)}, "draft")).ok()


async def test_a_day_that_is_not_urgent_any_more_is_withdrawn(door: Door) -> None:
    await count_days(door, EAST, (1, 1), deaths=1)
    await look(door.platform)
    for deaths, state in ((0, "withdrawn"), (1, "open")):
        await Count.filter(division=EAST).update(deaths=deaths)
        await look(door.platform)
        assert [each["state"] for each in await findings(door)] == [state]


@pytest.mark.parametrize(
    ("counts", "told"),
    [
        ({STREETS[0]: 1, STREETS[1]: 1, STREETS[2]: 1}, {EAST: 3}),
        ({STREETS[0]: 1, WEST: 1, "": 1}, {"": 3}),
        ({STREETS[0]: 3, STREETS[1]: 1, WEST: 1}, {STREETS[0]: 3}),
        # Beside the street's as many are elsewhere in the district.
        ({STREETS[0]: 3, STREETS[1]: 2, STREETS[2]: 1}, {STREETS[0]: 3, EAST: 6}),
        ({STREETS[0]: 1, EAST: 1}, {}),
    ],
)
async def test_a_series_is_told_of_the_smallest_division_that_has_it(
    door: Door, counts: dict[str, int], told: dict[str, int]
) -> None:
    for division, number in counts.items():
        await count_days(door, division, (1, number))
    await look(door.platform)
    assert {each["division"]["code"]: each["count"] for each in await findings(door)} == told


async def test_without_a_word_in_the_settings_three_are_no_series(tmp_path: Path) -> None:
    async with open_city(tmp_path) as door:
        await count_days(door, EAST, (1, 30))
        await count_days(door, EAST, (1, 3), category="robbery")
        await look(door.platform)
        assert [each["category"]["code"] for each in await findings(door)] == ["robbery"]


async def test_what_the_platform_counts_itself_is_a_series_within_24_hours_and_not_by_the_calendar(
    tmp_path: Path, database: str
) -> None:
    units = {"parks/east": "510703001", "parks/west": "510703002"}
    series = {"units": units, "thresholds": {"urgent": {"count": 3}}}
    async with bureau(tmp_path, database, settings=series) as door:
        morning = NOW.replace(hour=1)
        await appeal(morning - timedelta(hours=23, minutes=59), unit="east")
        await appeal(morning - timedelta(hours=2), unit="west")
        await appeal(morning - timedelta(hours=1), category="roads")
        assert await look(door.platform) == []
        last = await appeal(morning, unit="west")
        (one,) = await look(door.platform)
        assert (one.division, one.count, one.at, one.facts["urgent"]) == ("510703", 3, NOW.date(), "count")
        assert await look(door.platform) == []
        # A day of which some wasn't read is none.
        assert {day for _, day in await most_within_a_day(door.platform, NOW.date())} == {NOW.date()}
        # A minute later it is none: the first is a day ago.
        await AppealRecord.filter(case_id=last).update(received_at=morning + timedelta(minutes=1))
        await look(door.platform)
        assert [each.state for each in await Finding.all()] == ["withdrawn"]


async def test_the_look_goes_through_its_figures_beside_the_loop(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    threads, made = set[int](), urgent._urgent

    def noted(*given: Any) -> Any:
        threads.add(threading.get_ident())
        return made(*given)

    monkeypatch.setattr(urgent, "_urgent", noted)
    await count_days(door, EAST, (1, 3))
    assert len(await look(door.platform)) == 1
    assert threads
    assert threading.get_ident() not in threads
