"""ClaimReview as JSON-LD (schema.org), made of the document that the page shows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson

#: A review's properties, each with the member that it is word for word.
SAME = {
    "name": "title", "description": "summary", "reviewBody": "finding", "claimReviewed": "claim",
    "identifier": "number", "version": "edition", "datePublished": "published_at", "dateModified": "updated_at",
}  # fmt: skip


def claim_review(document: Mapping[str, Any], address: str, language: str, value: int | None, best: int) -> bytes:
    """The review, the same bytes wherever they stand; `address` is scheme and host of the pages that it leads to.

    `value` is the rating as a number from 1, untrue, to `best`; None where nobody knows yet.
    """
    links = document["links"]
    scale = {"ratingValue": value, "worstRating": 1, "bestRating": best} if value else {}
    seen = {"description": document["where"], "datePublished": document["seen_on"]}
    claim = {"text": document["claim"], "appearance": _of("CreativeWork", seen) if any(seen.values()) else None}
    cited = [
        _of("CreativeWork", {"name": one["title"], "url": one.get("url"), "datePublished": one["on"]})
        for one in document["sources"]
    ]
    review = {
        "@id": f"{address}{links['self']}", "url": f"{address}{links['page']}", "inLanguage": language,
        **{name: document[member] for name, member in SAME.items()},
        "itemReviewed": _of("Claim", claim),
        "reviewRating": _of("Rating", {"alternateName": document["rating_title"], **scale}),
        "author": _of("GovernmentOrganization", {"name": document["department_title"]}),
        "citation": cited or None,
    }  # fmt: skip
    told = orjson.dumps({"@context": "https://schema.org", **_of("ClaimReview", review)})
    # In a page they stand within a script, which nothing in a claim ends.
    return told.replace(b"<", b"\\u003c")


def _of(kind: str, members: Mapping[str, Any]) -> dict[str, Any]:
    return {"@type": kind, **{name: value for name, value in members.items() if value is not None}}
