"""How long something is kept: days, or an ISO 8601 duration of years, months, weeks and days."""

from __future__ import annotations

import calendar
import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, TypeVar

#: A moment, or a day.
Moment = TypeVar("Moment", datetime, date)

#: Nothing is kept for longer: it would be no period but an archive.
LONGEST_YEARS = 100

_ISO = re.compile(r"P(?=[0-9])(?:([0-9]{1,4})Y)?(?:([0-9]{1,4})M)?(?:([0-9]{1,5})W)?(?:([0-9]{1,6})D)?")

WRONG = (
    'has to be a number of days, such as 30, or an ISO 8601 duration of years, months, weeks and days, such as "P5Y"'
)


@dataclass(frozen=True, slots=True)
class Period:
    """So many months and days by the calendar: five years end on the same day of the year."""

    months: int = 0
    days: int = 0

    @classmethod
    def read(cls, value: object) -> Period:
        """What a settings file says. Raises ValueError with what it may say."""
        if isinstance(value, cls):
            return value
        if isinstance(value, int) and not isinstance(value, bool):
            period = cls(days=value)
        elif isinstance(value, str) and (found := _ISO.fullmatch(value)):
            years, months, weeks, days = (int(part or 0) for part in found.groups())
            period = cls(12 * years + months, 7 * weeks + days)
        else:
            raise ValueError(WRONG)
        if period.days < 0 or not (period.days or period.months):
            raise ValueError("has to be at least 1 day")
        if period.months / 12 + period.days / 366 > LONGEST_YEARS:
            raise ValueError(f"has to be {LONGEST_YEARS} years at most")
        return period

    def before(self, moment: Moment) -> Moment:
        """The moment that is so long before."""
        return months_on(moment - timedelta(days=self.days), -self.months)

    def after(self, moment: Moment) -> Moment:
        """The first moment from which `before` leads to that moment or a later one."""
        end = months_on(moment, self.months) + timedelta(days=self.days)
        # Months differ in length, so there and back may lead to a day earlier.
        while self.before(end) < moment:
            end += timedelta(days=1)
        return end

    @classmethod
    def __get_pydantic_core_schema__(cls, _source: Any, _handler: Any) -> Any:
        # Here, since whoever imports the contract need not wait for pydantic.
        from pydantic_core import core_schema

        return core_schema.no_info_plain_validator_function(cls.read)


def months_on(moment: Moment, months: int) -> Moment:
    """The same day so many months later or earlier, or the month's last one. Raises ValueError beyond the calendar."""
    year, month = divmod(moment.year * 12 + moment.month - 1 + months, 12)
    last = calendar.monthrange(year, month + 1)[1]
    return moment.replace(year=year, month=month + 1, day=min(moment.day, last))
