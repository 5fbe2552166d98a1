"""How postings read in the API: to anybody while they are public, and to their poster and staff in their case."""

from __future__ import annotations

from typing import Any

from tortoise.expressions import Q

from banshi.kernel.cases.actors import Actor
from banshi.kernel.contract.values import text_in
from banshi.kernel.http.document_schemas import ID, LINKS, MOMENT, TEXT, Record, array
from banshi.kernel.runtime.running import Platform
from banshi.kernel.tables.cases import Case
from banshi.kinds.posting.models import PostingMatch, PostingRecord
from banshi.kinds.posting.publishing.matching import MAX_MATCHES
from banshi.kinds.posting.rules import OPPOSITE

#: Where a document leads, and the first of a list.
OWN = {"id": "$response.body#/id"}
FIRST = {"id": "$response.body#/items/0/id"}

SORTS = ("lost", "found", "missing-person")
DIVISION = {"type": "string", "pattern": "^([1-8][0-9]{5})?$", "description": "GB/T 2260, or empty."}

_ITEM = Record(code=TEXT, title=TEXT)

POSTING = Record(
    id=ID,
    item=_ITEM,
    department=TEXT,
    sort={"enum": list(SORTS)},
    title=TEXT,
    text=TEXT,
    day={"type": ["string", "null"], "format": "date"},
    division=DIVISION,
    place=TEXT,
    category={**TEXT, "description": "The item's own code, or empty."},
    facts=array(Record(title=TEXT, value=TEXT), description="What else the item publishes, as people read it."),
    photos=array(Record(href=TEXT, media_type=TEXT, width={"type": "integer"}, height={"type": "integer"})),
    published_at=MOMENT,
    expires_at=MOMENT,
    links=LINKS,
)


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
        "title": row.title,
        "text": row.text,
        "day": row.day.isoformat() if row.day else None,
        "division": row.division,
        "place": row.place,
        "category": row.category,
        "facts": _facts(item.details.facts if item else (), row.facts, language),
        "photos": [
            {"href": f"{address}/photos/{number}", **{name: one[name] for name in ("media_type", "width", "height")}}
            for number, one in enumerate(row.photos, 1)
        ],
        "published_at": platform.moment(row.published_at),
        "expires_at": platform.moment(row.expires_at),
        "links": {"self": address, "item": f"/v1/items/{row.item}", "contact": f"{address}/conversations"},
    }


def _facts(declared: Any, values: dict[str, Any], language: str) -> list[dict[str, str]]:
    told = []
    for fact in declared:
        if (value := values.get(fact.field)) is not None:
            words = fact.values.get(str(value).lower() if isinstance(value, bool) else str(value))
            told.append(
                {"title": text_in(fact.title, language), "value": text_in(words, language) if words else str(value)}
            )
    return told


def details_of(platform: Platform, row: PostingRecord) -> dict[str, Any]:
    """What the poster and staff see of it in the case."""
    is_public = row.state == "public"
    return {
        "sort": row.sort,
        "is_public": is_public,
        "published_at": platform.moment(row.published_at),
        "expires_at": platform.moment(row.expires_at),
        "is_extended": row.is_extended,
        "links": {"posting": f"/v1/postings/{row.case_id}"} if is_public else {},
    }


async def shown(platform: Platform, case: Case, reader: Actor, language: str) -> dict[str, Any]:
    """That, and what others have posted that may be the same thing, the most alike first."""
    del reader, language
    row = await PostingRecord.get(case_id=case.id)
    return {**details_of(platform, row), "matches": await _matches(platform, row)}


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
    return {
        "id": str(other.case_id),
        "title": other.title,
        "day": other.day.isoformat() if other.day else None,
        "place": other.place,
        "likeness": pair.likeness,
        "at": platform.moment(pair.at),
        "links": {"posting": address, "contact": f"{address}/conversations"},
    }
