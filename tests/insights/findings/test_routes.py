"""Who reads which finding, what the routes refuse, and what is told to others."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from banshi import Platform
from banshi.sdk.events import LISTENERS, Event, Listener
from banshi.testing import Door
from insights.findings import weekly
from insights.findings.urgent import look
from tests.insights.findings.city import (
    EAST,
    LIST,
    WEST,
    act,
    analyst,
    any_rise,
    count,
    count_days,
    findings,
    open_city,
    risen,
)
from tests.tries import tries


@pytest.fixture
async def door(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Door]:
    monkeypatch.setattr(weekly, "judge", any_rise)
    async with open_city(tmp_path) as opened:
        yield opened


async def test_a_departments_analysts_and_publishers_read_its_findings_and_nobody_else(door: Door) -> None:
    one = await risen(door)
    readers = {
        door.staff("a", "criminal:analyst"): (200, ["dismiss"]),
        door.staff("b", "criminal:publisher"): (200, ["draft"]),
        door.staff("c", "criminal/tips:analyst"): (404, None),
        door.staff("d", "cyber:analyst", "cyber:publisher"): (404, None),
        door.staff("e", "criminal:reviewer", "criminal:approver"): (404, None),
        door.officer("f", "criminal"): (403, None),
        door.citizen("g"): (403, None),
        door.anyone: (401, None),
    }
    for person, (status, actions) in readers.items():
        reply = await person.get(f"{LIST}/{one['id']}")
        listed = await person.get(LIST)
        assert reply.status == status
        if actions is not None:
            assert reply.document["permitted_actions"] == actions
            assert len(listed.ok()["items"]) == 2
        elif status == 404:
            assert listed.ok()["items"] == []
        for action in ("draft", "dismiss"):
            taken = await act(person, one, action, version=99, reason="x", until="2099-01-01")
            assert taken.status == (status if actions is None else 409 if action in actions else 403)


async def test_the_list_goes_on_page_by_page_and_is_narrowed_by_what_is_asked(door: Door) -> None:
    await count(door, EAST, (6, 6, 6, 6, 19))
    await count(door, WEST, (6, 6, 6, 6, 8), category="fraud-loans")
    await count_days(door, EAST, (1, 1), deaths=1, category="fraud-loans")
    await weekly.judge_now(door.platform)
    await look(door.platform)
    every, lin, pages = await findings(door), analyst(door), list[str]()
    cursor: dict[str, str] = {}
    while cursor is not None:
        page = (await lin.get(LIST, params={"limit": "1", **cursor})).ok()
        pages += [one["id"] for one in page["items"]]
        cursor = {"cursor": page["next"]} if page["next"] else None  # type: ignore[assignment]
    assert pages == [one["id"] for one in every]
    assert len({*pages}) == 3
    assert {one["level"] for one in await findings(door, level="urgent")} == {"urgent"}
    assert [one["category"]["code"] for one in await findings(door, category="fraud-loans")] == ["fraud-loans"]
    assert await findings(door, department="cyber") == await findings(door, state="drafted") == []


async def test_a_list_that_there_is_not_is_refused(door: Door) -> None:
    for query in ("state=x", "level=high", "cursor=x", "cursor=MDAwMS0wMS0wMS83", "limit=0"):
        assert (await analyst(door).get(f"{LIST}?{query}")).status == 400, query


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=5,
)
MEMBERS = ("version", "reason", "until", "unless_over", "title", "body", "to", "kind", "propose", "more")
ODD = ["", " ", "\x00", "9999-12-31", "0001-01-01", "{count}", "\u202e", "a" * 2000, "2026-02-30", "'"]
TEXTS = st.sampled_from(ODD)


@given(
    st.sampled_from(["draft", "dismiss", "reopen", "publish", "x" * 40, "%00"]),
    st.dictionaries(st.sampled_from(MEMBERS), JSON | TEXTS | st.dictionaries(st.just("zh-CN"), TEXTS), max_size=5),
)
@settings(max_examples=tries(20, 60), suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_no_body_is_a_fault_of_ours(door: Door, action: str, body: dict[str, Any]) -> None:
    if not (every := await findings(door)):
        every = [await risen(door)]
    reply = await act(analyst(door), every[0], action, **body)
    assert reply.status in {200, 400, 403, 404, 409, 413, 422}, reply
    assert reply.status != 200 or reply.document["state"] in {"open", "drafted", "dismissed"}


async def test_what_is_no_finding_is_not_found(door: Door) -> None:
    for one in ("x", "00000000-0000-0000-0000-000000000000", "..%2f"):
        assert (await analyst(door).get(f"{LIST}/{one}")).status in {400, 404}, one
        assert (await act(analyst(door), {"id": one}, "draft")).status in {400, 404}, one


async def test_the_same_request_twice_is_done_once(door: Door) -> None:
    one, lin = await risen(door), analyst(door)
    replies = [await lin.post(f"{LIST}/{one['id']}/actions/draft", {}, key="once-0123456789abcdef") for _ in range(2)]
    assert replies[0].ok() == replies[1].ok()
    assert len((await lin.get("/v1/notices")).ok()["items"]) == 1


async def test_what_is_found_is_told_to_whoever_listens_once(door: Door) -> None:
    heard: list[Event] = []

    async def hear(_: Platform, events: Any) -> None:
        heard.extend(events)

    door.platform._offered[LISTENERS] = [("webhooks", Listener(hear))]
    one = await risen(door)
    await weekly.judge_now(door.platform)
    rows = await door.platform.store.connection.execute_query_dict(
        "SELECT payload FROM banshi_outbox WHERE topic = 'banshi.insights.found'"
    )
    assert len(rows) == 2  # the district's and the city's
    assert one["id"] in str(rows)
