"""A record as documents: one for all to read, of which the page, the feed and JSON-LD are made, and one for staff."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from banshi import Platform, Texts, text_in
from banshi.sdk.documents import ID, LINKS, MAYBE_MOMENT, MAYBE_TEXT, MOMENT, TEXT, Record, array
from refutations.ratings import CHECKING, RATINGS, title_of
from refutations.sentences import say
from refutations.tables.models import Edition, Refutation
from refutations.writing.forms import EDITION, TEXTS

_WORDS: Mapping[str, Any] = EDITION.described("en")
_COUNT: Mapping[str, Any] = {"type": "integer", "minimum": 0}

#: An edition in a few words. `rating_title` is the department's word for its rating.
_BRIEF = {"edition": _COUNT, "rating": {"type": "string", "enum": [*RATINGS]}, "updated_at": MOMENT, "links": LINKS}
_BRIEF |= {"rating_title": TEXT, "title": TEXT}

#: What a list shows of one: `summary` is what was found, or what to do until it is known.
SUMMARY = Record(
    id=ID, **dict.fromkeys(("number", "department", "department_title", "summary", "claim"), TEXT), **_BRIEF,
    published_at={**MOMENT, "description": "Since when it is known of; `updated_at` is since when it says this."},
)  # fmt: skip

#: All that anybody reads.
WHOLE = Record(
    **SUMMARY["properties"], **dict.fromkeys((*TEXTS, "seen_on"), MAYBE_TEXT), checked_at=MAYBE_MOMENT,
    sources=_WORDS["properties"]["sources"], reminder=TEXT,
    editions=array(Record(**_BRIEF), description="The first one first."),
)  # fmt: skip

_MAYBE_WORDS = {"oneOf": [{"type": "null"}, _WORDS]}
#: Who did what.
STEP = Record(version=_COUNT, edition=_COUNT, at=MOMENT, **dict.fromkeys(("action", "state", "actor", "reason"), TEXT))

#: What staff read of one: `draft` is the edition that is being written, `public` the one that anybody reads.
RECORD = Record(
    id=ID, number=TEXT, department=TEXT, state=TEXT, edition=_COUNT, title=LINKS,
    version={**_COUNT, "description": "Send it along to change or decide what you read."},
    draft=_MAYBE_WORDS, created_at=MOMENT, published_at=MAYBE_MOMENT, updated_at=MAYBE_MOMENT, links=LINKS,
    due_at={**MOMENT, "description": "Until when the first edition is to be public."},
)  # fmt: skip
WHOLE_RECORD = Record(
    **RECORD["properties"], public=_MAYBE_WORDS, permitted_actions=array(TEXT),
    history=array(STEP),
)  # fmt: skip

_UNTIL_THEN = say(
    "It is being checked. Please don't pass it on before it is known; this page then says what was found."
)
_REMINDER = say(
    "Don't make up, believe or pass on rumours. Whoever has passed this on, please send this page after it."
)


def page_of(platform: Platform, identity: object) -> str:
    """Where people read it: the city's page, where there is one."""
    pages = (one.path for _, one in platform.registry.routes if one.method == "GET")
    own = next((path for path in pages if path.endswith("/refutations/{id}") and not path.startswith("/v1/")), "")
    return (own or "/v1/refutations/{id}").replace("{id}", str(identity))


def summary_of(words: Mapping[str, Any]) -> Texts:
    """What was found; while it is being checked, what to do until it is known."""
    return _UNTIL_THEN if words["rating"] == CHECKING else words["finding"]


def summary(platform: Platform, row: Refutation, edition: Edition, language: str) -> dict[str, Any]:
    """One as lists have it."""
    words: Mapping[str, Any] = edition.words
    department, rating = platform.registry.departments.get(row.department), words["rating"]
    texts = {"summary": summary_of(words), "title": title_of(rating, words["about"])}
    texts |= {"rating_title": RATINGS[rating].word}
    texts["department_title"] = department.title if department else {language: row.department}
    links = {"self": f"/v1/refutations/{row.id}", "page": page_of(platform, row.id)}
    links["edition"] = f"{links['self']}?edition={edition.number}"
    given: dict[str, Any] = {name: text_in(text, language) for name, text in texts.items()}
    given |= {"rating": rating, "claim": words["claim"], "edition": edition.number, "links": links}
    return SUMMARY.of(platform, row, **given, updated_at=platform.moment(edition.at))


def whole(
    platform: Platform, row: Refutation, editions: Sequence[Edition], language: str, number: int = 0
) -> dict[str, Any]:
    """All of an edition, the newest where none is named; with what the others were."""
    brief = [summary(platform, row, one, language) for one in editions]
    words: Mapping[str, Any] = editions[number - 1].words
    return {
        **brief[number - 1],
        **{name: text_in(words[name], language) if words.get(name) else None for name in TEXTS},
        **{name: words.get(name) for name in ("seen_on", "checked_at")},
        "sources": words.get("sources", []),
        "reminder": text_in(_REMINDER, language),
        "editions": [{name: one[name] for name in _BRIEF} for one in brief],
    }


def record(platform: Platform, row: Refutation, public: Edition | None = None) -> dict[str, Any]:
    """One as staff read it in lists."""
    words, address = row.draft or (public.words if public else None), f"/v1/refutations/{row.id}"
    links = {"self": address, "record": f"{address}/record", "page": page_of(platform, row.id)}
    return RECORD.of(platform, row, title=title_of(words["rating"], words["about"]) if words else {}, links=links)
