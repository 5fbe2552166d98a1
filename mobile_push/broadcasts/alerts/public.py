"""What anybody may read of alerts: those in force, one as JSON, as CAP's XML, and all as an Atom feed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from aiohttp import web

from banshi import Answer, Audience, Call, Link, NotFound, reply, text_in
from banshi.sdk.documents import ID, LINKS, MAYBE_MOMENT, MOMENT, TEXT, Record, array
from banshi.sdk.http import PAGE_PARAMETERS, Page, Routes, etag_of, page_answer, reply_bytes
from feeds import ATOM, MAX_FEED_ENTRIES, feed_reply
from mobile_push.broadcasts import concerned, representations, sending, steps
from mobile_push.cap.representations import ALERT_DOCUMENT_SCHEMA, MEDIA_TYPE
from mobile_push.cap.values import in_language
from mobile_push.delivery.service import PUSH
from mobile_push.sentences import say, word
from mobile_push.tables.marks import Marks
from mobile_push.tables.models import Broadcast, CapMessage

ROUTES = Routes("alerts")

#: Seconds for which a copy of an alert's XML may be shown, which never changes.
XML_CACHE_S = 86_400

FEED_TITLES = word("Alerts")

SUMMARY = Record(
    id=ID,
    department=TEXT,
    state={"type": "string", "enum": sorted(steps.PUBLIC)},
    title=TEXT,
    body=TEXT,
    **dict.fromkeys(("event", "status", "msg_type", "urgency", "severity", "certainty"), TEXT),
    areas=array(TEXT, description="Names of the areas."),
    published_at=MAYBE_MOMENT,
    expires_at=MOMENT,
    links=LINKS,
)
WHOLE = Record(**SUMMARY["properties"], alert=ALERT_DOCUMENT_SCHEMA)


@ROUTES.get(
    "/v1/alerts",
    Audience.ANYONE,
    {200: page_answer(SUMMARY, *Link.to("show_alert", "alert_xml", at="/items/0"))},
    parameters=(concerned.DIVISION, *PAGE_PARAMETERS),
)
async def list_alerts(call: Call) -> web.StreamResponse:
    """List the alerts in force, the newest first."""
    mark = Marks(call.platform.store)
    rows, after = await concerned.page(call, mark, in_force(call, mark))
    return reply(call, Page([summary(call, row) for row in rows], after).document())


def in_force(call: Call, mark: Marks, *, ends: bool = False) -> list[str]:
    """The alerts in force, as SQL; with a division in the query only those that may concern people there.

    A Cancel ends a warning and is none itself: it is left out unless `ends`. Raises InvalidParameter.
    """
    wanted = ["kind = 'alert'", "state = 'published'", "cap ->> 'status' = 'Actual'"]
    if not ends:
        wanted.append("cap ->> 'msg_type' <> 'Cancel'")
    if (division := concerned.division_in(call.query)) is not None:
        wanted.append(concerned.concerns_division(call.platform.store.dialect, division, mark))
    return [*wanted, f"expires_at > {mark(call.now)}"]


async def _public(call: Call) -> Broadcast:
    row = await Broadcast.get_or_none(id=call.path["id"], kind="alert", state__in=steps.PUBLIC)
    if row is None:
        raise NotFound(say("There is no such alert."))
    return row


def summary(call: Call, row: Broadcast) -> dict[str, Any]:
    address = f"/v1/alerts/{row.id}"
    texts = [(one["language"], one) for one in row.cap.get("info", ())]
    info: Mapping[str, Any] = in_language(texts, call.language) or {}
    return SUMMARY.of(
        call.platform,
        row,
        title=text_in(row.title, call.language),
        body=text_in(row.body, call.language),
        status=row.cap["status"],
        msg_type=row.cap["msg_type"],
        **{name: info.get(name, "") for name in ("event", "urgency", "severity", "certainty")},
        areas=[area["area_desc"] for area in info.get("area", ())],
        published_at=representations.published_at(call.platform, row),
        links={"self": address, "xml": f"{address}.xml"},
    )


# Before the next one, whose id would take the ending.
@ROUTES.get(
    "/v1/alerts/{id}.xml",
    Audience.ANYONE,
    {200: Answer("The XML, signed where a key is configured.", media_type=MEDIA_TYPE)},
    from_replica=True,
)
async def alert_xml(call: Call) -> web.StreamResponse:
    """An alert in CAP 1.2's own XML.

    It has the very bytes that were signed.
    """
    await _public(call)
    message = await CapMessage.get(id=call.path["id"])
    xml = bytes(message.xml)
    return reply_bytes(call, xml, MEDIA_TYPE, etag_of(xml), {"Cache-Control": f"public, max-age={XML_CACHE_S}"})


@ROUTES.get(
    "/v1/alerts/{id}",
    Audience.ANYONE,
    {200: Answer("The alert.", WHOLE, links=Link.to("alert_xml"))},
    from_replica=True,
)
async def show_alert(call: Call) -> web.StreamResponse:
    """Read an alert.

    It stays, whatever has become of it since it was public.
    """
    row = await _public(call)
    return reply(call, {**summary(call, row), "alert": row.cap})


@ROUTES.get(
    "/v1/alerts.atom",
    Audience.ANYONE,
    {200: Answer("An Atom feed (RFC 4287) with CAP's own elements.", media_type=ATOM)},
)
async def alert_feed(call: Call) -> web.StreamResponse:
    """The alerts in force as an Atom feed.

    It has those that end one, too, for alert hubs.
    """
    mark = Marks(call.platform.store)
    rows = await concerned.newest(mark, in_force(call, mark, ends=True), MAX_FEED_ENTRIES)
    author = call.platform[PUSH].settings.alerts.sender or "banshi"
    from mobile_push.cap.atom import CAP, alert_entry

    xml = f"{call.address}/v1/alerts/{{}}.xml".format
    entries = [alert_entry(sending.stored(row.cap), xml(row.id), call.language) for row in rows]
    return feed_reply(call, entries, FEED_TITLES[call.language], author, more=CAP)
