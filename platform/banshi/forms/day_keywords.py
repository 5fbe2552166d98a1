"""Answers held to the days of a form: the three keywords, as the compiled validator carries them out."""

from __future__ import annotations

import json
import operator
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from datetime import date, datetime
from typing import Any

from banshi.forms.days import IN_ORDER, NOT_AFTER, NOT_BEFORE, date_of, day_limit, moment_of, title_of

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
