"""Working days in mainland China, deadlines in working days, and the clock that stops and goes on.

Three rules, each from the Civil Code of the People's Republic of China, book one, chapter ten: the day of the event
isn't counted (article 201), a period that would end on a day off ends on the next working day (article 203), and only
working days count, because that is how every item's time is promised.

A year's holidays are ordered by the State Council in the autumn before. `chinese_calendar` carries the orders up to
the year it was released for; what is not ordered yet is *provisional*: weekends, and the holidays whose date is fixed
by law. An operator hands over a new order as data (`WorkingCalendar`), so no release has to be waited for.
"""

from __future__ import annotations

import enum
from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Any

import chinese_calendar

from banshi.foundation.sentences import say
from banshi.foundation.texts import spoken

_ONE_DAY = timedelta(days=1)

#: A guard against a slip of the keyboard in items.toml, not a policy: no law allows an office ten years.
MOST_WORKING_DAYS = 2_500

#: Days off on the same date every year, certain before any year's order: Regulation on Public Holidays, article 2, as
#: amended by State Council Order 795, in force since 2025-01-01. Those of the lunar calendar are left out: nothing
#: that we depend on computes it, and a date of our own reckoning would look more certain than it is.
_FIXED_HOLIDAYS = {
    (1, 1): "New Year's Day",
    **dict.fromkeys([(5, 1), (5, 2)], "Labour Day"),
    **dict.fromkeys([(10, 1), (10, 2), (10, 3)], "National Day"),
}

#: The years whose orders the library carries.
_ORDERED = range(min(chinese_calendar.holidays).year, max(chinese_calendar.holidays).year + 1)

#: From here on, December belongs to the next year's order: that of 2019 made 29 December 2018 a working Saturday and
#: the 31st a Monday off. No order has reached further back.
_NEXT_ORDER_BEGINS = (12, 29)


class DayKind(enum.StrEnum):
    """Why a day counts or doesn't; the value is the English reason."""

    #: Monday to Friday, nothing special.
    WORKING = "working day"
    #: A Saturday or Sunday worked in exchange for a long holiday.
    MAKE_UP = "make-up working day"
    #: Saturday or Sunday.
    WEEKEND = "weekend"
    #: Off by law or by the year's order.
    HOLIDAY = "public holiday"
    #: In the operator's list of days off.
    SET_OFF = "day off, set by the operator"
    #: In the operator's list of working days.
    SET_WORK = "working day, set by the operator"


@dataclass(frozen=True, slots=True)
class Day:
    """One day, whether it is worked, and why."""

    date: date
    working: bool
    #: The year's order may still change it.
    provisional: bool
    kind: DayKind
    #: English name of the holiday that makes it a day off or a make-up day, or "".
    holiday: str = ""

    def why_in(self, language: str) -> str:
        """The reason in Chinese for any "zh" tag, otherwise in English, such as "public holiday: Spring Festival"."""
        reason = spoken(say(self.kind.value), language)
        if not self.holiday:
            return reason
        return say.text(language, "{reason}: {holiday}", reason=reason, holiday=say.text(language, self.holiday))


@dataclass(frozen=True, slots=True)
class Deadline:
    """The last day on which something is still in time, with everything that explains it."""

    due_on: date
    #: A day on the way is not ordered yet, so the date may still move.
    provisional: bool
    #: Working days from `counted_from` to `due_on`; 0 or less where a clock went on with nothing left.
    days: int
    #: The day of the event, which isn't counted itself.
    counted_from: date
    #: The days off in between, in order.
    skipped: tuple[Day, ...] = ()

    def explain(self, language: str = "en") -> dict[str, Any]:
        """Why this date, ready for JSON: each day that was passed over, with its reason."""
        return {
            "due_on": self.due_on.isoformat(),
            "provisional": self.provisional,
            "days": self.days,
            "counted_from": self.counted_from.isoformat(),
            "skipped": [{"date": day.date.isoformat(), "why": day.why_in(language)} for day in self.skipped],
        }


class WorkingCalendar:
    """Which days are worked. Build one and keep it: it remembers the days that it looked up.

    `off` and `work` are an operator's own days off and working days; they override everything and are certain.
    `years` are the years whose order they hold completely: all other days of those years are then certain too. So
    the order for 2027 is `WorkingCalendar(off={date(2027, 1, 1), ...}, work={...}, years={2027})`.
    """

    def __init__(self, off: Collection[date] = (), work: Collection[date] = (), years: Collection[int] = ()) -> None:
        """Raise ValueError for a date that is in both lists, TypeError for what is no date."""
        self._off, self._work, self._years = frozenset(off), frozenset(work), frozenset(years)
        for day in self._off | self._work:
            _plain(day)
        if both := sorted(self._off & self._work):
            raise ValueError(f"{both[0]} is listed as a day off and as a working day; take it out of one list")
        # Eleven years of days. A lookup in the library costs a microsecond, and a long deadline makes hundreds.
        self._day = lru_cache(maxsize=4_096)(self._look_up)

    def day(self, day: date) -> Day:
        """What `day` is; TypeError for a datetime, whose date depends on a time zone that only the caller knows."""
        return self._day(_plain(day))

    def is_working_day(self, day: date) -> bool:
        """Whether `day` is worked."""
        return self.day(day).working

    def working_days(self, after: date, until: date) -> int:
        """How many working days lie after `after` and up to and with `until`."""
        return sum(self._day(_plain(after) + _ONE_DAY * n).working for n in range(1, (until - after).days + 1))

    def deadline(self, start: date, working_days: int) -> Deadline:
        """The last of `working_days` working days, the first of which is after `start`.

        0 means at once: `start` itself, or the next working day when it is a day off. Raises ValueError for a number
        below 0 or above `MOST_WORKING_DAYS`.
        """
        if not 0 <= working_days <= MOST_WORKING_DAYS:
            raise ValueError(f"{working_days} working days: give a number from 0 to {MOST_WORKING_DAYS}")
        skipped: list[Day] = []
        provisional = False
        left = working_days or 1
        for day in self._from(start + _ONE_DAY if working_days else start, _ONE_DAY):
            provisional |= day.provisional
            left -= day.working
            if not left:
                return Deadline(day.date, provisional, working_days, start, tuple(skipped))
            if not day.working:
                skipped.append(day)
        raise AssertionError("a calendar without end has an n-th working day")  # pragma: no cover

    def back(self, day: date, working_days: int) -> date:
        """The latest working day that has `working_days` working days after it, up to and with `day`.

        0 is `day` itself, or the working day before it. Raises ValueError for a number below 0.
        """
        if working_days < 0:
            raise ValueError(f"{working_days} working days back: give 0 or more")
        left = working_days
        for earlier in self._from(day, -_ONE_DAY):
            if earlier.working and not left:
                return earlier.date
            left -= earlier.working
        raise AssertionError("a calendar without beginning has an n-th last working day")  # pragma: no cover

    def _from(self, day: date, step: timedelta) -> Iterator[Day]:
        day = _plain(day)
        while True:
            yield self._day(day)
            day += step

    def _ordered(self, year: int) -> bool:
        return year in self._years or year in _ORDERED

    def _look_up(self, day: date) -> Day:
        if day in self._off:
            return Day(day, False, False, DayKind.SET_OFF)
        if day in self._work:
            return Day(day, True, False, DayKind.SET_WORK)
        next_order = (day.month, day.day) >= _NEXT_ORDER_BEGINS and not self._ordered(day.year + 1)
        provisional = next_order or not self._ordered(day.year)
        holiday: str | None
        try:
            off, holiday = chinese_calendar.get_holiday_detail(day)
        except NotImplementedError:
            # A year that the library doesn't know yet: what the law itself fixes is certain, the rest is a guess.
            holiday = _FIXED_HOLIDAYS.get((day.month, day.day)) or _qingming(day)
            off = holiday is not None or day.weekday() >= 5
            provisional = provisional and holiday is None
        if holiday is not None:
            return Day(day, not off, provisional, DayKind.HOLIDAY if off else DayKind.MAKE_UP, holiday)
        return Day(day, not off, provisional, DayKind.WEEKEND if off else DayKind.WORKING)


def _qingming(day: date) -> str | None:
    """The holiday's name on Tomb-sweeping Day, which follows the sun: the library computes it from 1900 to 2100."""
    if day.month != 4 or day.day > 7 or not 1900 <= day.year <= 2100:
        return None
    return "Tomb-sweeping Day" if chinese_calendar.get_solar_terms(day, day)[:1] == [(day, "清明")] else None


def _plain(day: date) -> date:
    if isinstance(day, datetime) or not isinstance(day, date):
        raise TypeError(f"{type(day).__name__} is no calendar date; convert it in the office's time zone first")
    return day


#: The library's orders alone, for whoever has no operator's list.
MAINLAND = WorkingCalendar()


@dataclass(frozen=True, slots=True)
class Clock:
    """Working days that run, stop and go on; every method returns a new clock.

    Flat on purpose: a case keeps the three fields as columns. The day on which it starts or goes on isn't counted, the
    day on which it stops is. So stopping and going on within a day costs nothing, and a stop that lasts n working days
    moves the deadline by n. Only where nothing was left (it stopped on the very day that it was due) and it goes on on
    a day off, the next working day is granted, as for any period that would end on a day off.
    """

    #: Working days promised; 0 is at once.
    allowed: int
    #: Working days that earlier runs took; -1 where an item that is done at once came in on a day off.
    used: int = 0
    #: The day on which the present run began, or None while the clock stands.
    running_since: date | None = None

    def start(self, on: date, calendar: WorkingCalendar = MAINLAND) -> Clock:
        """The clock running since `on`, for the first time or after a stop; ValueError when it runs already."""
        if self.running_since is not None:
            raise ValueError(f"the clock has been running since {self.running_since}; stop it first")
        granted = self.used == self.allowed and not calendar.is_working_day(on)
        return replace(self, used=self.used - granted, running_since=_plain(on))

    def stop(self, on: date, calendar: WorkingCalendar = MAINLAND) -> Clock:
        """The clock stopped at the end of `on`; ValueError when it stands, or ran only after `on`."""
        if self.running_since is None:
            raise ValueError("the clock isn't running; start it first")
        if on < self.running_since:
            raise ValueError(f"the clock has been running since {self.running_since}; it can't stop on {on}")
        used = self.used + calendar.working_days(self.running_since, on)
        return replace(self, used=used, running_since=None)

    def deadline(self, calendar: WorkingCalendar = MAINLAND) -> Deadline | None:
        """When the allowance runs out if nothing stops it; None while the clock stands."""
        if self.running_since is None:
            return None
        left = self.allowed - self.used
        if left > 0:
            return calendar.deadline(self.running_since, left)
        # It was due before this run began: the date lies in the past, as far back as the allowance was overdrawn.
        return Deadline(calendar.back(self.running_since, -left), False, left, self.running_since)
