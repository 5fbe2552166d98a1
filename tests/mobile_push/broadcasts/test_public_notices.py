"""Notices as anybody reads them: what is published, without a token, as a list and as a feed; nothing else."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import feedparser
import pytest

from banshi.testing import Door, Reply, open_door
from mobile_push.tables.models import Broadcast
from tests.mobile_push.broadcasts.alerts.test_alerts_in_force import alert
from tests.mobile_push.conftest import PLUGINS

TOPICS = {"water": {"zh-CN": "停水", "en": "Water"}, "exercises": {"zh-CN": "演练", "en": "Exercises"}}
PEOPLE = {"people": {"items": ["zone-pass"], "states": ["approved"]}}


@pytest.fixture
async def door(tmp_path: Path, database: str) -> AsyncIterator[Door]:
    settings = {"mobile_push": {"topics": TOPICS, "one_person": ["traffic"]}}
    platform = {"database": database, "address": "https://api.city.example"}
    async with open_door(tmp_path, PLUGINS, settings=settings, platform=platform) as opened:
        yield opened


async def published(door: Door, seq: int, audience: dict[str, Any], **changes: Any) -> Broadcast:
    at = int(door.platform.now().timestamp() * 1000) + seq
    row = alert(door, seq, audience, **{"kind": "notice", "published_at": at, **changes})
    row.cap = None
    await row.save()
    return row


def titles(answer: Reply) -> list[str]:
    return [one["title"] for one in answer.ok()["items"]]


async def test_anybody_lists_what_is_published_and_a_citizen_sees_the_same(door: Door) -> None:
    made = await door.staff("sun", "traffic:publisher").post(
        "/v1/notices",
        {
            "department": "traffic",
            "title": {"zh-CN": "停水通知", "en": "No water"},
            "content": {"zh-CN": "# 安排", "en": "# When"},
            "audience": {"topics": ["water"], "divisions": ["330106"]},
        },
    )
    made.created()
    answer = await door.anyone.get("/v1/notices")
    (one,) = answer.ok()["items"]
    assert (one["title"], one["topics"], one["divisions"]) == ("停水通知", ["water"], ["330106"])
    assert one["links"] == {"self": f"/v1/notices/{made.created()['id']}"}
    assert not {"content", "audience", "author", "approver", "version"} & one.keys()
    assert (await door.anyone.get(one["links"]["self"])).ok()["content"] == "# 安排"
    citizen = await door.citizen("wang").get("/v1/notices", headers={"Accept-Language": "en"})
    assert titles(citizen) == ["No water"]
    assert (citizen.headers["Cache-Control"], answer.headers["Cache-Control"]) == ("no-store", "no-cache")
    again = await door.anyone.get("/v1/notices", headers={"If-None-Match": answer.headers["ETag"]})
    assert again.status == 304


async def test_what_isnt_public_or_is_of_some_people_alone_is_in_no_list(door: Door) -> None:
    for seq, (audience, changes) in enumerate(
        [
            (PEOPLE, {}),
            *(({"everyone": True}, {"state": state}) for state in ("draft", "proposed", "scheduled", "cancelled")),
            *(({"everyone": True}, {"state": state}) for state in ("recalled", "superseded")),
            ({"everyone": True}, {"kind": "notice-withdrawn"}),
            ({"everyone": True}, {"kind": "alert"}),
        ],
        start=1,
    ):
        await published(door, seq, audience, **changes)
    # A notice outlives the day for which phones are told of it.
    await published(door, 99, {"everyone": True}, expires_at=door.platform.now() - timedelta(days=3))
    assert titles(await door.anyone.get("/v1/notices")) == ["99"]
    for state in ("draft", "recalled", "superseded"):
        assert titles(await door.citizen("wang").get(f"/v1/notices?state={state}")) == []
    assert [one.title for one in feedparser.parse((await door.anyone.get("/v1/notices.atom")).body).entries] == ["99"]


async def test_a_recalled_notice_is_gone_from_list_and_feed_at_once(door: Door) -> None:
    publisher = door.staff("sun", "traffic:publisher")
    texts = {"zh-CN": "写错了", "en": "Wrong"}
    document = {"department": "traffic", "title": texts, "audience": {"everyone": True}}
    made = (await publisher.post("/v1/notices", document)).created()
    assert titles(await door.anyone.get("/v1/notices")) == ["写错了"]
    (await publisher.post(f"/v1/notices/{made['id']}/actions/recall", {"reason": "错"})).ok()
    assert titles(await door.anyone.get("/v1/notices")) == []
    assert "写错了" not in (await door.anyone.get("/v1/notices.atom")).body.decode()
    assert (await door.anyone.get(f"/v1/notices/{made['id']}")).ok()["title"] == ""


async def test_a_topic_a_division_and_a_department_narrow_it(door: Door) -> None:
    await published(door, 1, {"topics": ["water"], "divisions": ["330106"]})
    await published(door, 2, {"topics": ["exercises"]})
    await published(door, 3, {"divisions": ["510703"]}, department="public-security")
    assert titles(await door.anyone.get("/v1/notices?topic=water")) == ["1"]
    assert titles(await door.anyone.get("/v1/notices?division=330106")) == ["2", "1"]
    assert titles(await door.anyone.get("/v1/notices?division=330106&topic=water&department=traffic")) == ["1"]
    assert titles(await door.anyone.get("/v1/notices?department=public-security")) == ["3"]
    assert titles(await door.anyone.get("/v1/notices?department=nowhere")) == []


WRONG_QUERIES = [
    "topic=nobodys",
    "topic=" + "%27%20OR%201=1--",
    "topic=",
    "division=000000",
    "division=33010",
    "cursor=!",
    "cursor=LTE",  # -1
    "cursor=OTk5OTk5OTk5OTk5OTk5OTk5OTk5OTk5OQ",  # larger than any number of a log
    "limit=0",
    "people=me",
]


async def test_a_question_that_cant_be_is_refused_at_its_place(door: Door) -> None:
    await published(door, 1, {"everyone": True})
    for query in WRONG_QUERIES:
        name = query.partition("=")[0]
        for path in ("/v1/notices", "/v1/notices.atom")[: 1 + (name in ("topic", "division"))]:
            problem = (await door.anyone.get(f"{path}?{query}")).problem(400, "invalid-parameter")
            assert problem["parameter"] == name, query


async def test_pages_have_each_notice_once_whatever_is_taken_back_between(door: Door) -> None:
    rows = [await published(door, seq, {"everyone": True}) for seq in range(1, 8)]
    first = (await door.anyone.get("/v1/notices?limit=3")).ok()
    await Broadcast.filter(id=rows[4].id).update(state="recalled", seq=9)
    second = (await door.anyone.get(f"/v1/notices?limit=3&cursor={first['next']}")).ok()
    third = (await door.anyone.get(f"/v1/notices?limit=3&cursor={second['next']}")).ok()
    assert [one["title"] for page in (first, second, third) for one in page["items"]] == list("7654321")
    assert third["next"] is None


async def test_publishers_list_their_records_as_before(door: Door) -> None:
    await published(door, 1, {"everyone": True})
    await published(door, 2, PEOPLE, state="draft")
    await published(door, 3, {"everyone": True}, department="public-security")
    publisher = door.staff("sun", "traffic:publisher")
    records = (await publisher.get("/v1/notices")).ok()["items"]
    assert [(one["title"]["en"], one["state"]) for one in records] == [("2", "draft"), ("1", "published")]
    assert [one["audience"] for one in (await publisher.get("/v1/notices?state=draft")).ok()["items"]] == [PEOPLE]
    page = (await publisher.get("/v1/notices?limit=1")).ok()
    rest = (await publisher.get(f"/v1/notices?limit=1&cursor={page['next']}")).ok()
    assert [one["title"]["en"] for one in rest["items"]] == ["1"]
    # A number of the public list is no place in theirs.
    (await publisher.get("/v1/notices?cursor=MQ")).problem(400, "invalid-parameter")
    assert titles(await publisher.get("/v1/notices?division=330106")) == ["3", "1"]
    assert titles(await door.staff("li", "traffic:reviewer").get("/v1/notices")) == ["3", "1"]


async def test_the_feed_is_read_by_a_feed_reader(door: Door) -> None:
    content = {"zh-CN": "# 安排 <script>alert(1)</script>", "en": "# When & where"}
    await published(door, 1, {"topics": ["water"]}, content=content, department="traffic")
    await published(door, 2, {"everyone": True})
    answer = await door.anyone.get("/v1/notices.atom", headers={"Accept-Language": "en"})
    found = feedparser.parse(answer.body)
    assert (found.bozo, found.version, found.feed.title) == (False, "atom10", "Announcements")
    assert [(link.rel, link.href) for link in found.feed.links] == [
        ("self", "https://api.city.example/v1/notices.atom")
    ]
    newest, one = found.entries
    assert (newest.title, one.title) == ("2", "1")
    row = await Broadcast.get(seq=1)
    assert one.id == one.link == f"https://api.city.example/v1/notices/{row.id}"
    assert [tag.term for tag in one.tags] == ["water"]
    assert one.author == "Traffic Police"
    assert (one.content[0].value, one.content[0].type) == ("# When & where", "text/markdown")
    assert one.published_parsed is not None
    assert answer.headers["Vary"] == "Accept-Language"
    headers = {"Accept-Language": "en", "If-None-Match": answer.headers["ETag"]}
    assert (await door.anyone.get("/v1/notices.atom", headers=headers)).status == 304
    water = feedparser.parse((await door.anyone.get("/v1/notices.atom?topic=water")).body)
    assert [entry.title for entry in water.entries] == ["1"]
    assert water.feed.links[0].href == "https://api.city.example/v1/notices.atom?topic=water"
