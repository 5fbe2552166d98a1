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
MAX_SOURCES, MAX_PICTURES = 10, 10


def _text(most: int, about: str = "") -> dict[str, Any]:
    shown = {"type": "string", "minLength": 1, "maxLength": most, "pattern": _SHOWN, "x-pattern-hint": _HINT}
    return {**shown, **({"description": about} if about else {})}


def _texts(most: int, about: str, *, both: bool = False) -> dict[str, Any]:
    members = dict.fromkeys(LANGUAGES, _text(most) if both else optional(_text(most)))
    return {**Record(**members), **({} if both else {"minProperties": 1}), "description": about}


SOURCE = Record(
    title=_text(MAX_LINE),
    url=optional(
        {
            "type": "string",
            "maxLength": 500,
            "pattern": r"^https?://[A-Za-z0-9\[][^\s\u0000-\u0020\u007f<>\"\\^`{|}]*$",
            "x-pattern-hint": say("Give the address of a page that begins with https://: no script and no file."),
        }
    ),
    on={"type": "string", "format": "date", "description": "The day that the source is from."},
)

#: What an edition says, by its members; what is optional may be missing while it is checked.
WORDS: Mapping[str, Mapping[str, Any]] = {
    "rating": {"type": "string", "enum": [*RATINGS]},
    "about": _texts(MAX_ABOUT, "What the claim is about, in so few words that it fits the title.", both=True),
    "claim": _text(MAX_LINE, "The claim as it goes around, word for word and shortened: text, whatever is in it."),
    "where": optional(_texts(MAX_LINE, "Where it goes around.")),
    "seen_on": optional({"type": "string", "format": "date", "description": "Since which day."}),
    "finding": optional(_texts(MAX_TEXT, "What was found.")),
    "checked_by": optional(_texts(MAX_LINE, "Who checked: an office, not a person.")),
    "checked_how": optional(_texts(MAX_LINE, "How.")),
    "checked_at": optional(MOMENT),
    "facts": optional(_texts(MAX_TEXT, "How it is in truth.")),
    "handling": optional(_texts(MAX_LINE, "What was done by law, without a name.")),
    "sources": optional(array(SOURCE, maxItems=MAX_SOURCES)),
    "pictures": optional(
        array(
            {"type": "string", "pattern": "^[0-9a-f]{32}$"},
            maxItems=MAX_PICTURES,
            uniqueItems=True,
            description="Fingerprints of the pictures that go around with it; the pictures are kept nowhere.",
        )
    ),
    "names_nobody": optional(
        array(
            _text(MAX_ABOUT),
            maxItems=20,
            uniqueItems=True,
            description="Words in it that read like a name and are none; the second person reads them too.",
        )
    ),
}

_VERSION = {"type": "integer", "minimum": 1, "maximum": 2**31 - 1, "description": "The version that you have read."}

NEW = Record(department={"type": "string", "minLength": 1, "maxLength": 64}, **WORDS).form()
CHANGE = Record(**WORDS, version=_VERSION).form()
ACTION = Record(version=_VERSION, reason=optional(_text(1000, "Colleagues read it."))).form()
_LACKS = say("Once it is no longer being checked, say what was found, who checked and when, and a source.")


def words_in(body: Mapping[str, Any]) -> dict[str, Any]:
    """What a body says, without blanks around it; a text that is in one language alone stands for both."""
    return {name: _trimmed(body[name]) for name in WORDS if name in body}


def _trimmed(value: Any) -> Any:
    if isinstance(value, str):
        return value.strip()
    if isinstance(value, list):
        return [_trimmed(one) for one in value]
    told = {name: _trimmed(one) for name, one in value.items()}
    if told.keys() <= {*LANGUAGES}:
        return {tag: told.get(tag) or next(iter(told.values())) for tag in LANGUAGES}
    return told


def problems(words: Mapping[str, Any], now: datetime) -> Iterator[FieldProblem]:
    """What keeps an edition from being proposed: what it lacks, what is not yet, and whom it names."""
    if words["rating"] != CHECKING:
        for name in ("finding", "checked_by", "checked_at", "sources"):
            if not words.get(name):
                told = say(
                    "Once it is no longer being checked, say what was found, who checked and when, and a source."
                )
                yield FieldProblem(f"/{name}", told, "required")
    days = {"/seen_on": words.get("seen_on", "")}
    days |= {f"/sources/{place}/on": one["on"] for place, one in enumerate(words.get("sources", ()))}
    late = say("This lies ahead: give the day on which it was.")
    for pointer, day in days.items():
        if day > now.date().isoformat():
            yield FieldProblem(pointer, late, "future")
    if "checked_at" in words and datetime.fromisoformat(words["checked_at"]) > now:
        yield FieldProblem("/checked_at", late, "future")
    yield from personal_problems(words)
