"""The ends of the calendar in every field of a day or a moment that the API has: refused or taken, no fault of ours."""

from __future__ import annotations

import base64
import copy
from collections.abc import Iterator, Mapping
from itertools import cycle
from typing import Any

import pytest

from tests.town.api_world import World

together = pytest.mark.asyncio(loop_scope="module")

DAYS = [f"{year}-{day}" for year in ("0000", "0001", "9999", "10000") for day in ("01-01", "12-31", "02-29")]
TIMES = ("T00:00:00Z", "T23:59:59Z", "T00:00:00+14:00", "T23:59:59-14:00", "T00:00:00+08:00", "T23:59:60Z", "T00:00:00")
#: What no calendar has, and no field may take.
NEVER = ("0000-", "10000-", "0001-02-29", "9999-02-29")
#: A day that is none is none at any time.
MOMENTS = [day + clock for day in DAYS for clock in (TIMES[:2] if day.startswith(NEVER) else TIMES)]
#: For whatever takes a text.
SOME = [*DAYS, *MOMENTS[::3]]


def texts_for(schema: Mapping[str, Any]) -> list[str]:
    return {"date": DAYS, "date-time": MOMENTS}.get(str(schema.get("format")), SOME)


def cursors() -> list[str]:
    rests = ("", "/7", "/01934f80-0000-7000-8000-000000000000")
    written = [day + rest for day, rest in zip(SOME, cycle(rests), strict=False)]
    return [base64.urlsafe_b64encode(one.encode()).decode().rstrip("=") for one in written]


@together
async def test_a_query_with_a_year_at_the_end_of_the_calendar_is_answered_or_refused(world: World) -> None:
    tried, wrong = set(), []
    for route in world.routes:
        if route.method != "GET" or "stream" in route.path:
            continue
        for one in route.parameters:
            if one.place != "query" or one.schema.get("type") != "string" or "enum" in one.schema:
                continue
            for text in cursors() if one.name == "cursor" else texts_for(one.schema):
                status = (await world.reader_of(route).get(world.address(route), params={one.name: text})).status
                never = one.schema.get("format") in {"date", "date-time"} and text.startswith(NEVER)
                if status >= 500 or (never and status != 400):
                    wrong.append((route.operation, one.name, text, status))
            tried.add(one.name)
    assert wrong == []
    assert {"from", "to", "day", "since", "cursor", "start_date", "updated_after"} <= tried


EVERYBODY = {"department": "traffic", "audience": {"everyone": True}, "title": {"zh-CN": "通知", "en": "Notice"}}
INFO = {"language": "zh-CN", "category": ["Met"], "event": "暴雨", "urgency": "Immediate", "severity": "Severe"}
ALERT = {"status": "Actual", "msg_type": "Alert", "scope": "Public", "department": "traffic"}

CLAIM = {"rating": "checking", "claim": "桥塌了", "about": {"zh-CN": "桥塌了", "en": "A fall"}}
SOURCES = {"sources": [{"title": "公告", "on": "2026-01-01"}]}

#: For each body that has a day or a moment in it: one that is right without.
BODIES: dict[str, dict[str, Any]] = {
    "replay_webhook": {},
    "record_receipts": {"receipts": [{"message_id": "01934f80-0000-7000-8000-000000000000", "event": "received"}]},
    "create_notice": EVERYBODY,
    "change_notice": {"version": 1},
    "create_alert": {**ALERT, "audience": {"everyone": True}, "info": [{**INFO, "certainty": "Observed"}]},
    "change_alert": {"version": 1, "info": [{**INFO, "certainty": "Observed"}]},
    "create_refutation": {"department": "traffic", **CLAIM, **SOURCES},
    "write_refutation": {"version": 1, **CLAIM, **SOURCES},
    "promise_call_back": {"until": "2026-12-01T08:00:00+08:00"},
    "act_on_finding": {"reason": "x"},
    "publish_road_event": {"kind": "works", "division": "510703", "road": "示例路", "text": "管线施工"},
    "change_road_event": {"version": 1},
    "verify_pass": {"text": "no code of ours", "id": "01934f80-0000-7000-8000-000000000000"},
}


def moments(schema: Mapping[str, Any], path: tuple[Any, ...] = ()) -> Iterator[tuple[tuple[Any, ...], str]]:
    """Where a body has a day or a moment, and which of both."""
    if schema.get("format") in {"date", "date-time"}:
        yield path, schema["format"]
    for name, inner in schema.get("properties", {}).items():
        yield from moments(inner, (*path, name))
    if isinstance(schema.get("items"), Mapping):
        yield from moments(schema["items"], (*path, 0))
    for several in ("allOf", "anyOf", "oneOf"):
        for inner in schema.get(several, ()):
            yield from moments(inner, path)


@together
async def test_a_body_with_a_year_at_the_end_of_the_calendar_is_taken_or_refused(world: World) -> None:
    wrong, tried = [], set()
    for route in world.routes:
        for path, form in moments(route.body.schema) if route.body is not None else ():
            for text in texts_for({"format": form}):
                body = copy.deepcopy(BODIES[route.operation])
                inner: Any = body
                for one in path[:-1]:
                    inner = inner[one]
                inner[path[-1]] = text
                reply = await world.reader_of(route).call(route.method, world.address(route), json=body)
                if reply.status >= 500 or (text.startswith(NEVER) and reply.status < 400):
                    wrong.append((route.operation, path, text, reply.status, reply.body))
            tried.add(route.operation)
    assert wrong == []
    assert tried == set(BODIES)


@together
@pytest.mark.parametrize("text", SOME)
async def test_an_attribute_of_open311_with_such_a_year_is_answered_or_refused(world: World, text: str) -> None:
    form = {"service_code": "suggest-police", "description": "想看看", "lat": "31.47", "long": "104.73"}
    form |= {f"attribute[{one}]": text for one in ("day", "date", "happened_on")}
    reply = await world.program.call("POST", "/open311/v2/requests.json", data=form)
    assert reply.status < 500, reply.body
