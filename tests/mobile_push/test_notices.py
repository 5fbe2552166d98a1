"""Notices: what staff may write, who decides, what becomes public when, and what everybody else sees of it."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from banshi.testing import Door, Person, Reply
from mobile_push.models import Broadcast, BroadcastEvent, FanOut

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


def pointers(reply: Reply) -> set[str]:
    return {one["pointer"] for one in reply.problem(422, "invalid-fields")["problems"]}


async def test_a_notice_is_published_at_once_with_its_fan_out(door: Door) -> None:
    reply = await create(door)
    created = reply.created()
    assert reply.headers["Location"] == created["links"]["self"] == f"/v1/notices/{created['id']}"
    assert (created["state"], created["author"], created["link"]) == ("published", "sun", created["links"]["self"])
    assert created["published_at"] is not None
    (walk,) = await FanOut.all()
    assert (str(walk.broadcast_id), walk.provider, walk.state, walk.lane) == (created["id"], "fcm", "due", 2)
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
    assert walk.state == "recalled"
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


@pytest.mark.parametrize("department", ["nowhere", "parks"])
async def test_an_unknown_department_is_named(door: Door, department: str) -> None:
    reply = await create(door, publisher(door, department=department), department=department)
    (problem,) = reply.problem(422, "invalid-fields")["problems"]
    assert problem["pointer"] == "/department"
    assert "traffic" in problem["detail"]
