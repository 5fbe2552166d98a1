"""What anybody may read of notices: those that are published, as JSON and as an Atom feed."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from aiohttp import web

from banshi import Answer, Audience, Call, InvalidParameter, Parameter, text_in
from banshi.sdk.documents import LINKS, TEXT, Record, array
from banshi.sdk.http import Page, Routes
from feeds import ATOM, MAX_FEED_ENTRIES, Entry, feed_reply
from mobile_push.broadcasts import concerned, representations
from mobile_push.broadcasts.addressing import unknown
from mobile_push.broadcasts.representations import PAGE
from mobile_push.delivery.service import PUSH
from mobile_push.sentences import word
from mobile_push.settings import MAX_TOPIC_LENGTH, SLUG
from mobile_push.tables.marks import Marks
from mobile_push.tables.models import Broadcast

ROUTES = Routes("notices")

FEED_TITLES = word("Announcements")

SUMMARY = Record(
    **{name: schema for name, schema in PAGE["properties"].items() if name != "content"},
    topics=array(TEXT, description="Those whose followers it went to."),
    divisions=array(TEXT, description="Codes of GB/T 2260."),
    links=LINKS,
)

TOPIC = Parameter(
    "topic",
    {"type": "string", "minLength": 1, "maxLength": MAX_TOPIC_LENGTH, "pattern": SLUG},
    "Only what names this topic.",
)
DEPARTMENT = Parameter("department", {"type": "string", "maxLength": 64}, "Only this department's.")
FILTERS = (DEPARTMENT, TOPIC, concerned.DIVISION)


async def listed(call: Call) -> Page:
    """A page of what is published, the newest first; what was taken back is gone. Raises InvalidParameter."""
    if call.query.get("state", "published") != "published":
        return Page([], None)
    mark = Marks(call.platform.store)
    rows, after = await concerned.page(call, mark, _wanted(call, mark))
    return Page([summary(call, row) for row in rows], after)


def _wanted(call: Call, mark: Marks) -> list[str]:
    """What is published of what the query asks for, as SQL. What was sent to people who are named is theirs alone."""
    platform, dialect = call.platform, call.platform.store.dialect
    wanted = ["kind = 'notice'", "state = 'published'", f"NOT ({concerned.NAMES('people')})"]
    if (topic := call.query.get("topic")) is not None:
        known = platform[PUSH].settings.topics
        if topic not in known:
            raise InvalidParameter(unknown(topic, known), parameter="topic")
        named = concerned.ENTRIES[dialect]("topics")
        wanted.append(f"EXISTS (SELECT 1 FROM {named} WHERE code.value = {mark(topic)})")  # noqa: S608 - a mark
    if (division := concerned.division_in(call.query)) is not None:
        wanted.append(concerned.concerns_division(dialect, division, mark))
    if (department := call.query.get("department")) is not None:
        wanted.append(f"department = {mark(department)}")
    return wanted


def summary(call: Call, row: Broadcast) -> dict[str, Any]:
    page = representations.page(call.platform, row, call.language)
    del page["content"]
    audience: Mapping[str, Any] = row.audience
    several = {name: list(audience.get(name, ())) for name in ("topics", "divisions")}
    return {**page, **several, "links": {"self": f"/v1/notices/{row.id}"}}


@ROUTES.get(
    "/v1/notices.atom",
    Audience.ANYONE,
    {200: Answer("An Atom feed (RFC 4287).", media_type=ATOM)},
    parameters=FILTERS,
    from_replica=True,
)
async def notice_feed(call: Call) -> web.StreamResponse:
    """The published notices as an Atom feed, the newest first."""
    mark = Marks(call.platform.store)
    rows = await concerned.newest(mark, _wanted(call, mark), MAX_FEED_ENTRIES)
    title = FEED_TITLES[call.language]
    return feed_reply(call, [_entry(call, row) for row in rows], title, title)


def _entry(call: Call, row: Broadcast) -> Entry:
    title, body = text_in(row.title, call.language), text_in(row.body, call.language)
    return Entry(
        url=f"{call.address}/v1/notices/{row.id}",
        media_type="application/json",
        title=title,
        summary=body or title,
        at=datetime.fromtimestamp((row.published_at or 0) / 1000, call.platform.settings.timezone),
        author=text_in(call.platform.registry.departments[row.department].title, call.language),
        categories=[(one, "") for one in row.audience.get("topics", ())],
        content=text_in(row.content, call.language) if row.content else "",
    )
