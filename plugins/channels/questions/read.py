"""From what somebody sent to the answer of one question: by the question alone; whether it is right, the form says."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from questions.days import day_in, moment_in
from questions.plan import Question, choices
from questions.spelling import ALIKE, likeness, number_in, numbers_in, plain, seen, spellings

_WORDS = tomllib.loads(Path(__file__).with_name("words.toml").read_text("utf-8"))
YES, NO = frozenset(_WORDS["yes"]), frozenset(_WORDS["no"])
#: What ends a list, and what leaves out all that may be left out.
ENOUGH = frozenset(_WORDS["enough"])
#: Stars by the words for them, and as they are counted: 5分, 五颗星, 4 stars, three out of five, ★★★.
_STARS = {word: int(stars) for stars, words in _WORDS["stars"].items() for word in words}
_COUNTS = {sign: stars for stars, signs in enumerate(("一", "二两", "三", "四", "五"), 1) for sign in signs}
_COUNTS |= {word: stars for stars, word in enumerate(("one", "two", "three", "four", "five"), 1)}
_COUNTED = re.compile(
    rf"(?:给|打|评)?\s*(?P<stars>[1-5]|{'|'.join(_COUNTS)})\s*[个颗]?\s*(?:分|星|stars?|points?)?\s*(?:好评|吧|了)?"
    r"(?:\s*(?:/|out of)\s*(?:5|five))?"
)
_DRAWN = re.compile("[⭐★🌟]{1,5}")


@dataclass(frozen=True, slots=True)
class Answered:
    """Values that may be meant, the likeliest first; the first that the form takes is the answer."""

    values: Sequence[Any]
    #: What fields beside this one get with it, by name: where a place is.
    beside: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Ended:
    """There is no further entry, or nothing of what may be left out is wanted."""


@dataclass(frozen=True, slots=True)
class Narrowed:
    """Several choices may be meant: these, as value and words."""

    options: Sequence[tuple[Any, str]]


@dataclass(frozen=True, slots=True)
class Unread:
    """It is no answer to this question."""


Read = Answered | Ended | Narrowed | Unread


def read(question: Question, text: str, now: datetime, options: Sequence[tuple[Any, str]] = ()) -> Read:
    """What a text says to the question; `options` are those that their numbers stand for now, with their words.

    `now` is in the city's time zone.
    """
    if question.may_end and plain(text) in ENOUGH:
        return Ended()
    match question.sort:
        case "choice" | "listed":
            return choice(text, options or choices(question.node))
        case "choices":
            return _several(text, options or choices(question.node))
        case "optional":
            return _fields(text, question)
        case "yes" | "another":
            return _yes(text)
        case "number":
            value = (stars_in(text) if is_rating(question.node) else None) or number_in(text)
            return Unread() if value is None else Answered([value])
        case "day":
            day = day_in(text, now.date(), past=is_past(question.node))
            return Unread() if day is None else Answered([day.isoformat()])
        case "moment":
            at = moment_in(text, now)
            return Unread() if at is None else Answered([at.isoformat()])
        case "file":
            return Unread()
    return Answered([one for one in spellings(text) if one]) if seen(text) else Unread()


def choice(text: str, options: Sequence[tuple[Any, str]]) -> Read:
    """One of the options: by its number, its words, a part of them that no other has, or a slip of the pen."""
    asked = plain(text)
    if not asked:
        return Unread()
    numbers = numbers_in(text)
    if len(numbers) == 1 and 1 <= numbers[0] <= len(options):
        return Answered([options[numbers[0] - 1][0]])
    same = [one for one in options if asked in (plain(one[1]), str(one[0]).casefold())]
    if same:
        return Answered([same[0][0]])
    inside = [one for one in options if asked in plain(one[1]) or (len(plain(one[1])) > 1 and plain(one[1]) in asked)]
    if len(inside) == 1:
        return Answered([inside[0][0]])
    if inside:
        return Narrowed(inside)
    near = [one for one in options if likeness(asked, plain(one[1])) >= ALIKE]
    return Narrowed(near) if near else Unread()


def _several(text: str, options: Sequence[tuple[Any, str]]) -> Read:
    numbers = numbers_in(text)
    if numbers and all(1 <= one <= len(options) for one in numbers):
        return Answered([[options[one - 1][0] for one in dict.fromkeys(numbers)]])
    named = [value for value, words in options if plain(words) in plain(text)]
    if named:
        return Answered([named])
    one = choice(text, options)
    return Answered([[one.values[0]]]) if isinstance(one, Answered) else one


def _fields(text: str, question: Question) -> Read:
    """Which of the optional fields are wanted, as a list of their pointers."""
    if plain(text) in ENOUGH | NO - {"2"}:
        return Ended()
    return _several(text, question.fields)


def _yes(text: str) -> Read:
    told = plain(text)
    if told in YES:
        return Answered([True])
    return Answered([False]) if told in NO | {"0"} else Unread()


def read_place(question: Question, latitude: float, longitude: float, label: str = "") -> Read:
    """A place for a text that is one, with its degrees for the fields beside it; for another text its words alone."""
    words = label or f"{latitude:.5f}, {longitude:.5f}"
    if question.sort != "text":
        return Unread()
    if question.node.get("x-place") == "address":
        return Answered([words], beside={"latitude": latitude, "longitude": longitude})
    return Answered([words]) if label else Unread()


def is_rating(node: Mapping[str, Any]) -> bool:
    """Whether a number is one of five stars."""
    return node.get("type") == "integer" and (node.get("minimum"), node.get("maximum")) == (1, 5)


def stars_in(text: str) -> int | None:
    """1 to 5, as people rate; None where a text says no such thing."""
    told = plain(text)
    if counted := _COUNTED.fullmatch(told):
        stars = counted["stars"]
        return _COUNTS.get(stars) or int(stars)
    return len(told) if _DRAWN.fullmatch(told) else _STARS.get(told)


def is_past(node: Mapping[str, Any]) -> bool:
    """Whether a day is one that is over: then 3月5日 is the last one."""
    return str(node.get("x-not-after", "")).startswith(("today", "-"))
