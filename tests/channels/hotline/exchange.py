"""A city with a hotline, a switch that tells of calls, and operators."""

from __future__ import annotations

import json
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from standardwebhooks import Webhook

from banshi.builtin.identity.development import development_token
from banshi.kernel.runtime.process_role import EVERYTHING, ProcessRole
from banshi.sdk.outgoing import new_secret
from banshi.testing import Door, Person, Reply
from tests.channels.desk.bureau import DEPARTMENTS, DESKS, WORKDAY, officer, open_at

SECRET = new_secret()
EVENTS, CALLS, FILINGS, SLIPS = "/v1/hotline/events", "/v1/hotline/calls", "/v1/hotline/filings", "/v1/hotline/slips"
CALL_BACKS = "/v1/hotline/call-backs"
#: Nobody's: of a block that is given out for stories.
NUMBER = "+8619900004711"
HOTLINE: dict[str, Any] = {
    "secrets": [SECRET],
    "area": "991",
    "lines": {"9600119": "fire"},
    "extensions": {"201": "li"},
}
AGREED = {"consent": "1", "read_back": True, "relation": "self"}


@asynccontextmanager
async def exchange(
    folder: Path,
    database: str = "",
    duty: ProcessRole = EVERYTHING,
    plugins: Mapping[str, Path | str] | None = None,
    platform: Mapping[str, Any] | None = None,
    **settings: Any,
) -> AsyncIterator[Door]:
    named: dict[str, Path | str] = {name: DEPARTMENTS / name for name in ("petitions", "fire")}
    named |= {"desk": "desk", "conversations": "conversations", "hotline": "hotline", **(plugins or {})}
    given = {**({"database": database} if database else {}), **(platform or {})}
    own = {"desk": {"desks": DESKS}, "hotline": {**HOTLINE, **settings}}
    async with open_at(WORKDAY, folder, named, settings=own, platform=given, duty=duty) as door:
        yield door


def signed(body: Mapping[str, Any], at: datetime, identifier: str = "") -> dict[str, Any]:
    """What a switch sends: the bytes, and headers of a library that isn't ours."""
    raw, name = json.dumps(body), identifier or str(hash((body["call"], body["event"])))
    headers = {"webhook-id": name, "webhook-timestamp": str(int(at.timestamp()))}
    headers["webhook-signature"] = Webhook(SECRET).sign(name, at, raw)
    return {"data": raw, "headers": {**headers, "Content-Type": "application/json"}}


class Switch:
    """Tells of calls, as it is asked to."""

    def __init__(self, door: Door) -> None:
        self.door = door

    async def tell(self, event: str, call: str, **more: Any) -> Reply:
        now = self.door.platform.now()
        body = {"event": event, "call": call, "at": now.isoformat(), "number": NUMBER, **more}
        return await self.door.anyone.call("POST", EVENTS, **signed(body, now))

    async def told(self, event: str, call: str, **more: Any) -> None:
        assert (reply := await self.tell(event, call, **more)).status == 204, reply.body


async def taken(door: Door, call: str = "c1", operator: Person | None = None, **more: Any) -> tuple[Person, str]:
    """A call that is rung and claimed; its operator and its address."""
    li = operator or officer(door, "li")
    await Switch(door).told("ringing", call, **more)
    (one,) = [row for row in (await li.get("/v1/desk/enquiries")).ok()["items"] if row["kind"] == "call"]
    (await li.post(f"/v1/desk/enquiries/{one['id']}/claim")).ok()
    return li, f"{CALLS}/{one['subject']}"


async def filed(li: Person, address: str, item: str, submission: Any, **more: Any) -> Reply:
    body = {"call": address.rpartition("/")[2], "item": item, "submission": submission, **AGREED, **more}
    return await li.post(FILINGS, body)


def owner(door: Door, subject: str, name: str = "", phone: str = NUMBER) -> Person:
    """A citizen whose identity provider has verified their number."""
    number = phone.removeprefix("+86")
    return door.bearing(development_token(door.platform.settings, subject, name=name, phone=number))


def now() -> datetime:
    return datetime.fromtimestamp(time.time(), UTC)
