"""What staff send: the words of an edition, held against what can be published."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import orjson

from banshi import LANGUAGES, FieldProblem, Form
from banshi.sdk.documents import Record, optional
from names import held_back
from refutations.ratings import CHECKING
from refutations.sentences import say, word

#: What staff fill in: its schema, with the titles of its fields.
SCHEMA: Mapping[str, Any] = orjson.loads(Path(__file__).with_name("edition.json").read_bytes())

#: The texts that an edition has in both languages; what is in one alone stands for both.
TEXTS = tuple(name for name, one in SCHEMA["properties"].items() if one["type"] == "object")


#: What people don't read as a text.
NO_TEXTS = ("names_nobody", "pictures", "checked_at")


def _form(**more: Mapping[str, Any]) -> Form:
    """The form of an edition, and what is sent along."""
    both = {"required": [*more, *SCHEMA["required"]], "properties": {**more, **SCHEMA["properties"]}}
    return Form.from_schema({**SCHEMA, **both})


_VERSION = {"type": "integer", "minimum": 1, "maximum": 2**31 - 1, "description": "The version that you have read."}
_REASON = {"type": "string", "maxLength": 1000, "description": "Colleagues read it."}
EDITION = _form()
NEW = _form(department={"type": "string", "title": word("Department"), "minLength": 1, "maxLength": 64})
CHANGE = _form(version=_VERSION)
ACTION = Record(version=_VERSION, reason=optional(_REASON)).form()

_LACKS = say("Once it is no longer being checked, say what was found, who checked and when, and a source.")
_TOO_EARLY = say("While it is being checked nothing is found yet; say what it is found to be.")
_AHEAD = say("This lies ahead: give the day on which it was.")


def words_in(body: Mapping[str, Any]) -> dict[str, Any]:
    """What a body says, without blanks around it."""
    return {name: _trimmed(body[name]) for name in SCHEMA["properties"] if name in body}


def _trimmed(value: Any) -> Any:
    if isinstance(value, str):
        return value.strip()
    if isinstance(value, list):
        return [_trimmed(one) for one in value]
    told = {name: _trimmed(one) for name, one in value.items()}
    return told if told.keys() - {*LANGUAGES} else dict.fromkeys(LANGUAGES, next(iter(told.values()))) | told


def problems(words: Mapping[str, Any], now: datetime) -> Iterator[FieldProblem]:
    """What keeps an edition from being proposed: what it lacks, what is not yet, and whom it names."""
    needed = () if words["rating"] == CHECKING else ("finding", "checked_by", "checked_at", "sources")
    yield from (FieldProblem(f"/{name}", _LACKS, "required") for name in needed if not words.get(name))
    if not needed and words.get("finding"):
        yield FieldProblem("/rating", _TOO_EARLY, "too-early")
    days = {"/seen_on": words.get("seen_on", ""), "/checked_at": words.get("checked_at", "")[:10]}
    days |= {f"/sources/{place}/on": one["on"] for place, one in enumerate(words.get("sources", ()))}
    yield from (FieldProblem(at, _AHEAD, "future") for at, day in days.items() if day > now.date().isoformat())
    yield from held_back(words, words.get("names_nobody", ()), NO_TEXTS)
