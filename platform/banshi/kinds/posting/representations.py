"""How postings read in the API: to anybody while they are public, and to their poster and staff in their case."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tortoise.expressions import Q

from banshi.builtin.openapi.titles import titled
from banshi.kernel.cases.actors import Actor
from banshi.kernel.contract.values import Item, text_in
from banshi.kernel.http.document_schemas import (
    ID,
    LINKS,
    MAYBE_MOMENT,
    MOMENT,
    TEXT,
    Record,
    Schema,
    array,
    optional,
    ref,
)
from banshi.kernel.runtime.running import Platform
from banshi.kernel.tables.cases import Case
from banshi.kinds.posting.models import PostingMatch, PostingRecord
from banshi.kinds.posting.publishing.matching import MAX_MATCHES
from banshi.kinds.posting.rules import OPPOSITE, SORTS, words_of
from banshi.kinds.sentences import word

#: Where a document leads, and the first of a list.
OWN = {"id": "$response.body#/id"}
FIRST = {"id": "$response.body#/items/0/id"}

DIVISION = {"type": "string", "pattern": "^([1-8][0-9]{5})?$", "description": "GB/T 2260, or empty."}

_SORT = {"type": "string", "enum": list(SORTS)}
_DAY = {"type": ["string", "null"], "format": "date"}

POSTING = Record(
    id=ID,
    item=ref("Reference"),
    department=TEXT,
    sort=_SORT,
    sort_title=TEXT,
    title=TEXT,
    text=TEXT,
    day=_DAY,
    division=DIVISION,
    place=TEXT,
    category={**TEXT, "description": "The item's own code, or empty."},
    facts=array(Record(title=TEXT, value=TEXT), description="What else the item publishes, as people read it."),
    photos=array(Record(href=TEXT, media_type=TEXT, width={"type": "integer"}, height={"type": "integer"})),
    published_at=MOMENT,
    expires_at=MOMENT,
    links=LINKS,
)

_MATCH = Record(
    id=ID,
    title=TEXT,
    day=titled(word("Day"), _DAY),
    place=titled(word("Place"), TEXT),
    likeness=titled(word("Likeness"), {"type": "integer", "description": "Of a hundred."}),
    at=titled(word("When it was found"), MOMENT),
    links=LINKS,
)

#: What a posting has beside its case, for its poster and staff.
DETAILS: Mapping[str, Schema] = {
    "sort": _SORT,
    "sort_title": titled(word("Type"), TEXT),
    "is_public": titled(word("Public"), {"type": "boolean"}),
    "published_at": titled(word("Published at"), MAYBE_MOMENT),
    "expires_at": titled(word("Public until"), MAYBE_MOMENT),
    "is_extended": titled(word("Extended"), {"type": "boolean"}),
    "links": LINKS,
    "matches": optional(
        array(
            _MATCH,
            title=word("What may be the same"),
            description="What others have posted that may be the same thing, the most alike first.",
        )
    ),
}


def posting_document(platform: Platform, row: PostingRecord, language: str) -> dict[str, Any]:
    """A public posting. Nothing in it says whose it is."""
    item = platform.registry.items.of(row.item)
    address = f"/v1/postings/{row.case_id}"
    # By hand, not by POSTING.of: the list of postings is what most ask for, and a microsecond each counts there.
    return {
        "id": str(row.case_id),
        "item": {"code": row.item, "title": text_in(item.title, language) if item else row.item},
        "department": row.department,
        "sort": row.sort,
        "sort_title": text_in(SORTS[row.sort], language),
        "title": row.title,
        "text": row.text,
        "day": row.day.isoformat() if row.day else None,
        "division": row.division,
        "place": row.place,
        "category": row.category,
        "facts": _facts(item, row.facts, language) if item else [],
        "photos": [
            {"href": f"{address}/photos/{number}", **{name: one[name] for name in ("media_type", "width", "height")}}
            for number, one in enumerate(row.photos, 1)
        ],
        "published_at": platform.moment(row.published_at),
        "expires_at": platform.moment(row.expires_at),
        "links": {"self": address, "item": f"/v1/items/{row.item}", "contact": f"{address}/conversations"},
    }


def _facts(item: Item, values: dict[str, Any], language: str) -> list[dict[str, str]]:
    told = []
    for fact in item.details.facts:
        if (value := values.get(fact.field)) is not None:
            words = words_of(item, fact).get(str(value).lower() if isinstance(value, bool) else str(value))
            told.append(
                {"title": text_in(fact.title, language), "value": text_in(words, language) if words else str(value)}
            )
    return told


def details_of(platform: Platform, row: PostingRecord, language: str) -> dict[str, Any]:
    """What the poster and staff see of it in the case."""
    is_public = row.state == "public"
    return {
        "sort": row.sort,
        "sort_title": text_in(SORTS[row.sort], language),
        "is_public": is_public,
        "published_at": platform.moment(row.published_at),
        "expires_at": platform.moment(row.expires_at),
        "is_extended": row.is_extended,
        "links": {"posting": f"/v1/postings/{row.case_id}"} if is_public else {},
    }


async def shown(platform: Platform, case: Case, reader: Actor, language: str) -> dict[str, Any]:
    """That, and what others have posted that may be the same thing, the most alike first."""
    del reader
    row = await PostingRecord.get(case_id=case.id)
    return {**details_of(platform, row, language), "matches": await _matches(platform, row)}


async def _matches(platform: Platform, row: PostingRecord) -> list[dict[str, Any]]:
    if row.sort not in OPPOSITE or row.state != "public":
        return []
    pairs = await PostingMatch.filter(Q(lost_id=row.case_id) | Q(found_id=row.case_id)).order_by("-likeness", "-id")
    others = {pair.found_id if row.sort == "lost" else pair.lost_id: pair for pair in pairs}
    seen = PostingRecord.filter(state="public", expires_at__gt=platform.now(), case_id__in=list(others))
    known = {one.case_id: one for one in await seen} if others else {}
    shown = [(known[identity], pair) for identity, pair in others.items() if identity in known]
    return [match_document(platform, other, pair) for other, pair in shown[:MAX_MATCHES]]


def match_document(platform: Platform, other: PostingRecord, pair: PostingMatch) -> dict[str, Any]:
    address = f"/v1/postings/{other.case_id}"
    links = {"posting": address, "contact": f"{address}/conversations"}
    at = platform.moment(pair.at)
    return _MATCH.of(platform, other, id=str(other.case_id), likeness=pair.likeness, at=at, links=links)
