"""From what somebody sent to the answer of one question: by the question alone; whether it is right, the form says."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any

from questions.days import day_in, moment_in
from questions.plan import Question, choices
from questions.spelling import ALIKE, NEGATED, likeness, made_of, number_in, numbers_in, plain, seen, spellings

_WORDS = tomllib.loads(Path(__file__).with_name("words.toml").read_text("utf-8"))
YES, NO, FILLERS = frozenset(_WORDS["yes"]), frozenset(_WORDS["no"]), frozenset(_WORDS["fillers"])
#: What alone hands something in while a correction has not been understood.
SUBMIT = frozenset(_WORDS["submit"])
#: What ends a list, and what leaves out all that may be left out.
ENOUGH = frozenset(_WORDS["enough"])
#: What chooses all that can be chosen.
ALL = frozenset(_WORDS["all"])
#: Of so many words for no, one may deny another.
MANY = 2
#: A text that can't be longer may be a name: 我叫张伟.
LONGEST_NAME = 64
_NAME = re.compile(r"(?:我的?)?(?:叫|(?:名字|姓名)(?:叫|是|:))([\u4e00-\u9fff·]{2,8})")
_SPOKEN = (YES | NO) - {"1", "2"}
_LAST = re.compile("(?:要|选)?最(?:后|下面?)(?:那|一|的)*(?:个|项|种|一个)?(?:吧)?|(?:the )?last(?: one)?")
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
            return choice(text, options or choices(question.node), is_loose=question.sort == "choice")
        case "choices":
            return _several(text, options or choices(question.node))
        case "optional":
            return _fields(text, question)
        case "yes" | "another":
            return _one(agreed(text))
        case "number":
            return _one((stars_in(text) if is_rating(question.node) else None) or number_in(text))
        case "day":
            return _one(day_in(text, now.date(), past=is_past(question.node)))
        case "moment":
            return _one(moment_in(text, now))
        case "file":
            return Unread()
    named = _NAME.fullmatch(plain(text)) if question.node.get("maxLength", LONGEST_NAME + 1) <= LONGEST_NAME else None
    return Answered([one for one in spellings(named[1] if named else text) if one]) if seen(text) else Unread()


def choice(text: str, options: Sequence[tuple[Any, str]], *, is_loose: bool = False) -> Read:
    """One of the options: by its number, its words, a part of them that no other has, or a slip of the pen.

    With `is_loose` two signs that it shares with one of them alone are enough: 去窗口拿 for 到窗口自取.
    """
    asked = plain(text)
    if not asked:
        return Unread()
    numbers = numbers_in(text)
    if len(numbers) == 1 and 1 <= numbers[0] <= len(options):
        return Answered([options[numbers[0] - 1][0]])
    same = [one for one in options if asked in (plain(one[1]), str(one[0]).casefold())]
    if same:
        return Answered([same[0][0]])
    if options and _LAST.fullmatch(asked):
        return Answered([options[-1][0]])
    told = _told(asked)
    named = _named(told, options)
    inside = named or [one for one in options if told and told in plain(one[1]) and not numbers]
    alike = inside or [one for one in options if is_loose and _pairs(told) & _pairs(plain(one[1]))]
    if len(alike) == 1:
        return Answered([alike[0][0]])
    alike = inside or [one for one in options if likeness(told, plain(one[1])) >= ALIKE]
    # What a text denies is no guess at what it means.
    near = [one for one in alike if not (NEGATED.search(told) and not NEGATED.search(plain(one[1])))]
    return Narrowed(near) if near else Unread()


def _told(asked: str) -> str:
    """A text without its clauses that deny something; whole where one alone says what it isn't."""
    clauses = re.split(r"[,，。;；、]|(?<!不)(?=是)|\bbut\b", asked)
    kept = [one for one in clauses if one and not NEGATED.search(one)]
    return "".join(kept) if len(kept) < len(clauses) and kept else asked


def _named(told: str, options: Sequence[tuple[Any, str]]) -> list[tuple[Any, str]]:
    """The options whose words a text has, the longest first; none where the rest of it denies them."""
    rest, found = told, list[tuple[Any, str]]()
    for one in sorted(options, key=lambda one: -len(one[1])):
        words = plain(one[1])
        if len(words) > 1 and words in rest:
            found.append(one)
            rest = rest.replace(words, " ")
    return [] if NEGATED.search(rest) else found


def _pairs(told: str) -> set[str]:
    """Pairs of Chinese signs; none of a text that denies something."""
    pairs = {told[at : at + 2] for at in range(len(told) - 1)}
    return set() if NEGATED.search(told) else {one for one in pairs if min(one) >= "\u4e00"}


def _several(text: str, options: Sequence[tuple[Any, str]]) -> Read:
    numbers = numbers_in(text)
    if numbers and all(1 <= one <= len(options) for one in numbers):
        return Answered([[options[one - 1][0] for one in dict.fromkeys(numbers)]])
    if plain(text) in ALL:
        return Answered([[value for value, _ in options]])
    if named := _named(_told(plain(text)), options):
        return Answered([[one[0] for one in options if one in named]])
    one = choice(text, options)
    return Answered([[one.values[0]]]) if isinstance(one, Answered) else one


def _fields(text: str, question: Question) -> Read:
    """Which of the optional fields are wanted, as a list of their pointers."""
    if plain(text) in (ENOUGH | NO | SUBMIT) - {"1", "2"}:
        return Ended()
    return _several(text, question.fields)


def _one(value: float | date | None) -> Read:
    if value is None:
        return Unread()
    return Answered([value.isoformat() if isinstance(value, date) else value])


def agreed(text: str) -> bool | None:
    """Whether somebody says yes or no; None for anything else, and for what is both."""
    told = plain(text)
    if told in YES:
        return True
    if told in NO | {"0"}:
        return False
    found = [made_of(one, _SPOKEN, FILLERS) for one in re.split(r"[，,。、;；!]+", told)]
    words = [set(one or ()) for one in found]
    if None in found or not any(words):
        return None
    if all(one <= YES for one in words):
        return True
    return False if all(one <= NO and len(one) < MANY for one in words) else None


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
