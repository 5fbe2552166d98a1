"""The public list of alerts: whatever else is there, a page is full, and costs the database two questions."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from banshi.testing import Door, open_door
from mobile_push.cap.geo.divisions import division_prefix
from mobile_push.tables.models import Broadcast

#: Audiences of alerts, by place and by none, and codes in each length.
AUDIENCES: tuple[dict[str, Any], ...] = (
    {"everyone": True},
    {"topics": ["exercises"]},
    {"departments": ["traffic"]},
    {"polygons": [{"type": "Polygon", "coordinates": [[[120, 30], [121, 30], [121, 31], [120, 30]]]}]},
    {"circles": [{"center": [120, 30], "radius_km": 3}], "divisions": ["510000"]},
    {"divisions": ["330106"]},
    {"divisions": ["330100"]},
    {"divisions": ["330000000000", "510703"]},
    {"divisions": ["330106109"]},
    {"divisions": ["330106109051"], "topics": ["exercises"]},
    {"divisions": ["441900003"]},
    {"divisions": ["441900003000", "331002"]},
)

#: Where somebody asks what concerns them.
PLACES = ("330106", "330106109", "330106109051", "330106000000", "330100", "330000", "331000", "441900", "441900003")


@pytest.fixture
async def door(tmp_path: Path, database: str) -> AsyncIterator[Door]:
    async with open_door(tmp_path, {"mobile_push": "mobile_push"}, platform={"database": database}) as opened:
        yield opened


INFO = {"language": "zh-CN", "category": ["Met"], "event": "暴雨", "urgency": "Immediate", "severity": "Severe"}
CAP: dict[str, Any] = {
    "sender": "alerts@city.example",
    "sent": "2026-01-01T00:00:00+08:00",
    "status": "Actual",
    "msg_type": "Alert",
    "scope": "Public",
    "info": [{**INFO, "certainty": "Observed"}],
}


def alert(door: Door, seq: int, audience: dict[str, Any], **changes: Any) -> Broadcast:
    now = door.platform.now()
    cap = {
        **CAP,
        "identifier": str(seq),
        **{name: changes.pop(name) for name in ("status", "msg_type") if name in changes},
    }
    texts = {"zh-CN": str(seq), "en": str(seq)}
    values: dict[str, Any] = {
        "kind": "alert",
        "department": "traffic",
        "state": "published",
        "title": texts,
        "body": texts,
        "link": "/",
        "author": "sun",
        "created_at": now,
        "expires_at": now + timedelta(hours=1),
    }
    return Broadcast(seq=seq, audience=audience, cap=cap, **values | changes)


#: What keeps an alert out of the list.
OTHERS: tuple[dict[str, Any], ...] = (
    {"status": "Exercise"},
    {"status": "Test"},
    {"msg_type": "Cancel"},
    {"state": "recalled"},
    {"state": "superseded"},
    {"kind": "notice"},
    {"expires_at": timedelta(seconds=-1)},
)


def other(door: Door, seq: int, audience: dict[str, Any]) -> Broadcast:
    changes = dict(OTHERS[seq % len(OTHERS)])
    if "expires_at" in changes:
        changes["expires_at"] += door.platform.now()
    return alert(door, seq, audience, **changes)


def concerns(audience: dict[str, Any], place: str) -> bool:
    """Whether an alert may be for people there, said once more in Python."""
    if not audience.keys() & {"divisions"} or audience.keys() & {"everyone", "polygons", "circles"}:
        return True
    own = division_prefix(place)
    others = [division_prefix(code) for code in audience["divisions"]]
    return any(one.startswith(own) or own.startswith(one) for one in others)


async def numbers(door: Door, limit: int, **query: str) -> list[int]:
    """The numbers of all pages, each of which but the last is full."""
    found: list[int] = []
    params = {"limit": str(limit), **query}
    while True:
        page = (await door.anyone.get("/v1/alerts", params=params)).ok()
        found += [int(one["title"]) for one in page["items"]]
        if page["next"] is None:
            return found
        assert len(page["items"]) == limit
        params["cursor"] = page["next"]


async def test_every_page_is_full_however_few_of_the_alerts_are_for_the_reader(door: Door) -> None:
    rows, expected = [], {place: list[int]() for place in ("", *PLACES)}
    shuffled = random.Random(7)
    for seq in range(1, 601):
        audience = shuffled.choice(AUDIENCES)
        if shuffled.random() < 0.5:
            rows.append(other(door, seq, audience))
            continue
        rows.append(alert(door, seq, audience))
        for place, those in expected.items():
            if not place or concerns(audience, place):
                those.insert(0, seq)
    await Broadcast.bulk_create(rows)
    assert len({tuple(those) for those in expected.values()}) >= 5, "the places differ"
    for place, those in expected.items():
        query = {"division": place} if place else {}
        assert await numbers(door, 50, **query) == those, place
    assert await numbers(door, 7, division="330106") == expected["330106"]


async def test_a_page_costs_two_statements_though_hundreds_of_newer_alerts_are_for_others(
    door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine = [alert(door, seq, {"divisions": ["330106"]}) for seq in range(1, 31)]
    theirs = [alert(door, seq, {"divisions": ["510703"]}) for seq in range(31, 701)]
    tests = [alert(door, seq, {"topics": ["exercises"]}, status="Test") for seq in range(701, 1301)]
    await Broadcast.bulk_create([*mine, *theirs, *tests])
    asked: list[str] = []
    client = type(door.platform.store.connection)

    def counted(ask: Any) -> Any:
        async def counting(self: Any, query: str, *rest: Any) -> Any:
            asked.append(query)
            return await ask(self, query, *rest)

        return counting

    for name in ("execute_query", "execute_query_dict"):
        monkeypatch.setattr(client, name, counted(getattr(client, name)))
    # One may ask through the other, and the platform looks for other work meanwhile: not in each of three pages.
    always: set[str] | None = None
    for _ in range(3):
        asked.clear()
        page = (await door.anyone.get("/v1/alerts", params={"division": "330106", "limit": "20"})).ok()
        assert [int(one["title"]) for one in page["items"]] == list(range(30, 10, -1))
        these = {query for query in asked if "push_broadcast" in query}
        always = these if always is None else always & these
    assert always is not None
    assert len(always) == 2, always
    rest = {"division": "330106", "limit": "20", "cursor": page["next"]}
    page = (await door.anyone.get("/v1/alerts", params=rest)).ok()
    assert ([int(one["title"]) for one in page["items"]], page["next"]) == (list(range(10, 0, -1)), None)
    feed = (await door.anyone.get("/v1/alerts.atom")).body
    assert feed.count(b"<entry") == 100, "tests crowd no warning out of the feed"
