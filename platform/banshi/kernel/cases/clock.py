"""A case's deadline: the clock in its columns, in working days or in all days."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any, get_args

from banshi.foundation.time.working_days import Clock, Deadline, WorkingCalendar
from banshi.kernel.contract.items import DayUnit
from banshi.kernel.contract.values import ClockEffect
from banshi.kernel.runtime.running import Platform
from banshi.kernel.tables.cases import Case

WORKING_DAY, CALENDAR_DAY = get_args(DayUnit)


class AllDays(WorkingCalendar):
    """Counts every day. A period that would end on a day off ends on the next working day (Civil Code, 203)."""

    def __init__(self, worked: WorkingCalendar) -> None:
        super().__init__()
        self._worked = worked

    def is_working_day(self, day: date) -> bool:  # noqa: ARG002
        return True

    def working_days(self, after: date, until: date) -> int:
        return (until - after).days

    def deadline(self, start: date, working_days: int) -> Deadline:
        end = self._worked.deadline(start + timedelta(days=working_days), 0)
        return replace(end, days=working_days, counted_from=start)

    def back(self, day: date, working_days: int) -> date:
        return day - timedelta(days=working_days)


def deadline_of(platform: Platform, case: Case) -> Deadline | None:
    """When its time runs out, and why then; None while its clock stands, or where it has none."""
    if case.clock_allowed is None:
        return None
    return _clock(case, case.clock_allowed).deadline(_calendar(platform, case))


def clock_values(platform: Platform, case: Case, effect: ClockEffect, on: date | None = None) -> dict[str, Any]:
    """The clock's columns after a step with that effect, with the date that it leads to; it takes effect today, or `on`
    another day."""
    if case.clock_allowed is None or effect is ClockEffect.KEEP:
        return {}
    clock, calendar, day = _clock(case, case.clock_allowed), _calendar(platform, case), on or platform.today()
    if effect is ClockEffect.RUN:
        clock = clock if clock.running_since else clock.start(day, calendar)
    else:
        clock = clock.stop(day, calendar) if clock.running_since else clock
    deadline = clock.deadline(calendar)
    return {
        "clock_used": clock.used,
        "clock_since": clock.running_since,
        "due_on": deadline.due_on if deadline else None,
        "due_provisional": deadline.provisional if deadline else False,
        "urgency": deadline.due_on if deadline else date.max,
    }


def _clock(case: Case, allowed: int) -> Clock:
    return Clock(allowed=allowed, used=case.clock_used, running_since=case.clock_since)


def _calendar(platform: Platform, case: Case) -> WorkingCalendar:
    return AllDays(platform.calendar) if case.clock_unit == CALENDAR_DAY else platform.calendar
