"""Every route of mobile_push that takes a body, with bodies that mean it ill: each is refused, and nothing changes."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import pytest

from banshi import Audience, Route
from banshi.testing import Door, Person
from tests.readers.tables import names_of

SETTINGS: dict[str, Any] = {
    "alerts": {"sender": "alerts@city.example"},
    "topics": {"water": {"zh-CN": "水", "en": "W"}},
}

#: Bodies that are no JSON object, whatever they are asked for.
MALFORMED: tuple[bytes, ...] = (
    *(b"", b" ", b"{", b"{}{}", b"[]", b"null", b"7", b'"text"', b"{'a': 1}", b'{"a": NaN}', b'{"a": 1e999}'),
    *(b'{"a": "\xff\xfe"}', b'{"a": "\\ud800"}', b'{"a": "\\u0000"}', b'{"a": 1, "a": 2}', "{}".encode("utf-16")),
    *(b"[" * 100_000, b'{"a":' * 40_000 + b"1" + b"}" * 40_000),
)

#: Values for each member in turn.
VALUES: tuple[Any, ...] = (-1.5, 2**63, "x" * 70_000, [None] * 600, {"$ne": None}, {"a": {"b": [[[[[["\u2028"]]]]]]}})


@pytest.fixture
async def door(open_push: Any) -> AsyncIterator[Door]:
    async with open_push(**SETTINGS) as opened:
        yield opened


def with_bodies(door: Door) -> list[Route]:
    routes = [route for plugin, route in door.platform.registry.routes if plugin == "mobile_push" and route.body]
    assert len(routes) >= 12
    return routes


def meant(door: Door, route: Route) -> Person:
    """Somebody whom the route is for."""
    if route.audience is Audience.STAFF:
        return door.staff("sun", "traffic:publisher", "platform:operator")
    return door.anyone if route.unnamed else door.citizen("wang")


async def owned(door: Door) -> dict[str, str]:
    """Something of each kind that a path names, so that a body is looked at."""
    phone = {"provider": "fcm", "token": "phone-0001", "platform": "android"}
    texts = {"zh-CN": "草稿", "en": "Draft"}
    common = {"department": "traffic", "audience": {"everyone": True}, "draft": True}
    info = {"language": "zh-CN", "category": ["Met"], "event": "暴雨", "urgency": "Immediate"}
    alert = {"status": "Actual", "msg_type": "Alert", "scope": "Public", **common}
    alert["info"] = [{**info, "severity": "Severe", "certainty": "Observed"}]
    sun = door.staff("sun", "traffic:publisher")
    return {
        "devices": (await door.citizen("wang").post("/v1/devices", phone)).created()["id"],
        "notices": (await sun.post("/v1/notices", {**common, "title": texts})).created()["id"],
        "alerts": (await sun.post("/v1/alerts", alert)).created()["id"],
    }


def addressed(route: Route, ids: dict[str, str]) -> str:
    noun = route.path.split("/")[2]
    return route.path.replace("{id}", ids.get(noun, str(uuid4()))).replace("{action}", "publish")


async def rows(door: Door) -> dict[str, list[Any]]:
    """All that mobile_push keeps."""
    connection = door.platform.store.connection
    names = [name for name in await names_of(door) if name.startswith("push_")]
    return {
        name: [dict(row) for row in await connection.execute_query_dict(f"SELECT * FROM {name}")]  # noqa: S608
        for name in names
    }


async def test_a_body_that_is_no_json_object_changes_nothing_on_any_route(door: Door) -> None:
    ids = await owned(door)
    before = await rows(door)
    for route in with_bodies(door):
        person, path = meant(door, route), addressed(route, ids)
        for body in MALFORMED:
            answer = await person.call(route.method, path, data=body, headers={"Content-Type": "application/json"})
            assert answer.status == 400, f"{route.method} {path}: {body[:40]!r}: {answer.body!r}"
            answer.problem(400, "malformed-body")
        for media_type in ("text/plain", "application/x-www-form-urlencoded", "application/json; charset=gbk"):
            answer = await person.call(route.method, path, data=b"{}", headers={"Content-Type": media_type})
            answer.problem(415, "unsupported-media-type")
        answer = await person.call(route.method, path, json={"x": "y" * 2_000_000})
        answer.problem(413, "too-large")
    assert await rows(door) == before


async def test_a_member_that_is_unknown_or_cannot_be_is_named_and_changes_nothing_on_any_route(door: Door) -> None:
    ids = await owned(door)
    before = await rows(door)
    for route in with_bodies(door):
        assert route.body is not None
        person, path = meant(door, route), addressed(route, ids)
        for name in ("person", "__proto__", "constructor", "id\u0301", "$where", "x" * 500):
            problem = (await person.call(route.method, path, json={name: 1})).problem(422, "invalid-fields")
            assert any(one["code"] for one in problem["problems"]), f"{route.method} {path}: {name}"
        for name in route.body.schema["properties"]:
            for value in VALUES:
                # Beside a member that is unknown, so that it is refused whatever is right of it.
                answer = await person.call(route.method, path, json={name: value, "unknown": 1})
                assert answer.status == 422, f"{route.method} {path}: {name}={value!r}: {answer.body!r}"
                answer.problem(422, "invalid-fields")
    assert await rows(door) == before
