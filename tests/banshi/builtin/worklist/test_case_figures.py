"""Figures about the work: by unit and week, as they are, for who reads the cases, and of few people nothing."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from banshi.builtin.worklist import figures, kept
from banshi.kernel.contract.values import Step, Who
from banshi.kinds.appeal.steps import TABLE as APPEAL
from banshi.kinds.application.steps import TABLE as APPLICATION
from banshi.kinds.rows import CITIZEN, END, RUN, STAFF
from banshi.testing import Person
from tests.town.parts import appeals
from tests.town.town import CITY, ENGLISH, Town, open_town

PATH = "/v1/statistics/cases"


async def lines(offices: Town, person: Person, **query: str) -> dict[tuple[str, str], dict[str, Any]]:
    offices.door.platform[figures.WEEKS].known.clear()
    page = (await person.get(PATH, params=query, headers=ENGLISH)).ok()
    return {(one["department"]["code"], one["unit"]["code"]): one for one in page["items"]}


async def asked(offices: Town, count: int, item: str = "ask-parks") -> list[str]:
    li = offices.door.citizen("li")
    body = {"answers": {"text": "路灯坏了"}}
    return [(await li.post(f"/v1/items/{item}/cases", body)).created()["links"]["self"] for _ in range(count)]


async def test_what_waits_and_what_was_decided_is_told_by_unit_and_week(tmp_path: Path, database: str) -> None:
    async with open_town(tmp_path, appeals(), database=database) as offices:
        chen, li = offices.reviewer(), offices.door.citizen("li")
        early = await asked(offices, 12)
        # Six within the five days, the others after them; one of these is rated badly and opened anew.
        for link in early[:6]:
            await offices.answered(chen, link)
        offices.later(days=9)
        for link in early[6:]:
            await offices.answered(chen, link)
        await offices.rated(li, early[6], 1)
        offices.later(days=1)
        await asked(offices, 5)
        offices.later(days=8)
        await asked(offices, 5, "ask-works")
        found = await lines(offices, chen)
        assert list(found) == [("parks", "east")]
        line = found["parks", "east"]
        assert (line["department"]["title"], line["unit"]["title"]) == ("Sample parks", "East Unit")
        # The one that was opened anew waits with the five, and is late no more than they.
        assert (line["waiting"], line["over_week"], line["over_month"]) == (6, 6, 0)
        weeks = {one["week"]: one for one in line["weeks"] if one["received"] != 0}
        assert list(weeks) == ["2026-08-31", "2026-09-07"]
        # Eleven are decided: six on time, and five not.
        assert weeks["2026-08-31"] == {
            "week": "2026-08-31", "received": 12, "decided": 11, "overdue": None, "on_time_percent": 50,
            "mean_days": 3.2,
        }  # fmt: skip
        assert (weeks["2026-09-07"]["received"], weeks["2026-09-07"]["overdue"]) == (5, 5)
        assert (line["received"], line["decided"]) == (17, 11)


async def test_of_fewer_than_five_nothing_is_told_but_that_there_is_none(tmp_path: Path) -> None:
    async with open_town(tmp_path, appeals()) as offices:
        chen = offices.reviewer()
        for link in (await asked(offices, 4))[:2]:
            await offices.answered(chen, link)
        line = (await lines(offices, chen))["parks", "east"]
        assert {line[name] for name in ("waiting", "received", "decided", "on_time_percent", "mean_days")} == {None}
        assert (line["late"], line["over_week"], line["overdue"]) == (0, 0, 0)
        assert {one["received"] for one in line["weeks"]} == {0, None}


async def test_whoever_reads_the_cases_of_a_unit_sees_its_figures_alone(tmp_path: Path) -> None:
    async with open_town(tmp_path, appeals()) as offices:
        links = await asked(offices, 10)
        await asked(offices, 5, "ask-works")
        for link in links[:5]:
            (await offices.act(offices.reviewer(), link, "forward", "西科负责", unit="west")).ok()
        staff = offices.door.staff
        for role, seen in {
            "parks:reviewer": [("parks", "east"), ("parks", "west")],
            "parks/west:reviewer": [("parks", "west")],
            "works:reviewer": [("works", "east")],
        }.items():
            found = await lines(offices, staff("chen", role))
            assert [key for key, line in found.items() if line["waiting"] == 5] == seen, role
        for person in (offices.door.citizen("li"), offices.door.officer("qian", "parks")):
            assert (await person.get(PATH)).status == 403
        assert (await offices.door.anyone.get(PATH)).status == 401


async def test_so_many_weeks_are_told_as_are_asked_for(tmp_path: Path) -> None:
    # A Sunday evening in the city, and a Monday in no other zone.
    async with open_town(tmp_path, appeals(), now=datetime(2026, 9, 6, 23, 59, tzinfo=CITY)) as offices:
        await asked(offices, 5)
        offices.later(minutes=2)
        await asked(offices, 6)
        line = (await lines(offices, offices.reviewer(), weeks="3"))["parks", "east"]
        told = {one["week"]: one["received"] for one in line["weeks"]}
        assert told == {"2026-08-24": 0, "2026-08-31": 5, "2026-09-07": 6}
        line = (await lines(offices, offices.reviewer(), weeks="1"))["parks", "east"]
        assert line["received"] == 6
        for wrong in ("0", "54", "x", "-1"):
            assert (await offices.reviewer().get(PATH, params={"weeks": wrong})).status == 400, wrong


async def test_who_asks_again_and_again_has_a_week_counted_once_a_minute(tmp_path: Path, monkeypatch: Any) -> None:
    async with open_town(tmp_path, appeals()) as offices:
        await asked(offices, 5)
        before = (await lines(offices, offices.reviewer(), weeks="1"))["parks", "east"]
        await asked(offices, 5)
        again = (await offices.reviewer().get(PATH, params={"weeks": "1"})).ok()["items"][0]
        assert (before["received"], again["received"], again["waiting"]) == (5, 5, 10)
        monkeypatch.setattr(kept, "KEPT_S", -1.0)
        assert (await lines(offices, offices.reviewer(), weeks="1"))["parks", "east"]["received"] == 10


@pytest.mark.parametrize(
    ("table", "decided"),
    [
        (APPLICATION, {"approved", "refused", "revoked", "taken-back", "cancelled", "closed"}),
        (APPEAL, {"answered", "rated", "closed", "merged"}),
    ],
    ids=["application", "appeal"],
)
def test_decided_is_what_the_office_has_ended_and_no_citizen(table: Any, decided: set[str]) -> None:
    assert figures.decided_in(table) == decided


def test_what_waits_again_after_its_end_is_not_decided() -> None:
    ends = Step(state="a", action="end", who=STAFF, to="over", clock=END)
    again = Step(state="over", action="again", who=CITIZEN, to="a", clock=RUN)
    assert figures.decided_in([ends, again]) == {"over"}
    assert Who.CITIZEN not in ends.who


async def test_figures_are_found_by_indexes_however_many_cases_there_are(
    tmp_path: Path, database: str, monkeypatch: Any
) -> None:
    async with open_town(tmp_path, appeals(), database=database) as offices:
        platform, asked_for = offices.door.platform, list[tuple[str, Any]]()
        connection = platform.store.connection
        real = connection.execute_query_dict

        async def heard(sql: str, values: Any = None) -> Any:
            if "FROM banshi_case" in sql or "JOIN banshi_case" in sql:
                asked_for.append((sql, values))
            return await real(sql, values)

        monkeypatch.setattr(connection, "execute_query_dict", heard)
        await figures.waiting(platform, ["parks"])
        await figures.came_in(platform, platform.today())
        monkeypatch.undo()
        assert len(asked_for) == 2
        if platform.store.dialect != "sqlite":
            # An empty table is always read whole, unless that is forbidden.
            await connection.execute_script("SET enable_seqscan = off; SET enable_bitmapscan = off")
        explain = "EXPLAIN QUERY PLAN" if platform.store.dialect == "sqlite" else "EXPLAIN"
        for (sql, values), index in zip(asked_for, ("banshi_case_work", "banshi_case_mode"), strict=True):
            plan = await connection.execute_query_dict(f"{explain} {sql}", values)
            # Which one PostgreSQL takes, what is in the table decides.
            assert (index if platform.store.dialect == "sqlite" else "Index Scan") in str(plan), plan
