"""Closing and opening zones: a closed zone takes no applications, and its passes are taken back."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from functools import partial
from typing import Any

import structlog

from banshi import (
    LANGUAGES,
    Answer,
    Audience,
    Call,
    Decision,
    Forbidden,
    Key,
    Link,
    NotFound,
    Platform,
    Problem,
    Update,
    Write,
    reply,
)
from banshi.sdk.cases import decide, submissions
from banshi.sdk.documents import Record, array
from banshi.sdk.http import Routes
from banshi.sdk.operations import woken, working

from .models import ZoneClosure
from .sentences import say

ROUTES = Routes("traffic")

log = structlog.get_logger("traffic.zones")

ITEM = "zone-pass"

#: Who opens and closes zones.
APPROVER = "approver"

CLOSURE = Record(
    reason={
        "type": "string",
        "minLength": 1,
        "maxLength": 500,
        "description": "Why; holders of passes read it.",
    }
).form()

ZONE: dict[str, Any] = Record(
    zone={"type": "string"},
    title={"type": "string"},
    open={"type": "boolean"},
    reason={"type": ["string", "null"]},
)


def known_zones(platform: Platform, language: str) -> dict[str, str]:
    """The zones that the form offers, and what each is called."""
    form = platform.registry.items[ITEM].form
    choices = form.described(language)["properties"]["zones"]["items"]["oneOf"] if form else []
    return {one["const"]: one["title"] for one in choices}


@ROUTES.get(
    "/v1/traffic/zones",
    Audience.ANYONE,
    {
        200: Answer(
            "The zones.",
            {"type": "object", "required": ["items"], "properties": {"items": array(ZONE)}},
            links=[
                Link(name, {"zone": "$response.body#/items/0/zone"})
                for name in ("close_traffic_zone", "open_traffic_zone")
            ],
        )
    },
    from_replica=True,
)
async def list_traffic_zones(call: Call) -> Any:
    """List the restricted zones and whether each is open to passes."""
    closures = {row.zone: row for row in await ZoneClosure.all()}
    return reply(
        call,
        {"items": [_document(call, zone, closures.get(zone)) for zone in known_zones(call.platform, call.language)]},
    )


@ROUTES.put(
    "/v1/traffic/zones/{zone}/closure",
    Audience.STAFF,
    {200: Answer("The zone is closed.", ZONE, links=[Link("open_traffic_zone", {"zone": "$response.body#/zone"})])},
    body=CLOSURE,
)
async def close_traffic_zone(call: Call) -> Any:
    """Close a zone and take back its passes.

    They were lawful, and circumstances have changed. It is done outside the request, however many there are.
    """
    zone = _authorised_zone(call)
    values = {
        "reason": call.body["reason"],
        "closed_at": call.now,
        "closed_by": call.principal.subject,
        "passes_revoked_at": None,
    }
    closure = ZoneClosure(zone=zone, **values)
    closed_already = await ZoneClosure.exists(zone=zone)
    write = Write(updates=[Update(ZoneClosure, {"zone": zone}, values)]) if closed_already else Write(rows=[closure])
    await call.platform.store.commit(write)
    call.platform[CLOSING].set()
    return reply(call, _document(call, zone, closure))


@ROUTES.delete("/v1/traffic/zones/{zone}/closure", Audience.STAFF, {200: Answer("The zone is open.", ZONE)})
async def open_traffic_zone(call: Call) -> Any:
    """Open a zone again; passes that were taken back stay so."""
    zone = _authorised_zone(call)
    await ZoneClosure.filter(zone=zone).delete()
    return reply(call, _document(call, zone, None))


def _authorised_zone(call: Call) -> str:
    item = call.platform.registry.items[ITEM]
    if not call.principal.may(APPROVER, item.department, item.unit):
        raise Forbidden(say("Only an approver of the vehicle pass office opens and closes zones."))
    zone = call.path["zone"]
    known = known_zones(call.platform, call.language)
    if zone not in known:
        raise NotFound(say("There is no such zone; the zones are {value}.", value=", ".join(known)))
    return zone


def _document(call: Call, zone: str, closure: ZoneClosure | None) -> dict[str, Any]:
    title = known_zones(call.platform, call.language)[zone]
    return {"zone": zone, "title": title, "open": closure is None, "reason": closure.reason if closure else None}


#: Set when there are passes to revoke.
CLOSING: Key[asyncio.Event] = Key("traffic zones closing")

#: Seconds after which an unfinished revocation is taken up again.
RETRY_EVERY_S = 30.0

#: Time in which an approval's pass is signed and written once the department's handler has answered.
MAX_APPROVAL_TIME = timedelta(seconds=10)


@asynccontextmanager
async def open_closing(platform: Platform) -> AsyncIterator[asyncio.Event]:
    """Revokes the passes of closed zones; what a crash left unfinished is taken up at the next start."""
    wake = asyncio.Event()
    wake.set()
    async with working("traffic-zones-closing", partial(_revoke_all, platform, wake)):
        yield wake


async def _revoke_all(platform: Platform, wake: asyncio.Event) -> None:
    while True:
        await woken(wake, RETRY_EVERY_S)
        wake.clear()
        try:
            for closure in await ZoneClosure.filter(passes_revoked_at=None):
                await _revoke(platform, closure)
        except Exception as error:  # the database is away: the closure stays unfinished and is taken up again
            log.error("a closed zone's passes can't be revoked now", error=type(error).__name__)


async def _revoke(platform: Platform, closure: ZoneClosure) -> None:
    reason = dict.fromkeys(LANGUAGES, closure.reason)
    still: dict[str, Any] = {"zone": closure.zone, "closed_at": closure.closed_at}
    began, left = platform.now(), False
    async for submission in submissions(platform, ITEM, "approved"):
        if closure.zone not in submission.answers["zones"]:
            continue
        if not await ZoneClosure.exists(**still):
            # It was opened meanwhile, or closed anew.
            return
        try:
            await decide(platform, submission.case_id, Decision(action="take-back", reason=reason))
        except Problem:
            # Somebody has moved it in this very moment; if it is still approved, the next round revokes it.
            left = True
    # An approval that looked at the zones before they closed may be written after this walk: a later one finds it.
    late = timedelta(seconds=platform.settings.handler_timeout) + MAX_APPROVAL_TIME
    if not left and began - closure.closed_at > late:
        await ZoneClosure.filter(**still).update(passes_revoked_at=platform.now())
