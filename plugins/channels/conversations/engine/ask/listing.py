"""Choices that the API lists: divisions step by step, what a word finds; and those that have a time.

Of those the day is asked first, then half of it where it has many, then the time.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from yarl import URL

from conversations.engine.turn.talk import Talk
from questions.days import day_in, half_in, moment_in, weekend_in
from questions.plan import Question, value_at
from questions.read import Answered, Narrowed, choice
from questions.spelling import numbers_in, plain

Options = list[tuple[Any, str]]

#: Choices on one screen.
MAX_OPTIONS = 40
#: More of them aren't listed before somebody has named a part.
MAX_AT_FIRST = 9

#: Blanks in what stands for another page of times: their day, half of it, and how many were shown.
PAGE_PARTS = 3

#: Days, and times of a day, on one screen; and the times that one reading of the list has at most.
MAX_DAYS, MAX_TIMES, MAX_ROWS = 5, 9, 100
#: What stands for a day or another page among the choices; no value of a list begins with it.
MARK = "@"
EARLIEST = re.compile(
    r"最(?:早|快|近)|越快越好|尽快|随便哪天|哪天都行|earliest|soonest|asap|as soon as possible|next free"
)
MORE = re.compile(
    r"(?:还有)?(?:更多|下一页|别的|其他|其它|后面|往后)(?:的?(?:日期|时间|日子|时段|几天))?(?:吗|呢)?|还有吗|换(?:一|个)?个?(?:天|日期|时间|日子)"
    r"|more(?: days| times)?|next(?: page)?|other(?: days| times)?|another day"
)


async def options(talk: Talk, question: Question, words: str = "", within: str = "") -> Options:
    """What may be chosen now, as value and words: all, what words find, or what a value is divided into."""
    listed = question.node["x-choices"]
    if "begins" in listed:
        return await _slot_options(talk, listed)
    query = {"search": words, "within": within}
    asked = {listed[name]: value for name, value in query.items() if value and name in listed}
    rows = (await talk.get(str(URL(listed["list"]).update_query(asked))))["items"]
    return [(value_at(row, listed["value"]), str(value_at(row, listed["title"]))) for row in rows[:MAX_OPTIONS]]


async def chosen(talk: Talk, question: Question) -> Answered | Narrowed | None:
    """The value that is meant; the options that are left, in the dialogue too; None for what is no choice."""
    listed, dialogue = question.node["x-choices"], talk.dialogue
    if "begins" in listed:
        return await _slot_chosen(talk, listed)
    found = choice(talk.text, dialogue.options)
    if not isinstance(found, Answered) and "search" in listed and talk.text.strip():
        searched = await options(talk, question, talk.text.strip()[:60])
        dialogue.options = searched or dialogue.options
        found = Answered([searched[0][0]]) if len(searched) == 1 else Narrowed(searched) if searched else found
    if isinstance(found, Narrowed):
        dialogue.options = list(found.options)
        return found
    if not isinstance(found, Answered):
        return None
    if "divided" in listed and (inner := await options(talk, question, within=str(found.values[0]))):
        dialogue.options = inner
        return Narrowed(inner)
    return found


# -- with a time ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Slots:
    """A list of choices with a time, as a field's `x-choices` names it."""

    talk: Talk
    listed: Mapping[str, str]

    @property
    def today(self) -> date:
        return self.talk.platform.city_time().date()

    async def rows(self, first: date, last: date | None = None, most: int = MAX_ROWS) -> Sequence[Any]:
        """What may be chosen from one day to another, in order."""
        listed = self.listed
        days = {listed["from"]: first.isoformat()} | ({listed["to"]: last.isoformat()} if last else {})
        address = URL(listed["list"]).update_query(**days, limit=str(most))
        found: Sequence[Any] = (await self.talk.get(str(address)))["items"]
        return found

    def begins(self, row: Any) -> datetime:
        return datetime.fromisoformat(value_at(row, self.listed["begins"])).astimezone(
            self.talk.platform.settings.timezone
        )

    def option(self, row: Any) -> tuple[Any, str]:
        return value_at(row, self.listed["value"]), str(value_at(row, self.listed["title"]))

    def named(self, day: date) -> str:
        """A day as people choose it."""
        weekday = self.talk.word("Mon Tue Wed Thu Fri Sat Sun").split()[day.weekday()]
        return self.talk.word("{weekday} {day}/{month}", month=day.month, day=day.day, weekday=weekday)

    async def days(self, first: date) -> Options:
        """The next days that have places."""
        found: Options = []
        while rows := await self.rows(first, most=1):
            day = self.begins(rows[0]).date()
            if len(found) == MAX_DAYS:
                return [*found, (f"{MARK}days {day}", self.talk.word("More days"))]
            found.append((f"{MARK}day {day}", self.named(day)))
            first = day + timedelta(days=1)
        return found

    async def on(self, day: date, half: str = "", skip: int = 0) -> Options:
        """The times of a day, or of half of it; its halves, where it has many."""
        rows = [row for row in await self.rows(day, day) if half in ("", f"{self.begins(row):%p}".casefold())]
        halves = {f"{self.begins(row):%p}".casefold() for row in rows}
        if len(rows) > MAX_TIMES and len(halves) > 1:
            words = {"am": self.talk.word("In the morning"), "pm": self.talk.word("In the afternoon")}
            return [(f"{MARK}day {day} {one}", words[one]) for one in ("am", "pm")]
        if not rows:
            return []
        more = [(f"{MARK}day {day} {half or '-'} {skip + MAX_TIMES}", self.talk.word("More times"))]
        shown = [*map(self.option, rows[skip : skip + MAX_TIMES]), *(more if len(rows) > skip + MAX_TIMES else ())]
        return [*shown, (f"{MARK}days {self.today}", self.talk.word("Other days"))]

    async def at(self, day: date, text: str) -> Options | None:
        """The choices that begin on that day at the time of a text; None where it has no time."""
        rows, hour = await self.rows(day, day), text
        now = self.talk.platform.city_time()
        moments = [moment_in(f"{part}{hour}", now) for part in ("", "上午", "下午")]
        times = {f"{one:%H:%M}" for one in moments if one}
        return [self.option(row) for row in rows if f"{self.begins(row):%H:%M}" in times] if times else None


async def _slot_options(talk: Talk, listed: Mapping[str, str]) -> Options:
    """The times of the day that they look at, while it has any; otherwise the next days."""
    slots, day = Slots(talk, listed), talk.dialogue.day
    return (await slots.on(date.fromisoformat(day)) if day else []) or await slots.days(slots.today)


async def _slot_chosen(talk: Talk, listed: Mapping[str, str]) -> Answered | Narrowed | None:
    """The value that is meant, or what may be chosen next; None for what is neither a day nor a time."""
    slots, dialogue, told = Slots(talk, listed), talk.dialogue, plain(talk.text)
    is_shown = any(told == plain(words) for _, words in dialogue.options)
    found = choice(talk.text, dialogue.options) if numbers_in(talk.text) or is_shown else None
    if isinstance(found, Answered):
        value = str(found.values[0])
        return _narrowed(talk, await _opened(slots, value)) if value.startswith(MARK) else found
    if MORE.fullmatch(told):
        pages = [str(value) for value, _ in dialogue.options if str(value).startswith(MARK)]
        more = next(
            (one for one in pages if "days" in one or one.count(" ") == PAGE_PARTS), f"{MARK}days {slots.today}"
        )
        return _narrowed(talk, await _opened(slots, more))
    weekend = weekend_in(talk.text, slots.today)
    day = day_in(talk.text, slots.today) or (weekend[0] if weekend else None)
    if day is None and not dialogue.day and not EARLIEST.search(told):
        half = half_in(told)
        days = [date.fromisoformat(value.split(" ")[1]) for value, _ in await slots.days(slots.today)] if half else []
        having = [one for one in days if await slots.on(one, half)]
        return await _on(slots, having[0], []) if having else None
    return await _on(slots, day, weekend)


def _taken(talk: Talk, option: tuple[Any, str]) -> Answered:
    talk.dialogue.options = [option]
    return Answered([option[0]])


def _narrowed(talk: Talk, options: Options) -> Narrowed | None:
    talk.dialogue.options = options or talk.dialogue.options
    return Narrowed(options) if options else None


async def _opened(slots: Slots, value: str) -> Options:
    """What a day, half of one, or another page of them stands for."""
    what, day, *rest = value.removeprefix(MARK).split(" ")
    if what == "days":
        slots.talk.dialogue.day = ""
        return await slots.days(date.fromisoformat(day))
    slots.talk.dialogue.day = day
    slots.talk.say("On {day} there is:", day=slots.named(date.fromisoformat(day)))
    half, skip = [*rest, "", "0"][:2] if len(rest) != 1 else [rest[0], "0"]
    return await slots.on(date.fromisoformat(day), half.strip("-"), int(skip or 0))


async def _on(slots: Slots, day: date | None, weekend: Sequence[date]) -> Answered | Narrowed | None:
    """What may be had on the day that is named, or on the one that was chosen."""
    talk, text = slots.talk, slots.talk.text
    first = day or (date.fromisoformat(talk.dialogue.day) if talk.dialogue.day else slots.today)
    if EARLIEST.search(plain(text)):
        shown = talk.dialogue.options[:1]
        if day is None and shown and not str(shown[0][0]).startswith(MARK):
            return _taken(talk, shown[0])
        rows = await slots.rows(first, most=1)
        return _taken(talk, slots.option(rows[0])) if rows else None
    own = [one for one in weekend or [first] if await slots.rows(one, one, most=1)]
    if not own:
        talk.say("There are no free places on {day}. The next days with some:", day=slots.named(first))
        return _narrowed(talk, await slots.days(max(first, slots.today)) or await slots.days(slots.today))
    if len(own) > 1:
        return _narrowed(talk, [(f"{MARK}day {one}", slots.named(one)) for one in own])
    half, at = half_in(text), await slots.at(own[0], text)
    if at:
        return _taken(talk, at[0]) if len(at) == 1 else _narrowed(talk, at)
    if at is None and not half and day is None:
        return None
    talk.dialogue.day = own[0].isoformat()
    found = await slots.on(own[0], half)
    if at is not None or not found:
        talk.say("There is nothing free at that time.")
        found = found or await slots.on(own[0])
    talk.say("On {day} there is:", day=slots.named(own[0]))
    return _narrowed(talk, found)
