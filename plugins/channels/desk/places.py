"""Which desks there are, and when somebody sits there: hours of the city's calendar, and days with other ones."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

from tortoise.models import Model

from banshi import Finding, Platform, Principal, Texts, Update, Write
from banshi.sdk.hours import check_hours, hours_on, range_of
from banshi.sdk.toml import REQUIRED_LANGUAGES
from desk.tables.models import DeskDay

#: Who sits at a desk, and who sets its days and phrases beside that and sees its figures.
OFFICER, LEAD = "desk", "desk-lead"

SLUG = r"[a-z][a-z0-9]*(-[a-z0-9]+)*"

#: A desk's code or a phrase's, and words of which something is seen, as a request has them.
CODE = {"type": "string", "pattern": f"^{SLUG}$", "maxLength": 64}
WORDS = {"type": "string", "minLength": 1, "pattern": r"\S"}

#: Days ahead in which the next opening is looked for: the longest holiday and a week.
DAYS_AHEAD = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """A table `[[plugins.desk.settings.desks]]`."""

    code: str
    #: Whose it is; without a unit the whole department's.
    department: str
    unit: str = ""
    title: Texts
    #: By day, "workday" or one day of the week: such as `["9:00-12:00", "13:30-17:30"]`. An end of 23:59 is midnight.
    hours: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    #: Days on which it is closed beside those of the calendar.
    closed: tuple[date, ...] = ()
    #: What enquiries are about: titles by code.
    labels: Mapping[str, Texts] = field(default_factory=dict)
    #: The item that a question becomes while it is closed, and the field of its form that takes the words.
    item: str = ""
    field: str = ""
    #: How many one officer holds at once; 0 for any number.
    most: int = 0
    #: Whether who waits is given out by turn to who is there.
    by_turn: bool = False

    def __post_init__(self) -> None:
        check_hours(self.hours)
        if not re.fullmatch(SLUG, self.code):
            raise ValueError(f"code {self.code!r} is none: a-z, 0-9 and single hyphens")
        if not set(REQUIRED_LANGUAGES) <= set(self.title):
            raise ValueError(f"title has to say it in {', '.join(REQUIRED_LANGUAGES)}")
        if bool(self.item) != bool(self.field):
            raise ValueError("item and field go together: the item, and the field of its form that takes the words")
        if self.most < 0:
            raise ValueError("most is how many one officer holds at once: 1 or more, or 0 for any number")
        for code, title in self.labels.items():
            if not re.fullmatch(SLUG, code) or not set(REQUIRED_LANGUAGES) <= set(title):
                raise ValueError(f"labels.{code} has to be a code of a-z, 0-9 and single hyphens, in both languages")

    def is_of(self, principal: Principal, *roles: str) -> bool:
        """Whether somebody has one of the roles for it."""
        return any(principal.may(role, self.department, self.unit) for role in roles)


async def put(platform: Platform, model: type[Model], own: Mapping[str, Any], values: Mapping[str, Any]) -> None:
    """What a lead sets: of each `own` there is one row, the one that is there or a new one."""
    await platform.store.commit(Write([Update(model, own, values, rows=None)], unless_there=[model(**own, **values)]))


def desk_of(desks: Sequence[Desk], code: str) -> Desk | None:
    return next((desk for desk in desks if desk.code == code), None)


@dataclass(frozen=True, slots=True)
class Open:
    """One stretch for which somebody sits there."""

    begins: datetime
    ends: datetime


async def shifts(platform: Platform, desk: Desk, days: int = DAYS_AHEAD) -> list[Open]:
    """When it is open, from today on, so many days ahead."""
    first, zone = platform.today(), platform.settings.timezone
    last = first + timedelta(days=days)
    days_set = DeskDay.filter(desk=desk.code, day__gte=first, day__lte=last)
    others: Mapping[date, Any] = dict(await days_set.values_list("day", "hours"))
    found = []
    for ahead in range(days + 1):
        day = first + timedelta(days=ahead)
        own = others.get(day)
        hours: Sequence[str] = hours_on(desk, platform.calendar.day(day)) if own is None else own
        for one in hours:
            begins, ends = (datetime.combine(day, at, zone).astimezone(UTC) for at in range_of(one))
            found.append(Open(begins, ends + timedelta(minutes=1) if re.search("23:59$", one) else ends))
    return sorted(found, key=lambda one: one.begins)


def findings(plugin: str, desks: Sequence[Desk], registry: Any) -> Iterator[Finding]:
    """What of the desks the departments don't have."""
    codes = [desk.code for desk in desks]
    for desk in desks:
        where = f"mend settings.desks, {desk.code!r}: "
        if codes.count(desk.code) > 1:
            yield Finding(plugin, "desk-twice", f"{where}there are two desks of that code")
        department = registry.departments.get(desk.department)
        if department is None or desk.unit not in {"", *(unit.code for unit in department.units)}:
            yield Finding(plugin, "desk-of-nobody", f"{where}there is no such department, or it has no such unit")
        if desk.item:
            item = registry.items.get(desk.item)
            form = item.form.schema if item is not None and item.form is not None else {}
            if form.get("properties", {}).get(desk.field, {}).get("type") != "string":
                advice = f"{where}there is no item {desk.item!r} whose form has a text {desk.field!r}"
                yield Finding(plugin, "desk-item", advice)


@dataclass(frozen=True, slots=True)
class Hours:
    """Whether somebody sits there now, and when it opens next; None where that is far away."""

    is_open: bool
    opens_at: datetime | None
    shifts: Sequence[Open] = ()


async def hours_of(platform: Platform, desk: Desk, days: int = DAYS_AHEAD) -> Hours:
    """The desk's, looked at so many days ahead."""
    found, now = await shifts(platform, desk, days), platform.now()
    later = next((one.begins for one in found if one.begins > now), None)
    return Hours(any(one.begins <= now < one.ends for one in found), later, found)


async def is_open(platform: Platform, desk: Desk) -> bool:
    """Whether somebody sits there now."""
    return (await hours_of(platform, desk, 0)).is_open
