"""What anybody may read: the list, one record with its editions, ClaimReview as JSON-LD, and the Atom feed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from aiohttp import web

from banshi import Answer, Audience, Call, Link, NotFound, Parameter, Problem, reply, text_in
from banshi.sdk.http import PAGE_PARAMETERS, Page, Routes, etag_of, in_utc, page_answer, page_of, reply_bytes
from feeds import ATOM, MAX_FEED_ENTRIES, Entry, claim_review, feed_reply
from refutations.ratings import RATINGS
from refutations.reading import documents
from refutations.sentences import say, word
from refutations.tables.models import Edition, Refutation
from refutations.writing.steps import PUBLIC

ROUTES = Routes("refutations")

JSON_LD = "application/ld+json"

TITLE = word("Rumours, checked")

_EDITION = Parameter("edition", {"type": "integer", "minimum": 1, "maximum": 10_000}, "An earlier edition.")
GONE = Answer("It was withdrawn: nothing of it is shown any more.")
LEADS = Link.to("show_refutation", "show_claim_review")
_FIRST = Link.to("show_refutation", "show_claim_review", at="/items/0")


class Withdrawn(Problem, status=410, code="withdrawn", says=say):
    """This was withdrawn: the department no longer stands by it."""


async def public(call: Call) -> tuple[Refutation, Sequence[Edition]]:
    """The record that the path names, and its editions. Raises NotFound for what never was public, Withdrawn."""
    row = await Refutation.get_or_none(id=call.path["id"])
    if row is None or not row.edition:
        raise NotFound(say("There is no such refutation."))
    if row.state not in PUBLIC:
        raise Withdrawn(number=row.number)
    return row, await Edition.filter(refutation_id=row.id).order_by("number")


async def with_editions(rows: Sequence[Refutation]) -> list[tuple[Refutation, Edition]]:
    """Each with its newest edition."""
    found = await Edition.filter(refutation_id__in=[row.id for row in rows])
    editions = {(one.refutation_id, one.number): one for one in found}
    return [(row, editions[row.id, row.edition]) for row in rows if (row.id, row.edition) in editions]


@ROUTES.get(
    "/v1/refutations", Audience.ANYONE, {200: page_answer(documents.SUMMARY, *_FIRST)}, parameters=PAGE_PARAMETERS
)
async def list_refutations(call: Call) -> web.StreamResponse:
    """List what goes around and was checked, the newest edition first."""
    query = Refutation.filter(state__in=PUBLIC)
    rows, after = await page_of(call, query, {"-updated_at": in_utc, "-id": UUID})
    shown = [documents.summary(call.platform, *one, call.language) for one in await with_editions(rows)]
    return reply(call, Page(shown, after).document())


@ROUTES.get("/v1/refutations.atom", Audience.ANYONE, {200: Answer("An Atom feed (RFC 4287).", media_type=ATOM)})
async def refutation_feed(call: Call) -> web.StreamResponse:
    """What goes around and was checked as an Atom feed, the newest edition first; what was withdrawn is gone."""
    rows = await Refutation.filter(state__in=PUBLIC).order_by("-updated_at", "-id").limit(MAX_FEED_ENTRIES)
    entries = [_entry(call, *one) for one in await with_editions(rows)]
    title = text_in(TITLE, call.language)
    return feed_reply(call, entries, title, title, timespec="milliseconds")


def _entry(call: Call, row: Refutation, edition: Edition) -> Entry:
    told: Mapping[str, Any] = documents.summary(call.platform, row, edition, call.language)
    zone = call.platform.settings.timezone
    own, page = (f"{call.address}{told['links'][name]}" for name in ("self", "page"))
    return Entry(
        url=own, page=page, media_type="application/json" if page == own else "text/html", title=told["title"],
        summary=told["summary"], content=told["claim"], categories=[(told["rating"], "")],
        at=edition.at.astimezone(zone), published=(row.published_at or edition.at).astimezone(zone),
        author=told["department_title"],
    )  # fmt: skip


@ROUTES.get(
    "/v1/refutations/{id}",
    Audience.ANYONE,
    {200: Answer("What it says.", documents.WHOLE, links=LEADS[1:]), 410: GONE},
    parameters=[_EDITION],
)
async def show_refutation(call: Call) -> web.StreamResponse:
    """Read one: what goes around, what was found, by whom, and what it said before."""
    row, editions = await public(call)
    number = call.query.get("edition", 0)
    if number > len(editions):
        raise NotFound(say("There is no such edition of it."))
    return reply(call, documents.whole(call.platform, row, editions, call.language, number))


@ROUTES.get(
    "/v1/refutations/{id}/claim-review.jsonld",
    Audience.ANYONE,
    {200: Answer("A ClaimReview of schema.org.", {"type": "object"}, media_type=JSON_LD), 410: GONE},
)
async def show_claim_review(call: Call) -> web.StreamResponse:
    """Read its newest edition as a program does: ClaimReview, as JSON-LD."""
    row, editions = await public(call)
    told = documents.whole(call.platform, row, editions, call.language)
    body = claim_review(told, call.address, call.language, RATINGS[told["rating"]].value, len(RATINGS) - 1)
    headers = {"Content-Language": call.language, "Vary": "Accept-Language"}
    return reply_bytes(call, body, JSON_LD, etag_of(body), headers)
