"""What anybody reads: the events of a box, a division or a way, one of them, and what becomes of them live."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

import orjson
from aiohttp import web

from banshi import Answer, Audience, Call, InvalidParameter, Key, NotFound, Platform, text_in
from banshi.sdk.http import AFTER_EVENT, LAST_EVENT, LiveRows, Routes, etag_of, reply_bytes, server_event
from banshi.sdk.lists import divisions_around, divisions_meet
from feeds import work_zones
from lines.geometry import MAX_DEGREES, length_of
from road.board import BOARD, Board, Shown, feature_of
from road.routes.shown import COLLECTION, FEATURE, GEOJSON, PARAMETERS
from road.sentences import say
from road.settings import SETTINGS, item_of
from road.tables.models import STAFF, RoadChange

ROUTES = Routes("roads")

#: Events of one answer at most, and points of a way.
MAX_EVENTS, MAX_WAY = 500, 200
#: For which a cache may keep an answer.
CACHED = {"Cache-Control": "public, max-age=5"}

#: Streams of one address of the internet, behind which a mobile network may be.
OF_ONE = 200

LIST = [PARAMETERS[name] for name in ("box", "division", "along", "width", "kind", "in_force", "after", "gcj02")]
MANY = Answer("A FeatureCollection of GeoJSON (RFC 7946).", COLLECTION, media_type=GEOJSON)
ONE = Answer("A Feature of GeoJSON.", FEATURE, media_type=GEOJSON)
ZONES = Answer("A WZDx 4.2 work zone feed.", {"type": "object"}, media_type=GEOJSON)
TOO_MANY = Answer("Too many streams are open, here or at that address.")
LIVE = {200: Answer("Server-sent events.", media_type="text/event-stream"), 429: TOO_MANY}

STREAMS: Key[LiveRows] = Key("roads' streams")


@asynccontextmanager
async def open_streams(platform: Platform) -> AsyncIterator[LiveRows]:
    """Those of this process."""

    def written(row: RoadChange) -> bytes:
        return server_event(row, feature_of(platform, row.event))

    changes = RoadChange.exclude(division=STAFF).prefetch_related("event")
    async with LiveRows(platform, changes, "division", written, most=OF_ONE).running("road-stream") as streams:
        yield streams


@ROUTES.get("/v1/road/events", Audience.ANYONE, {200: MANY}, parameters=LIST)
async def list_road_events(call: Call) -> web.StreamResponse:
    """List the events on the roads that are not over: of a box, of a division, or along a way."""
    board, now, query = await call.platform[BOARD].fresh(), call.now, call.query
    inside, kind, after = query.get("division", ""), query.get("kind"), query.get("after", "")
    found = [
        one
        for one in _placed(board, query)
        if one.key > after
        and not one.is_over(now)
        and kind in (None, one.event.kind)
        and divisions_meet(one.event.division, inside)
        and (one.event.starts_at <= now or not query["in_force"])
    ]
    found.sort(key=lambda one: one.key)
    shown, licence = found[:MAX_EVENTS], call.platform[SETTINGS].licence
    head: dict[str, Any] = {"type": "FeatureCollection"} | ({"license": licence} if licence else {})
    head |= {"next": shown[-1].key} if len(found) > MAX_EVENTS else {}
    features = b",".join(one.feature(gcj02=query["gcj02"]) for one in shown)
    return _reply(call, b'%b,"features":[%b]}' % (orjson.dumps(head)[:-1], features))


def _placed(board: Board, query: Mapping[str, Any]) -> Iterable[Shown]:
    """What is where the query asks. Raises InvalidParameter."""
    if "box" in query:
        west, south, east, north = map(float, query["box"].split(","))
        if west > east or south > north or "along" in query:
            raise InvalidParameter(say("A box is west, south, east, north, without a way beside it."), parameter="box")
        return [board.shown[one] for one in board.places.in_box((west, south, east, north))]
    if "along" not in query:
        return board.shown.values()
    line = [complex(*map(float, one.split(","))) for one in query["along"].split(";")]
    if len(line) > MAX_WAY or length_of(line) > MAX_DEGREES or max(abs(one.imag) for one in line) > 85:
        raise InvalidParameter(say("Ask for a shorter way, or one with fewer points."), parameter="along")
    return [board.shown[one] for one in board.places.along(line, query["width"])]


def _reply(call: Call, body: bytes, more: Mapping[str, str] = CACHED) -> web.StreamResponse:
    return reply_bytes(call, body, GEOJSON, etag_of(body), {**CACHED, **more})


@ROUTES.get("/v1/road/events/{id}", Audience.ANYONE, {200: ONE}, parameters=[PARAMETERS["gcj02"]])
async def show_road_event(call: Call) -> web.StreamResponse:
    """Show an event on a road that is not over."""
    shown = (await call.platform[BOARD].fresh()).shown.get(UUID(call.path["id"]))
    if shown is None or shown.is_over(call.now):
        raise NotFound(say("There is no such event, or it is over."))
    return _reply(call, shown.feature(gcj02=call.query["gcj02"]))


@ROUTES.get("/v1/road/work-zones", Audience.ANYONE, {200: ZONES})
async def show_work_zones(call: Call) -> web.StreamResponse:
    """Works and detours for other systems: Work Zone Data Exchange 4.2; `Link` names the licence."""
    board, licence, item = await call.platform[BOARD].fresh(), call.platform[SETTINGS].licence, item_of(call.platform)
    shown = sorted((one for one in board.shown.values() if not one.is_over(call.now)), key=lambda one: one.key)
    features = [feature_of(call.platform, one.event, asks_at=one.event.asks_at) for one in shown]
    source = item.department if item else "-"
    publisher = text_in(call.platform.registry.departments[source].title, call.language) if item else "-"
    feed = work_zones(features, source, publisher, call.now, call.language, licence)
    return _reply(call, orjson.dumps(feed), {"Link": f'<{licence}>; rel="license"'} if licence else {})


@ROUTES.get("/v1/road/stream", Audience.ANYONE, LIVE, parameters=[PARAMETERS["division"], LAST_EVENT, AFTER_EVENT])
async def stream_road_events(call: Call) -> web.StreamResponse:
    """Follow the events on the roads live: published, changed, held, stale, ended; the data is a Feature.

    `Last-Event-ID` goes on where a stream broke, for an hour; whoever comes later lists the events anew.
    """
    division = call.query.get("division", "")
    around = divisions_around(division) if division else []
    return await call.platform[STREAMS].answer(call, [division, *around])
