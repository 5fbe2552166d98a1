"""Notices: what staff may write, who decides, what becomes public when, and what everybody else sees of it."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from banshi.foundation.findings import ConfigurationError
from banshi.testing import Door, Person, Reply, open_door
from mobile_push.broadcasts import publication
from mobile_push.broadcasts.schedule import publish_due
from mobile_push.delivery.phones import Phones
from mobile_push.delivery.service import PUSH
from mobile_push.sandbox import FcmSandbox
from mobile_push.tables.models import Broadcast, BroadcastEvent, Device, FanOut, InboxMessage
from tests.mobile_push.conftest import ahead
from tests.places import TRAFFIC
from tests.town.departments import department, write
from tests.waiting import until

TITLE = {"zh-CN": "停水通知", "en": "No water on Friday"}
BODY = {"zh-CN": "周五9时至12时停水。", "en": "Friday, 9 to 12."}


def notice(**changes: Any) -> dict[str, Any]:
    document = {"department": "traffic", "title": TITLE, "body": BODY, "audience": {"everyone": True}, **changes}
    return {name: value for name, value in document.items() if value is not ...}


def publisher(door: Door, subject: str = "sun", department: str = "traffic") -> Person:
    return door.staff(subject, f"{department}:publisher")


async def create(door: Door, person: Person | None = None, key: str | None = None, **changes: Any) -> Reply:
    return await (person or publisher(door)).post("/v1/notices", notice(**changes), key=key)


async def act(person: Person, document: dict[str, Any], action: str, **body: Any) -> Reply:
    return await person.post(f"{document['links']['self']}/actions/{action}", body)


def hence(door: Door, **apart: float) -> str:
    return (door.platform.now() + timedelta(**apart)).isoformat()


async def wait_for_state(identity: str, state: str) -> None:
    """Until the schedule, which may be at it in this moment, has come to it."""
    await until(Broadcast.filter(id=identity, state=state).exists)


async def device(person: str, division: str, latitude: float, longitude: float) -> None:
    now = datetime.now(UTC)
    own = {"person": person, "provider": "fcm", "token": person, "token_hash": person, "platform": "android"}
    place = {"division": division, "latitude": latitude, "longitude": longitude}
    await Device.create(**own, **place, language="en", created_at=now, seen_at=now)


@pytest.fixture
def open_two(tmp_path: Path) -> Any:
    """`open_two()`: a platform with a second department."""
    write(tmp_path, department())

    def opened() -> Any:
        plugins: dict[str, Path | str] = {"traffic": TRAFFIC, "parks": tmp_path / "parks", "mobile_push": "mobile_push"}
        return open_door(tmp_path, plugins, settings={"mobile_push": {"one_person": ["traffic", "parks"]}})

    return opened


def pointers(reply: Reply) -> set[str]:
    return {one["pointer"] for one in reply.problem(422, "invalid-fields")["problems"]}


async def test_a_notice_is_published_at_once_with_its_fan_out(door: Door) -> None:
    reply = await create(door)
    created = reply.created()
    assert reply.headers["Location"] == created["links"]["self"] == f"/v1/notices/{created['id']}"
    assert (created["state"], created["author"], created["link"]) == ("published", "sun", created["links"]["self"])
    assert created["published_at"] is not None
    (walk,) = await FanOut.all()
    assert (str(walk.broadcast_id), walk.provider, walk.lane) == (created["id"], "fcm", 2)
    (stored,) = await Broadcast.all()
    assert stored.seq == 1
    assert abs((stored.expires_at - door.platform.now()).total_seconds() - 86_400) < 60


async def test_the_same_request_twice_is_one_notice(door: Door) -> None:
    first = await create(door, key="k1")
    again = await create(door, key="k1")
    assert (again.status, again.body) == (201, first.body)
    assert again.headers["Idempotency-Replayed"] == "true"
    assert await Broadcast.all().count() == 1
    at_once = await asyncio.gather(*(create(door, key="k2") for _ in range(10)))
    assert {reply.status for reply in at_once} <= {201, 409}
    assert await Broadcast.all().count() == 2


async def test_a_recalled_notice_stops_and_gets_a_new_number(door: Door) -> None:
    created = (await create(door)).created()
    recalled = (await act(publisher(door), created, "recall", reason="写错了")).ok()
    assert recalled["state"] == "recalled"
    (walk,) = await FanOut.all()
    assert walk.state in {"recalled", "done"}, "whichever came first"
    assert (await Broadcast.get(id=created["id"])).seq == 2
    (await act(publisher(door), created, "recall")).problem(409, "action-not-permitted")
    events = await BroadcastEvent.all().order_by("version")
    assert [(one.action, one.state, one.actor, one.reason) for one in events] == [
        ("create", "published", "sun", ""),
        ("recall", "recalled", "sun", "写错了"),
    ]


async def test_only_a_publisher_of_the_department_publishes(door: Door) -> None:
    body = notice()
    (await door.citizen("wang").post("/v1/notices", body)).problem(403, "forbidden")
    (await door.staff("li", "traffic:approver").post("/v1/notices", body)).problem(403, "forbidden")
    (await door.staff("li", "traffic/zone-office:publisher").post("/v1/notices", body)).problem(403, "forbidden")
    (await door.staff("li", "parks:publisher").post("/v1/notices", body)).problem(403, "forbidden")
    assert await Broadcast.all().count() == 0


async def test_an_unknown_department_is_named(door: Door) -> None:
    reply = await create(door, publisher(door, department="parks"), department="parks")
    (problem,) = reply.problem(422, "invalid-fields")["problems"]
    assert problem["pointer"] == "/department"
    assert "traffic" in problem["detail"]


# -- what may be written ---------------------------------------------------------------------------------------------

SQUARE = [[[120.1, 30.2], [120.2, 30.2], [120.2, 30.3], [120.1, 30.2]]]

WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "no title in one of the languages": ({"title": {"zh-CN": "停水"}}, "/title/en"),
    "an empty title": ({"title": {"zh-CN": " ", "en": "x"}}, "/title/zh-CN"),
    "another language": ({"body": {"fr": "eau"}}, "/body/fr"),
    "a long title": ({"title": {"zh-CN": "水" * 121, "en": "x"}}, "/title/zh-CN"),
    "a long content": ({"content": {"en": "x" * 20_001}}, "/content/en"),
    "a picture without TLS": ({"image": "http://city.example/a.png"}, "/image"),
    "a link out of the app": ({"link": "//evil.example"}, "/link"),
    "a link with a scheme": ({"link": "https://evil.example"}, "/link"),
    "nobody to send it to": ({"audience": {}}, "/audience"),
    "everyone but not": ({"audience": {"everyone": False}}, "/audience/everyone"),
    "an unknown topic": ({"audience": {"topics": ["weather"]}}, "/audience/topics/0"),
    "an unknown department": ({"audience": {"departments": ["traffic", "nowhere"]}}, "/audience/departments/1"),
    "no division": ({"audience": {"divisions": ["330106", "000000"]}}, "/audience/divisions/1"),
    "a county without its city": ({"audience": {"divisions": ["330006"]}}, "/audience/divisions/0"),
    "an open polygon": (
        {"audience": {"polygons": [{"type": "Polygon", "coordinates": [[[1, 1], [2, 1], [2, 2], [3, 3]]]}]}},
        "/audience/polygons/0",
    ),
    "a polygon off the earth": (
        {"audience": {"polygons": [{"type": "Polygon", "coordinates": [[[1, 91], [2, 1], [2, 2], [1, 91]]]}]}},
        "/audience/polygons/0",
    ),
    "a polygon with a hole": (
        {"audience": {"polygons": [{"type": "Polygon", "coordinates": SQUARE * 2}]}},
        "/audience/polygons/0",
    ),
    "too many shapes": (
        {"audience": {"polygons": [{"type": "MultiPolygon", "coordinates": [SQUARE] * 101}]}},
        "/audience",
    ),
    "a circle off the earth": (
        {"audience": {"circles": [{"center": [30.2, 120.1], "radius_km": 1}]}},
        "/audience/circles/0",
    ),
    "a circle around the whole earth and more": (
        {"audience": {"circles": [{"center": [120.1, 30.2], "radius_km": 20_016}]}},
        "/audience/circles/0/radius_km",
    ),
    "people and others": (
        {"audience": {"everyone": True, "people": {"items": ["zone-pass"], "states": ["approved"]}}},
        "/audience",
    ),
    "people of an unknown item": (
        {"audience": {"people": {"items": ["nothing"], "states": ["approved"]}}},
        "/audience/people/items/0",
    ),
    "a time without an offset": ({"send_at": "2099-01-01T00:00:00"}, "/send_at"),
    "a time that has passed": ({"send_at": "2020-01-01T00:00:00+08:00"}, "/send_at"),
    "a time in the far future": ({"send_at": "9999-12-31T23:59:59-08:00"}, "/send_at"),
    "a day that isn't": ({"send_at": "2099-02-30T00:00:00+08:00"}, "/send_at"),
    "an end before the beginning": ({"expires_at": "2020-01-01T00:00:00+08:00"}, "/expires_at"),
    "an end too far": ({"expires_at": "2099-01-01T00:00:00+08:00"}, "/expires_at"),
    "both ttl and an end": ({"ttl": 60, "expires_at": "2099-01-01T00:00:00+08:00"}, "/ttl"),
    "a ttl of more than four weeks": ({"ttl": 28 * 86_400 + 1}, "/ttl"),
    "a notice to supersede that isn't there": (
        {"supersedes": ["01990000-0000-7000-8000-000000000001"]},
        "/supersedes/0",
    ),
    "an unknown member": ({"sendAt": "now"}, "/sendAt"),
}


async def test_what_cannot_be_is_refused_at_its_field(door: Door) -> None:
    for name, (changes, pointer) in WRONG.items():
        reply = await create(door, **changes)
        assert pointer in pointers(reply), f"{name}: {reply.document}"
        assert all(one["detail"] for one in reply.document["problems"])
    assert await Broadcast.all().count() == 0


async def test_people_are_named_by_items_of_the_own_department_alone(open_two: Any) -> None:
    async with open_two() as door:
        people = {"items": ["zone-pass"], "states": ["approved"]}
        parks = publisher(door, department="parks")
        reply = await create(door, parks, department="parks", audience={"people": people})
        assert pointers(reply) == {"/audience/people/items/0"}
        assert (await create(door, audience={"people": people})).created()["state"] == "published"
        (walk,) = await FanOut.all()
        assert walk.provider == "", "people are walked, not phones"


async def test_every_part_of_an_audience_may_stand_together(door: Door) -> None:
    audience = {
        "departments": ["traffic"],
        "divisions": ["330100"],
        "polygons": [{"type": "Polygon", "coordinates": SQUARE}],
        "circles": [{"center": [120.1, 30.2], "radius_km": 3}],
    }
    assert (await create(door, audience=audience)).created()["audience"] == audience


# -- drafts, times, versions -----------------------------------------------------------------------------------------


async def test_a_draft_is_changed_and_then_published(door: Door) -> None:
    sun = publisher(door)
    draft = (await create(door, draft=True, ttl=3600)).created()
    assert (draft["state"], draft["published_at"]) == ("draft", None)
    assert await FanOut.all().count() == 0
    path = draft["links"]["self"]
    changed = (await sun.call("PATCH", path, json={"version": 1, "image": "https://city.example/a.png"})).ok()
    assert (changed["version"], changed["image"], changed["title"]) == (2, "https://city.example/a.png", TITLE)
    public = (await act(sun, draft, "publish", version=2)).ok()
    assert public["state"] == "published"
    stored = await Broadcast.get(id=draft["id"])
    assert 3590 < (stored.expires_at - door.platform.now()).total_seconds() <= 3600, "counted from its publication"
    (await sun.call("PATCH", path, json={"version": 3, "image": None})).problem(409, "action-not-permitted")


async def test_a_change_of_what_somebody_else_has_changed_is_refused(door: Door) -> None:
    sun, li = publisher(door), publisher(door, "li")
    draft = (await create(door, draft=True)).created()
    changes = [{"version": 1, "collapse_key": "a"}, {"version": 1, "collapse_key": "b"}]
    replies = await asyncio.gather(
        *(who.call("PATCH", draft["links"]["self"], json=one) for who, one in zip((sun, li), changes, strict=True))
    )
    assert sorted(reply.status for reply in replies) == [200, 409]
    (refused,) = [reply for reply in replies if reply.status == 409]
    assert refused.problem(409, "conflict")["version"] == 2
    (await act(sun, draft, "publish", version=1)).problem(409, "conflict")
    assert (await Broadcast.get(id=draft["id"])).state == "draft"


async def test_a_notice_for_later_waits_and_is_published_once_by_whoever_looks(door: Door) -> None:
    waiting = (await create(door, send_at=hence(door, hours=2))).created()
    assert waiting["state"] == "scheduled"
    ahead(door, hours=1)
    assert await publish_due(door.platform) == 0
    ahead(door, hours=2)
    done = await asyncio.gather(*(publish_due(door.platform) for _ in range(5)))
    await wait_for_state(waiting["id"], "published")
    assert sum(done) <= 1, "the schedule that runs may have been first"
    assert await FanOut.all().count() == 1
    assert await BroadcastEvent.filter(broadcast_id=waiting["id"]).count() == 2


async def test_a_scheduled_notice_is_cancelled_or_put_off(door: Door) -> None:
    sun = publisher(door)
    first, second = [(await create(door, send_at=hence(door, hours=2))).created() for _ in range(2)]
    assert (await act(sun, first, "cancel")).ok()["state"] == "cancelled"
    later = {"version": 1, "send_at": hence(door, hours=4)}
    assert (await sun.call("PATCH", second["links"]["self"], json=later)).ok()["state"] == "scheduled"
    never = {"version": 2, "send_at": None}
    assert (await sun.call("PATCH", second["links"]["self"], json=never)).ok()["state"] == "draft"
    ahead(door, hours=5)
    assert await publish_due(door.platform) == 0


async def test_what_is_over_before_the_schedule_runs_again_is_given_up(door: Door) -> None:
    waiting = (await create(door, send_at=hence(door, hours=1), expires_at=hence(door, hours=2))).created()
    ahead(door, hours=3)
    await publish_due(door.platform)
    await wait_for_state(waiting["id"], "cancelled")
    assert await FanOut.all().count() == 0


async def test_the_schedule_survives_a_broadcast_that_fails(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    bad, good = [(await create(door, send_at=hence(door, hours=1))).created() for _ in range(2)]
    publish = publication.publish

    async def failing(platform: Any, broadcast: Broadcast, *rest: Any, **more: Any) -> Broadcast:
        if str(broadcast.id) == bad["id"]:
            raise OSError("the disk is on fire")
        return await publish(platform, broadcast, *rest, **more)

    monkeypatch.setattr(publication, "publish", failing)
    ahead(door, hours=2)
    await publish_due(door.platform)
    await wait_for_state(good["id"], "published")
    assert (await Broadcast.get(id=bad["id"])).state == "scheduled"
    monkeypatch.undo()
    await publish_due(door.platform)
    await wait_for_state(bad["id"], "published")


async def test_a_draft_whose_end_has_come_is_not_published(door: Door) -> None:
    draft = (await create(door, draft=True, expires_at=hence(door, hours=1))).created()
    ahead(door, hours=2)
    assert pointers(await act(publisher(door), draft, "publish")) == {"/expires_at"}
    assert (await publisher(door).get(draft["links"]["self"])).ok()["permitted_actions"] == ["cancel"]


async def test_a_newer_notice_takes_the_place_of_earlier_ones(door: Door) -> None:
    first, second = [(await create(door)).created() for _ in range(2)]
    ids = sorted([first["id"], second["id"]])
    third = (await create(door, supersedes=ids)).created()
    assert third["supersedes"] == ids
    states = {str(one.id): (one.state, one.seq) for one in await Broadcast.all()}
    assert {states[one][0] for one in ids} == {"superseded"}
    assert states[third["id"]][1] == max(seq for _, seq in states.values() if seq), "read last"
    assert await FanOut.filter(state__in=("due", "done"), broadcast_id=third["id"]).count() == 1
    assert not await FanOut.filter(state="due", broadcast_id__in=ids).exists()
    reply = await create(door, supersedes=ids)
    assert pointers(reply) == {"/supersedes/0", "/supersedes/1"}


# -- a second person -------------------------------------------------------------------------------------------------


@pytest.fixture
async def two_person(open_push: Any) -> Any:
    async with open_push(second_person=["traffic"]) as opened:
        yield opened


async def test_where_a_second_person_is_asked_for_the_author_can_only_propose(two_person: Door) -> None:
    door, sun, li = two_person, publisher(two_person), publisher(two_person, "li")
    proposed = (await create(door)).created()
    assert proposed["state"] == "proposed"
    assert (await sun.get(proposed["links"]["self"])).ok()["permitted_actions"] == ["return", "cancel"]
    refused = (await act(sun, proposed, "approve")).problem(403, "forbidden")
    assert "其他人员批准" in refused["detail"]
    (await act(sun, proposed, "publish")).problem(409, "action-not-permitted")
    approved = (await act(li, proposed, "approve", version=1)).ok()
    assert (approved["state"], approved["author"], approved["approver"]) == ("published", "sun", "li")


async def test_two_who_approve_at_once_publish_once(two_person: Door) -> None:
    proposed = (await create(two_person)).created()
    people = [publisher(two_person, name) for name in ("li", "wu", "zhou", "qian")]
    replies = await asyncio.gather(*(act(one, proposed, "approve") for one in people))
    assert sorted(reply.status for reply in replies) == [200, 409, 409, 409]
    assert await FanOut.all().count() == 1
    assert await BroadcastEvent.filter(action="approve").count() == 1


async def test_who_changes_it_becomes_a_writer_and_it_has_to_be_proposed_again(two_person: Door) -> None:
    sun, li, wu = (publisher(two_person, name) for name in ("sun", "li", "wu"))
    proposed = (await create(two_person)).created()
    path = proposed["links"]["self"]
    assert (await li.call("PATCH", path, json={"version": 1, "collapse_key": "x"})).ok()["state"] == "draft"
    (await act(wu, proposed, "approve")).problem(409, "action-not-permitted")
    assert (await act(sun, proposed, "publish")).ok()["state"] == "proposed"
    (await act(li, proposed, "approve")).problem(403, "forbidden")
    assert (await act(wu, proposed, "approve")).ok()["state"] == "published"


async def test_who_returns_it_says_why(two_person: Door) -> None:
    li = publisher(two_person, "li")
    proposed = (await create(two_person)).created()
    assert pointers(await act(li, proposed, "return")) == {"/reason"}
    assert (await act(li, proposed, "return", reason="时间不对")).ok()["state"] == "draft"
    history = (await li.get(proposed["links"]["self"])).ok()["history"]
    assert [(one["action"], one["state"], one["reason"]) for one in history] == [
        ("create", "proposed", ""),
        ("return", "draft", "时间不对"),
    ]


async def test_an_approved_one_for_later_is_approved_again_after_a_change(two_person: Door) -> None:
    sun, li = publisher(two_person), publisher(two_person, "li")
    proposed = (await create(two_person, send_at=hence(two_person, hours=2))).created()
    assert (await act(li, proposed, "approve")).ok()["state"] == "scheduled"
    changed = await sun.call("PATCH", proposed["links"]["self"], json={"version": 2, "collapse_key": "x"})
    assert changed.ok()["state"] == "draft"


async def test_a_notice_to_everyone_takes_a_second_person_where_nothing_is_said(open_push: Any) -> None:
    async with open_push(one_person=[]) as door:
        sun, li = publisher(door), publisher(door, "li")
        followed = (await create(door, audience={"departments": ["traffic"]})).created()
        assert followed["state"] == "published"
        proposed = (await create(door, audience={"everyone": True})).created()
        assert proposed["state"] == "proposed"
        (await act(sun, proposed, "approve")).problem(403, "forbidden")
        assert (await act(li, proposed, "approve")).ok()["state"] == "published"
        # Taking it back can't wait for anybody.
        assert (await act(sun, proposed, "recall", reason="误发")).ok()["state"] == "recalled"


async def test_nobody_gets_round_the_second_person_by_naming_everyone_later(open_push: Any) -> None:
    async with open_push(one_person=[]) as door:
        sun, few, all_of_them = publisher(door), {"departments": ["traffic"]}, {"audience": {"everyone": True}}
        draft = (await create(door, audience=few, draft=True)).created()
        (await sun.call("PATCH", draft["links"]["self"], json={"version": 1, **all_of_them})).ok()
        assert (await act(sun, draft, "publish")).ok()["state"] == "proposed"
        later = (await create(door, audience=few, send_at=hence(door, hours=2))).created()
        assert later["state"] == "scheduled"
        changed = await sun.call("PATCH", later["links"]["self"], json={"version": 1, **all_of_them})
        assert changed.ok()["state"] == "draft"
        assert await FanOut.all().count() == 0


@pytest.mark.parametrize("later", [False, True])
async def test_what_takes_the_place_of_a_notice_of_two_people_takes_two(open_push: Any, later: bool) -> None:
    async with open_push(one_person=["traffic"]) as door:
        sun = publisher(door)
        first = (await create(door, second_person=True)).created()
        assert first["state"] == "proposed"
        assert (await act(publisher(door, "wu"), first, "approve")).ok()["state"] == "published"
        named = {"supersedes": [first["id"]]}
        second = (await create(door, draft=True, **({} if later else named))).created()
        if later:
            (await sun.call("PATCH", second["links"]["self"], json={"version": 1, **named})).ok()
        record = (await act(sun, second, "publish")).ok()
        assert (record["state"], record["second_person"]) == ("proposed", True)
        (await act(sun, second, "approve")).problem(403, "forbidden")


@pytest.mark.parametrize("setting", ["second_person", "one_person"])
async def test_a_department_of_either_setting_that_is_not_there_is_found_at_start(open_push: Any, setting: str) -> None:
    with pytest.raises(ConfigurationError, match=f"{setting}: there is no department 'parks'"):
        async with open_push(**{setting: ["parks"]}):
            pass


async def test_a_department_can_t_be_named_in_both(open_push: Any) -> None:
    with pytest.raises(ConfigurationError, match="second_person and one_person both name 'traffic'"):
        async with open_push(second_person=["traffic"], one_person=["traffic"]):
            pass


# -- who sees what ---------------------------------------------------------------------------------------------------


async def test_a_draft_is_seen_by_publishers_of_its_department_alone(door: Door) -> None:
    draft = (await create(door, draft=True)).created()
    path = draft["links"]["self"]
    for person in (door.citizen("wang"), door.staff("li", "traffic:approver"), publisher(door, department="parks")):
        (await person.get(path)).problem(404, "not-found")
    other = publisher(door, department="parks")
    assert (await other.get("/v1/notices")).ok()["items"] == []
    for action in ("publish", "cancel", "approve"):
        (await act(other, draft, action)).problem(404, "not-found")
    (await other.call("PATCH", path, json={"version": 1, "collapse_key": "x"})).problem(404, "not-found")
    (await other.get(f"{path}/preview")).problem(404, "not-found")
    assert (await publisher(door).get(path)).ok()["state"] == "draft"


async def test_a_public_notice_is_read_whole_in_the_readers_language(door: Door) -> None:
    content = {"zh-CN": "# 停水", "en": "# No water"}
    created = (await create(door, content=content)).created()
    wang = door.citizen("wang")
    page = (await wang.get(created["links"]["self"], headers={"Accept-Language": "en"})).ok()
    assert (page["title"], page["content"], page["state"]) == (TITLE["en"], "# No water", "published")
    assert "audience" not in page
    (await act(publisher(door), created, "recall")).ok()
    gone = (await wang.get(created["links"]["self"])).ok()
    assert (gone["state"], gone["title"], gone["content"]) == ("recalled", "", "")


async def test_a_notice_to_named_people_is_read_by_who_has_a_copy(door: Door) -> None:
    people = {"items": ["zone-pass"], "states": ["approved"]}
    created = (await create(door, audience={"people": people})).created()
    (await door.citizen("wang").get(created["links"]["self"])).problem(404, "not-found")
    await InboxMessage.create(
        id="01990000-0000-7000-8000-000000000009",
        person="wang",
        seq=1,
        kind="notice",
        title=TITLE,
        body=BODY,
        link="/",
        broadcast_id=created["id"],
        created_at=door.platform.now(),
    )
    assert (await door.citizen("wang").get(created["links"]["self"])).ok()["title"] == TITLE["zh-CN"]


async def test_the_list_is_paged_and_filtered(door: Door) -> None:
    sun = publisher(door)
    ids = [(await create(door, draft=number % 2 == 0)).created()["id"] for number in range(5)]
    first = (await sun.get("/v1/notices", params={"limit": "2"})).ok()
    second = (await sun.get("/v1/notices", params={"limit": "3", "cursor": first["next"]})).ok()
    assert [one["id"] for one in (*first["items"], *second["items"])] == ids[::-1]
    assert second["next"] is None
    drafts = (await sun.get("/v1/notices", params={"state": "draft", "department": "traffic"})).ok()["items"]
    assert {one["id"] for one in drafts} == set(ids[::2])
    assert (await sun.get("/v1/notices", params={"department": "parks"})).ok()["items"] == []
    (await sun.get("/v1/notices", params={"cursor": "x"})).problem(400, "invalid-parameter")
    (await sun.get("/v1/notices", params={"state": "new"})).problem(400, "invalid-parameter")


# -- the preview -----------------------------------------------------------------------------------------------------


async def test_the_preview_is_what_the_provider_then_gets(door: Door, sandbox: FcmSandbox) -> None:
    wang = door.citizen("wang")
    phone = {"provider": "fcm", "token": "phone-0001", "platform": "android", "language": "en"}
    (await wang.post("/v1/devices", phone)).created()
    draft = (await create(door, draft=True, collapse_key="water")).created()
    shown = (await publisher(door).get(draft["links"]["preview"])).ok()
    assert shown["audience"] == {"phones": {"fcm": 1}, "people": None, "exact": True}
    message = shown["providers"]["fcm"]["en"]["message"]
    assert message["notification"] == {"title": TITLE["en"], "body": BODY["en"]}
    assert message["data"] == {"message_id": draft["id"], "kind": "notice", "link": draft["link"]}
    assert message["android"]["ttl"] == "86400s"
    assert "token" not in message
    assert shown["inbox"]["zh-CN"]["title"] == TITLE["zh-CN"]
    provider = door.platform[PUSH].couriers[0].provider
    row = await Broadcast.get(id=draft["id"])
    push = Phones(door.platform, "fcm", door.platform[PUSH].settings).push(row, "en", 86_400)
    assert (await provider.send(push, "phone-0001")).outcome == "accepted"
    sent = sandbox.received[-1].message
    assert {name: value for name, value in sent.items() if name not in {"token", "apns"}} == {
        name: value for name, value in message.items() if name != "apns"
    }


async def test_a_preview_counts_who_is_in_the_audience(door: Door) -> None:
    for number, division in enumerate(["330106", "330102", "110101"]):
        await device(f"p{number}", division, 30.25, 120.15 + number)
    sizes = {}
    audiences = {
        "everyone": {"everyone": True},
        "divisions": {"divisions": ["330100"]},
        "circles": {"circles": [{"center": [120.15, 30.25], "radius_km": 5}]},
        "departments": {"departments": ["traffic"]},
    }
    for name, audience in audiences.items():
        draft = (await create(door, draft=True, audience=audience)).created()
        sizes[name] = (await publisher(door).get(draft["links"]["preview"])).ok()["audience"]
    assert {name: size["phones"] for name, size in sizes.items()} == {
        "everyone": {"fcm": 3},
        "divisions": {"fcm": 2},
        "circles": {"fcm": 1},
        "departments": {},
    }
    assert [name for name, size in sizes.items() if not size["exact"]] == ["circles"]


async def test_the_largest_audience_that_is_accepted_can_be_counted_and_published(door: Door) -> None:
    polygon = {"type": "Polygon", "coordinates": SQUARE}
    divisions = [str(code) for code in range(330_101, 330_200)] + [str(code) for code in range(330_201, 330_300)]
    audience = {"divisions": divisions, "polygons": [polygon] * 60, "departments": ["traffic"]}
    audience["circles"] = [{"center": [120.1, 30.2], "radius_km": 3}] * 40
    created = (await create(door, audience=audience)).created()
    assert (await publisher(door).get(created["links"]["preview"])).ok()["audience"]["phones"] == {}


async def test_a_text_in_one_language_is_there_for_readers_of_the_other(door: Door) -> None:
    created = (await create(door, body={"en": "Friday"}, content=...)).created()
    assert created["body"] == {"zh-CN": "Friday", "en": "Friday"}
    bare = (await create(door, body=...)).created()
    assert bare["body"] == {"zh-CN": "", "en": ""}
    assert (await door.citizen("wang").get(bare["links"]["self"])).ok()["body"] == ""
    (await publisher(door).get(bare["links"]["preview"])).ok()
