"""A record as documents: one for all to read, of which the page, the feed and JSON-LD are made, and one for staff."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from banshi import Platform, text_in
from banshi.sdk.documents import ID, LINKS, MAYBE_MOMENT, MAYBE_TEXT, MOMENT, TEXT, Record, array, optional
from refutations.ratings import CHECKING, RATINGS, title_of
from refutations.sentences import say
from refutations.tables.models import Edition, Refutation, RefutationStep
from refutations.writing.forms import SOURCE, WORDS
from refutations.writing.steps import ACTIONS, STATES

RATING = {"type": "string", "enum": [*RATINGS]}
_COUNT = {"type": "integer", "minimum": 0}

#: What a list shows of one.
SUMMARY = Record(
    id=ID,
    number={**TEXT, "description": "The year, and which one of it."},
    department=TEXT,
    department_title=TEXT,
    rating=RATING,
    rating_title={**TEXT, "description": "The same in the department's words."},
    title=TEXT,
    summary={**TEXT, "description": "What was found; while it is being checked, what to do until it is known."},
    claim={**TEXT, "description": "As it goes around. It is a text, whatever is in it."},
    published_at=MOMENT,
    updated_at={**MOMENT, "description": "Since when this edition is what it says."},
    edition={**_COUNT, "description": "Counts from 1; a newer one takes the place of the one before."},
    links=LINKS,
)

#: All that anybody reads.
WHOLE = Record(
    **SUMMARY["properties"],
    about=TEXT,
    **dict.fromkeys(("where", "finding", "checked_by", "checked_how", "facts", "handling"), MAYBE_TEXT),
    seen_on=MAYBE_TEXT,
    checked_at=MAYBE_MOMENT,
    sources=array(SOURCE),
    reminder=TEXT,
    editions=array(
        Record(edition=_COUNT, rating=RATING, rating_title=TEXT, title=TEXT, at=MOMENT, links=LINKS),
        description="Every edition, the first one first: what it said before stays readable.",
    ),
)

_WRITTEN = Record(**WORDS)

#: What staff read of one.
RECORD = Record(
    id=ID,
    number=TEXT,
    department=TEXT,
    state={"type": "string", "enum": [*STATES]},
    version={**_COUNT, "description": "Send it along to change or decide what you read."},
    edition=_COUNT,
    title=LINKS,
    draft={"oneOf": [{"type": "null"}, _WRITTEN], "description": "The edition that is being written."},
    created_at=MOMENT,
    due_at={**MOMENT, "description": "Until when the first edition is to be public."},
    published_at=MAYBE_MOMENT,
    updated_at=MAYBE_MOMENT,
    links=LINKS,
    public=optional({"oneOf": [{"type": "null"}, _WRITTEN], "description": "The edition that anybody reads."}),
    permitted_actions=optional(array({"type": "string", "enum": [*ACTIONS]})),
    history=optional(
        array(Record(version=_COUNT, edition=_COUNT, at=MOMENT, action=TEXT, state=TEXT, actor=TEXT, reason=TEXT))
    ),
    asked=optional({**_COUNT, "description": "People who wait for what becomes of it."}),
)
_ENTRY: Record = RECORD["properties"]["history"]["items"]

_UNTIL_THEN = "It is being checked. Please don't pass it on before it is known; this page then says what was found."
_REMINDER = "Don't make up, believe or pass on rumours. Whoever has passed this on, please send this page after it."


def page_of(platform: Platform, identity: object) -> str:
    """Where people read it: the city's page, where there is one."""
    pages = (one.path for _, one in platform.registry.routes if one.method == "GET")
    own = next((path for path in pages if path.endswith("/refutations/{id}") and not path.startswith("/v1/")), "")
    return (own or "/v1/refutations/{id}").replace("{id}", str(identity))


def summary(platform: Platform, row: Refutation, edition: Edition, language: str) -> dict[str, Any]:
    """One as lists have it."""
    words: Mapping[str, Any] = edition.words
    department = platform.registry.departments.get(row.department)
    rating = RATINGS[words["rating"]]
    told = say(_UNTIL_THEN) if words["rating"] == CHECKING else words["finding"]
    address = f"/v1/refutations/{row.id}"
    return SUMMARY.of(
        platform,
        row,
        department_title=text_in(department.title, language) if department else row.department,
        rating=words["rating"],
        rating_title=text_in(rating.word, language),
        title=text_in(title_of(words["rating"], words["about"]), language),
        summary=text_in(told, language),
        claim=words["claim"],
        edition=edition.number,
        updated_at=platform.moment(edition.at),
        links={"self": address, "page": page_of(platform, row.id), "json-ld": f"{address}/claim-review.jsonld"},
    )


def whole(
    platform: Platform, row: Refutation, editions: Sequence[Edition], language: str, number: int = 0
) -> dict[str, Any]:
    """All of an edition, the newest where none is named; with what the others were."""
    edition = editions[(number or len(editions)) - 1]
    words: Mapping[str, Any] = edition.words
    texts = ("about", "where", "finding", "checked_by", "checked_how", "facts", "handling")
    return {
        **summary(platform, row, edition, language),
        **{name: text_in(words[name], language) if words.get(name) else None for name in texts},
        **{name: words.get(name) for name in ("seen_on", "checked_at")},
        "sources": words.get("sources", []),
        "reminder": text_in(say(_REMINDER), language),
        "editions": [
            {
                **{name: one[name] for name in ("edition", "rating", "rating_title", "title")},
                "at": one["updated_at"],
                "links": {"self": f"{one['links']['self']}?edition={one['edition']}"},
            }
            for one in (summary(platform, row, each, language) for each in editions)
        ],
    }


def record(platform: Platform, row: Refutation, public: Edition | None = None) -> dict[str, Any]:
    """One as staff read it in lists."""
    words = row.draft or (public.words if public else None)
    address = f"/v1/refutations/{row.id}"
    links = {"self": address, "record": f"{address}/record", "page": page_of(platform, row.id)}
    return RECORD.of(platform, row, title=title_of(words["rating"], words["about"]) if words else {}, links=links)


def entry(platform: Platform, step: RefutationStep) -> dict[str, Any]:
    """Who did what."""
    return _ENTRY.of(platform, step)
