"""Days that an answer has to keep to, counted from the day on which it is handed in: three keywords of a form.

`x-not-before` and `x-not-after` of a date or a date-time: `today`, a distance from it (`-18y`, `+90d`; d, w, m and
y), or a day (`2015-04-01`). `x-in-order` of an object: names of its fields, of which none may be earlier than the one
before it. Validators that don't know them take them for annotations. The day of a date-time is the city's, as today is.

A distance in months or years leads to the same day of that month, or to its last one: 18 years before 28 February 2022
is 28 February 2004, so whoever was born on the 29th is of age on 1 March.
"""

from __future__ import annotations

import json
import operator
import re
from collections.abc import Callable, Iterator, Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Any

from banshi.forms.sentences import word
from banshi.foundation.texts import spoken
from banshi.foundation.time.periods import months_on

NOT_BEFORE, NOT_AFTER, IN_ORDER = "x-not-before", "x-not-after", "x-in-order"
LIMITS = (NOT_BEFORE, NOT_AFTER)

#: The farthest day that a limit may name, in years from today: farther is a slip of the pen.
MAX_YEARS = 200
_DAYS, _MONTHS = {"d": 1, "w": 7}, {"m": 1, "y": 12}
_UNITS = {"d": ("day", "days"), "w": ("week", "weeks"), "m": ("month", "months"), "y": ("year", "years")}
_DISTANCE = re.compile("([+-])([1-9][0-9]*)([dwmy])", re.ASCII)
_MOMENT = re.compile(
    "[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt][0-9]{2}:[0-9]{2}:[0-9]{2}(\\.[0-9]+)?([Zz]|[+-][0-9]{2}:[0-5][0-9])", re.ASCII
)
#: One day after the other through a leap year and the years around it: what holds on each of them holds for good.
_EVERY_SORT_OF_DAY = [date(2023, 1, 1) + timedelta(days=count) for count in range(1_461)]

WRITTEN = f"write 'today', a distance of at most {MAX_YEARS} years such as '-18y', '+90d', '+2w' or '+6m', or a day such as '2015-04-01'"  # noqa: E501


def date_of(text: str) -> date | None:
    """The day that is written there as RFC 3339's full-date, of a year that can be computed with, or None."""
    try:
        right = len(text) == 10 and text[4] == text[7] == "-" and text.isascii()
        return date.fromisoformat(text) if right else None
    except ValueError:
        return None


def moment_of(text: str) -> datetime | None:
    """The moment that is written there as RFC 3339's date-time, of a year and a second to compute with, or None."""
    try:
        return datetime.fromisoformat(text.upper()) if _MOMENT.fullmatch(text) else None
    except ValueError:
        return None


#: What a validator's formats are read by: its own take the year 0 for one, which no calendar of Python's has.
CALENDAR: dict[str, Callable[..., bool]] = {"date": date_of, "date-time": moment_of}  # type: ignore[dict-item]


@dataclass(frozen=True, slots=True)
class DayLimit:
    """A limit as its author wrote it: so many days and months from today, or a day."""

    text: str
    days: int = 0
    months: int = 0
    fixed: date | None = None

    def on(self, today: date) -> date:
        """The day that may just be given; the calendar's first or last where there is no such day."""
        if self.fixed is not None:
            return self.fixed
        try:
            return months_on(today, self.months) + timedelta(days=self.days)
        except (ValueError, OverflowError):
            return date.min if self.days + self.months < 0 else date.max

    @property
    def earliest(self) -> int:
        """The fewest days, below nothing those that went by, that it is away from any today."""
        return self.days + self.months * (28 if self.months > 0 else 31)

    @property
    def latest(self) -> int:
        return self.days + self.months * (31 if self.months > 0 else 28)

    def said(self, language: str) -> str:
        """As it stands behind "no earlier than"."""
        if self.fixed is not None:
            return written(self.fixed, language)
        if not self.days and not self.months:
            return word.text(language, "today")
        sign, count, unit = _DISTANCE.fullmatch(self.text).groups()  # type: ignore[union-attr]
        units = word.text(language, _UNITS[unit][count != "1"])
        told = "{count} {units} ago" if sign == "-" else "{count} {units} from today"
        return word.text(language, told, count=count, units=units)


def written(day: date, language: str) -> str:
    """A day in a sentence: 2026-12-01, 2026年12月1日."""
    return word.text(language, "{iso}", iso=day.isoformat(), year=day.year, month=day.month, day=day.day)


def day_limit(value: Any) -> DayLimit:
    """The limit that is written there. Raises ValueError with what could be."""
    limit = _limit(value) if isinstance(value, str) else None
    if limit is None:
        shown = repr(value)
        raise ValueError(f"{shown if len(shown) < 50 else shown[:50] + '…'} is no limit of a day: {WRITTEN}")
    return limit


@lru_cache(maxsize=1_000)
def _limit(text: str) -> DayLimit | None:
    if text == "today":
        return DayLimit(text)
    if (day := date_of(text)) is not None:
        return DayLimit(text, fixed=day)
    # The length comes first: a number of a thousand digits is nothing to compute with.
    if len(text) > 7 or not (found := _DISTANCE.fullmatch(text)):
        return None
    count, unit = int(found[1] + found[2]), found[3]
    limit = DayLimit(text, count * _DAYS.get(unit, 0), count * _MONTHS.get(unit, 0))
    return limit if abs(limit.months) <= MAX_YEARS * 12 and abs(limit.days) <= MAX_YEARS * 366 else None


def limit_faults(node: Mapping[str, Any], is_day: Callable[[Any], bool]) -> Iterator[str]:
    """What is wrong with the limits of one subschema; `is_day` knows whether one is a date's or a date-time's."""
    limits = {}
    for keyword in LIMITS:
        if keyword not in node:
            continue
        try:
            limits[keyword] = day_limit(node[keyword])
        except ValueError as error:
            yield f"{keyword}: {error}"
        if not is_day(node):
            yield f'{keyword} is for days: write "type": "string", "format": "date" beside it'
    if len(limits) == len(LIMITS) and _never(*limits.values()):
        first, last = (one.text for one in limits.values())
        yield f"no day could be right: {NOT_BEFORE} {first!r} is later than {NOT_AFTER} {last!r}"
    if IN_ORDER in node:
        yield from _order_faults(node, is_day)


@lru_cache(maxsize=1_000)
def _never(first: DayLimit, last: DayLimit) -> bool:
    """Whether there are days on which nothing would be right; of a day and a distance that depends on when it is."""
    if (first.fixed is None) != (last.fixed is None):
        return False
    if first.fixed is not None and last.fixed is not None:
        return first.fixed > last.fixed
    if first.months <= last.months and first.days <= last.days:
        return False
    if first.earliest > last.latest:
        return True
    # Two months and sixty days, either way round: it depends on the months that lie between.
    return first.latest > last.earliest and any(first.on(today) > last.on(today) for today in _EVERY_SORT_OF_DAY)


def _order_faults(node: Mapping[str, Any], is_day: Callable[[Any], bool]) -> Iterator[str]:
    names = node[IN_ORDER]
    known = node.get("properties", {})
    right = isinstance(names, list) and all(isinstance(one, str) for one in names)
    if not right or len(names) < 2 or len(set(names)) < len(names):
        yield f"{IN_ORDER} is a list of fields, each once and at least two, such as ['first_day', 'last_day']"
        return
    for name in names:
        if name not in known:
            fields = ", ".join(known) or "none"
            yield f"{IN_ORDER} names {name!r}, which is no field beside it; the fields are {fields}"
        elif not is_day(known[name]):
            yield f'{IN_ORDER} names {name!r}, which is no day: write "type": "string", "format": "date" there'


def told_limits(node: Mapping[str, Any], language: str) -> str:
    """The limits of a date in words, for the description of its field."""
    told = [
        word.text(language, words, day=day_limit(node[keyword]).said(language))
        for keyword, words in zip(LIMITS, ("not before {day}", "not after {day}"), strict=True)
        if keyword in node
    ]
    both = word.text(language, "{first}, {second}", first=told[0], second=told[1]) if len(told) > 1 else "".join(told)
    return sentence(both, language)


def told_order(node: Mapping[str, Any], name: str, language: str) -> str:
    """That a field may not be earlier than the one before it, in words; "" where it may."""
    names = node.get(IN_ORDER, [])
    if name not in names[1:]:
        return ""
    earlier = names[names.index(name) - 1]
    title = spoken(title_of(node["properties"][earlier], earlier), language)
    return sentence(word.text(language, "not before “{title}”", title=title), language)


def title_of(field: Mapping[str, Any], name: str) -> str | Mapping[str, str]:
    """What a field is called, in each language where it says so; its name where it says nothing."""
    return field.get("x-texts", {}).get("title") or str(field.get("title", name))


def sentence(words: str, language: str) -> str:
    return words and word.text(language, "{words}.", words=words[0].upper() + words[1:])


#: The moment at which the answers that are being looked at were handed in, in the city's zone; None: now, in this
#: machine's own, for whoever looks at answers without a platform, such as a test.
HANDED_IN: ContextVar[datetime | None] = ContextVar("handed_in", default=None)


def _at() -> datetime:
    return HANDED_IN.get() or datetime.now().astimezone()


def day_of(value: Any, at: datetime) -> date | None:
    """The day of a date or a date-time in the zone of `at`; None for whatever is neither."""
    if not isinstance(value, str):
        return None
    if (day := date_of(value)) is not None:
        return day
    if (moment := moment_of(value)) is None:
        return None
    try:
        return moment.astimezone(at.tzinfo).date()
    except OverflowError:  # the first or the last day of the calendar
        return moment.date()


class _Limit:
    """A keyword of the validator that holds a date to one limit, by the day in `HANDED_IN`."""

    #: Whether a day is on the wrong side of the limit's.
    beyond: Callable[[date, date], bool]

    def __init__(self, _: Any, value: Any, __: Any) -> None:
        self._limit = day_limit(value)
        #: A day and the limit on it: most answers come on the day of those before.
        self._on = (date.min, self._limit.on(date.min))

    def validate(self, instance: Any) -> None:
        at = _at()
        day, today = day_of(instance, at), at.date()
        if day is None:
            return
        if (known := self._on)[0] != today:
            known = self._on = (today, self._limit.on(today))
        if self.beyond(day, known[1]):
            raise ValueError(json.dumps([self._limit.text, known[1].isoformat()]))


class _NotBefore(_Limit):
    beyond = staticmethod(operator.lt)


class _NotAfter(_Limit):
    beyond = staticmethod(operator.gt)


class _InOrder:
    """A keyword of the validator that holds some fields of an object to their order."""

    def __init__(self, parent: Any, names: Any, _: Any) -> None:
        self._names = names
        fields = parent.get("properties", {})
        self._titles = {name: title_of(fields.get(name, {}), name) for name in names}

    def validate(self, instance: Any) -> None:
        for error in self.iter_errors(instance):
            raise error

    def iter_errors(self, instance: Any) -> Iterator[ValueError]:
        if not isinstance(instance, dict):
            return
        earlier = ""
        for name in self._names:
            if day_of(instance.get(name), _at()) is None:
                continue
            if earlier and _comes_before(instance[name], instance[earlier]):
                yield ValueError(json.dumps([name, self._titles[earlier]]))
            else:
                earlier = name


def _comes_before(one: str, other: str) -> bool:
    """By the moment where both say one, otherwise by the day."""
    moments = moment_of(one), moment_of(other)
    if moments[0] is not None and moments[1] is not None:
        return moments[0] < moments[1]
    at = _at()
    days = day_of(one, at), day_of(other, at)
    return days[0] is not None and days[1] is not None and days[0] < days[1]


#: Keywords for the compiled validator.
KEYWORDS: dict[str, Any] = {NOT_BEFORE: _NotBefore, NOT_AFTER: _NotAfter, IN_ORDER: _InOrder}
