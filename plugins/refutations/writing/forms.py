"""What staff send: the words of an edition, held against what can be published."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from banshi import LANGUAGES, FieldProblem
from banshi.sdk.documents import MOMENT, Record, array, optional
from refutations.ratings import CHECKING, RATINGS
from refutations.sentences import say
from refutations.writing.held_back import personal_problems

#: What neither a screen shows nor XML carries: control characters but line breaks, marks that turn the direction.
_UNSHOWN = r"\u0000-\u0009\u000b-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069\ufeff\ufffe\uffff"
_SHOWN = rf"^[^{_UNSHOWN}]*[^{_UNSHOWN}\s\u3000][^{_UNSHOWN}]*$"
_HINT = say("Say something in words, without characters that no screen shows.")

#: Characters of what is in a title, of a sentence, and of a text.
MAX_ABOUT, MAX_LINE, MAX_TEXT = 40, 300, 3_000


def _text(most: int, about: str = "") -> dict[str, Any]:
    shown = {"type": "string", "minLength": 1, "maxLength": most, "pattern": _SHOWN, "x-pattern-hint": _HINT}
    return {**shown, "description": about} if about else shown


def _texts(most: int, about: str) -> dict[str, Any]:
    either = Record(**{tag: optional(_text(most)) for tag in LANGUAGES})
    return {**either, "minProperties": 1, "description": about}


_PAGE = {
    "type": "string", "maxLength": 500, "pattern": r"^https?://[A-Za-z0-9\[][^\s\u0000-\u0020\u007f<>\"\\^`{|}]*$",
    "x-pattern-hint": say("Give the address of a page that begins with https://: no script and no file."),
}  # fmt: skip
_DAY = {"type": "string", "format": "date"}
SOURCE = Record(title=_text(MAX_LINE), url=optional(_PAGE), on={**_DAY, "description": "The day that it is from."})
RATING = {"type": "string", "enum": [*RATINGS]}

#: What an edition says in both languages, by its members; what is in one alone stands for both.
TEXTS: Mapping[str, Mapping[str, Any]] = {
    "about": {**Record(**dict.fromkeys(LANGUAGES, _text(MAX_ABOUT))), "description": "So few words that a title has."},
    "where": optional(_texts(MAX_LINE, "Where it goes around.")),
    "finding": optional(_texts(MAX_TEXT, "What was found.")),
    "checked_by": optional(_texts(MAX_LINE, "Who checked: an office, not a person.")),
    "checked_how": optional(_texts(MAX_LINE, "How.")),
    "facts": optional(_texts(MAX_TEXT, "How it is in truth.")),
    "handling": optional(_texts(MAX_LINE, "What was done by law, without a name.")),
}

#: All that it says; what is optional may be missing while it is being checked.
WORDS: Mapping[str, Mapping[str, Any]] = {
    "rating": RATING,
    "claim": _text(MAX_LINE, "The claim as it goes around, word for word and shortened: text, whatever is in it."),
    **TEXTS,
    "seen_on": optional({**_DAY, "description": "Since which day it goes around."}),
    "checked_at": optional(MOMENT),
    "sources": optional(array(SOURCE, maxItems=10)),
    "pictures": optional(
        array({"type": "string", "pattern": "^[0-9a-f]{32}$"}, maxItems=10, description="Their fingerprints alone.")
    ),
    "names_nobody": optional(
        array(_text(MAX_ABOUT), maxItems=20, description="Words that read like a person's name and are none.")
    ),
}

_VERSION = {"type": "integer", "minimum": 1, "maximum": 2**31 - 1, "description": "The version that you have read."}
NEW = Record(department={"type": "string", "minLength": 1, "maxLength": 64}, **WORDS).form()
CHANGE = Record(**WORDS, version=_VERSION).form()
ACTION = Record(version=_VERSION, reason=optional(_text(1000, "Colleagues read it."))).form()

_LACKS = say("Once it is no longer being checked, say what was found, who checked and when, and a source.")
_AHEAD = say("This lies ahead: give the day on which it was.")


def words_in(body: Mapping[str, Any]) -> dict[str, Any]:
    """What a body says, without blanks around it."""
    return {name: _trimmed(body[name]) for name in WORDS if name in body}


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
    days = {"/seen_on": words.get("seen_on", ""), "/checked_at": words.get("checked_at", "")[:10]}
    days |= {f"/sources/{place}/on": one["on"] for place, one in enumerate(words.get("sources", ()))}
    yield from (FieldProblem(at, _AHEAD, "future") for at, day in days.items() if day > now.date().isoformat())
    yield from personal_problems(words)
