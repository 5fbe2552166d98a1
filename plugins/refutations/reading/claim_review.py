"""ClaimReview as JSON-LD (schema.org), made of the document that the page shows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson

from refutations.ratings import RATINGS

#: Fewest and most of a rating's value.
WORST, BEST = 1, 3


def claim_review(document: Mapping[str, Any], address: str, language: str) -> dict[str, Any]:
    """The review; `address` is scheme and host of the pages that the document leads to."""
    value = RATINGS[document["rating"]].value
    rating = {"@type": "Rating", "alternateName": document["rating_title"]}
    rating |= {} if value is None else {"ratingValue": value, "worstRating": WORST, "bestRating": BEST}
    claim: dict[str, Any] = {"@type": "Claim", "text": document["claim"]}
    if document["where"] or document["seen_on"]:
        seen = {"description": document["where"], "datePublished": document["seen_on"]}
        claim["appearance"] = {"@type": "CreativeWork", **_told(seen)}
    review = {
        "@context": "https://schema.org",
        "@type": "ClaimReview",
        "@id": f"{address}{document['links']['self']}",
        "url": f"{address}{document['links']['page']}",
        "identifier": document["number"],
        "name": document["title"],
        "description": document["summary"],
        "reviewBody": document["finding"],
        "claimReviewed": document["claim"],
        "itemReviewed": claim,
        "reviewRating": rating,
        "author": {"@type": "GovernmentOrganization", "name": document["department_title"]},
        "datePublished": document["published_at"],
        "dateModified": document["updated_at"],
        "version": document["edition"],
        "inLanguage": language,
    }
    cited = [{"@type": "CreativeWork", **_told(_source(one))} for one in document["sources"]]
    return _told({**review, "citation": cited or None})


def _source(one: Mapping[str, Any]) -> dict[str, Any]:
    return {"name": one["title"], "url": one.get("url"), "datePublished": one["on"]}


def _told(members: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in members.items() if value is not None}


def in_a_page(review: Mapping[str, Any]) -> bytes:
    """The same bytes wherever they stand: no `<` of a claim ends the script of a page that has them."""
    text = orjson.dumps(review)
    for sign in (b"<", b">", b"&"):
        text = text.replace(sign, b"\\u%04x" % ord(sign))
    return text
