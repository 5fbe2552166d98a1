"""Whole months for which a statistic is asked: its parameters, and the days that they are."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, time
from typing import Any, NamedTuple

from banshi.foundation.errors import InvalidParameter
from banshi.kernel.contract.routes import Call, Parameter
from banshi.kernel.http.document_schemas import TEXT, Schema
from banshi.kernel.runtime.running import Platform
from banshi.kernel.sentences import say

#: Fewer than so many are not shown: neither a line of a statistic, nor a figure that comes from so few.
MIN_SHOWN = 5

#: Months that can be asked for at once.
MAX_MONTHS = 24

_FEWEST = {"type": "integer", "minimum": 0, "description": "What comes from fewer than these is left out, or null."}
NOT_A_SPAN = "from is not after to, and both and what is between them are {months} months at most."
_MONTH = {"type": "string", "pattern": "^20[0-9]{2}-(0[1-9]|1[0-2])$"}


class Months(NamedTuple):
    """The first and the last one, as numbers of months since year 0."""

    first: int
    last: int

    def document(self) -> dict[str, Any]:
        """Both by their names, as an answer says what it is about, and from how few its figures don't come."""
        return {"from": f"{first_day(self.first):%Y-%m}", "to": f"{first_day(self.last):%Y-%m}", "fewest": MIN_SHOWN}


#: The schemas of `Months.document`. Of the months that nobody named, the first may be of the century before.
BY_MONTH: Mapping[str, Schema] = {"from": TEXT, "to": TEXT, "fewest": _FEWEST}


def month_parameters(first: str) -> tuple[Parameter, Parameter]:
    """`from` and `to`; `first` says which one it is where `from` is left out."""
    last = Parameter("to", _MONTH, "Last month; the present one where it is left out.")
    return Parameter("from", _MONTH, f"First month; {first} where it is left out."), last


def months_of(call: Call, default: int) -> Months:
    """The months asked for, so many of them where nobody says which. Raises InvalidParameter."""
    last = month_of(call.query.get("to", f"{call.platform.today():%Y-%m}"))
    first = month_of(call.query["from"]) if "from" in call.query else last - default + 1
    if not first <= last < first + MAX_MONTHS:
        raise InvalidParameter(say(NOT_A_SPAN, months=MAX_MONTHS), parameter="from")
    return Months(first, last)


def first_day(month: int) -> date:
    """The first day of a month of `Months`."""
    return date(month // 12, month % 12 + 1, 1)


def midnight(platform: Platform, day: date) -> datetime:
    """When a day of the city begins."""
    return datetime.combine(day, time.min, platform.settings.timezone)


def month_of(month: str) -> int:
    """The number of a month, such as 2026-11 or a day of it."""
    return int(month[:4]) * 12 + int(month[5:7]) - 1
