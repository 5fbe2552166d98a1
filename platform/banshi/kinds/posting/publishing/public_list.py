"""The public list of postings: read by anybody, without a token."""

from __future__ import annotations

import asyncio
from datetime import datetime
from typing import Any
from uuid import UUID

from aiohttp import web
from tortoise.expressions import Q
from tortoise.queryset import QuerySet

from banshi.builtin.catalogue.search.words import terms_of, units_of
from banshi.foundation.errors import InvalidParameter, NotFound
from banshi.kernel.contract.route_table import Routes
from banshi.kernel.contract.routes import Answer, Audience, Call, Link, Parameter
from banshi.kernel.http.pages import page_of
from banshi.kernel.http.ready import SANDBOX
from banshi.kernel.http.responses import PAGE_PARAMETERS, Page, etag_of, in_utc, page_answer, reply, reply_bytes
from banshi.kernel.runtime.running import Platform
from banshi.kinds.posting.models import PostingRecord
from banshi.kinds.posting.publishing.publication import folder
from banshi.kinds.posting.representations import FIRST, OWN, POSTING, posting_document
from banshi.kinds.posting.rules import SORTS
from banshi.kinds.sentences import say

ROUTES = Routes("postings")

#: Seconds for which a cache on the way may show a photo: what is taken down is gone everywhere soon.
PHOTO_MAX_AGE_S = 60

#: The first digits of a division: a province's two, a city's four, or all six.
AREA = {"type": "string", "pattern": "^[1-8][0-9]([0-9]{2}){0,2}$"}
CODE = {"type": "string", "pattern": "^[a-z0-9-]+$", "maxLength": 64}

#: Terms of `q` that are looked for.
MAX_QUERY_TERMS = 12


def visible(platform: Platform) -> QuerySet[PostingRecord]:
    """What anybody may see. What has run out is gone, though nobody has cleared it away yet."""
    return PostingRecord.filter(state="public", expires_at__gt=platform.now())


async def find_public(platform: Platform, identity: Any) -> PostingRecord:
    """The posting, if it is public. Raises NotFound, alike for what never was and what is no more."""
    row = await visible(platform).get_or_none(case_id=identity)
    if row is None:
        raise NotFound(say("There is no such public posting: it may be settled, or over."))
    return row


@ROUTES.get(
    "/v1/postings",
    Audience.ANYONE,
    {
        200: page_answer(
            POSTING,
            Link("show_posting", FIRST),
            Link("begin_conversation", FIRST),
            Link("show_item", {"code": "$response.body#/items/0/item/code"}),
        )
    },
    from_replica=True,
    parameters=(
        Parameter("sort", {"type": "string", "enum": list(SORTS)}, "Only this sort."),
        Parameter("item", CODE, "Only this item's."),
        Parameter("department", CODE, "Only this department's."),
        Parameter("category", CODE, "Only this category of the item's form."),
        Parameter("area", AREA, "First two, four or all six digits of a division (GB/T 2260)."),
        Parameter("q", {"type": "string", "minLength": 1, "maxLength": 100}, "Words in it."),
        Parameter(
            "since", {"type": "string", "format": "date-time"}, "Published at this time or later, with its offset."
        ),
        *PAGE_PARAMETERS,
    ),
)
async def list_postings(call: Call) -> web.StreamResponse:
    """List what is published: lost, found, missing people; the newest first."""
    query = visible(call.platform)
    for key in ("sort", "item", "department", "category"):
        if key in call.query:
            query = query.filter(**{key: call.query[key]})
    if area := call.query.get("area"):
        query = query.filter(division__startswith=area)
    if since := call.query.get("since"):
        query = query.filter(published_at__gte=_moment(since))
    if words := call.query.get("q"):
        query = query.filter(_with_words(words))
    rows, after = await page_of(call, query, {"-published_at": in_utc, "-case_id": UUID})
    return reply(call, Page([posting_document(call.platform, row, call.language) for row in rows], after).document())


def _with_words(words: str) -> Q:
    """Every word has to be there; of neighbouring Chinese characters their pairs."""
    units = units_of(words)
    terms = list(terms_of(units, alone=False)) or units
    if not terms:
        raise InvalidParameter(say("q has to have a word or a number in it."), parameter="q")
    return Q(*(Q(terms__contains=f" {term} ") for term in terms[:MAX_QUERY_TERMS]))


def _moment(text: str) -> datetime:
    try:
        return in_utc(text)
    except ValueError:
        raise InvalidParameter(say("since has to be a time that exists, with its offset."), parameter="since") from None


@ROUTES.get(
    "/v1/postings/{id}",
    Audience.ANYONE,
    {
        200: Answer(
            "The posting.",
            POSTING,
            links=[
                Link("begin_conversation", OWN),
                Link("show_item", {"code": "$response.body#/item/code"}),
                Link("list_conversations", {"posting": "$response.body#/id"}),
            ],
        )
    },
    from_replica=True,
)
async def show_posting(call: Call) -> web.StreamResponse:
    """Show one public posting."""
    row = await find_public(call.platform, call.path["id"])
    return reply(call, posting_document(call.platform, row, call.language))


@ROUTES.get(
    "/v1/postings/{id}/photos/{number}",
    Audience.ANYONE,
    {200: Answer("The picture, without what its camera wrote beside it.", media_type="image/*")},
    from_replica=True,
    path_schemas={"number": {"type": "string", "pattern": "^[1-9][0-9]?$"}},
)
async def show_posting_photo(call: Call) -> web.StreamResponse:
    """Show a posting's photo.

    It is as it was written anew, never the file that was uploaded.
    """
    row, number = await find_public(call.platform, call.path["id"]), int(call.path["number"])
    if number > len(row.photos):
        raise NotFound(say("This posting has no photo of that number."))
    photo = row.photos[number - 1]
    headers = {"Cache-Control": f"public, max-age={PHOTO_MAX_AGE_S}", "Content-Security-Policy": SANDBOX}
    try:
        content = await asyncio.to_thread((folder(call.platform) / photo["file"]).read_bytes)
    except FileNotFoundError:
        raise NotFound(say("The photo is not there any more.")) from None
    return reply_bytes(call, content, photo["media_type"], etag_of(content), headers)
