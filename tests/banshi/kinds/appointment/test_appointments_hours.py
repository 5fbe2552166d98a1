"""Each hour of a day is in that day, for whoever books it, works there or is reminded, in every city and database."""

from __future__ import annotations

from collections import defaultdict
from contextlib import AbstractAsyncContextManager
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from banshi.kinds.appointment.models import Booking, Slot
from banshi.kinds.appointment.scheduler import REMIND_AT
from tests.town.parts import visits
from tests.town.town import Town, open_town
from tests.tries import tries

#: Open round the clock, every day but the calendar's holidays; 23:59 is the last minute that hours can name.
ALWAYS = ", ".join(f'{day} = ["0:00-23:59"]' for day in ("mon", "tue", "wed", "thu", "fri", "sat", "sun"))

#: A city, and a day of it: whole, half and quarter hours, ahead of UTC and behind it.
PLAIN = [
    ("Asia/Shanghai", date(2026, 9, 4)),
    ("Asia/Kathmandu", date(2026, 9, 4)),
    ("America/St_Johns", date(2026, 9, 4)),
    ("Pacific/Marquesas", date(2026, 9, 4)),
]

#: Days on which a city's clocks are put forward or back: in the night and at midnight.
CHANGING = [
    ("America/New_York", date(2026, 11, 1)),
    ("America/New_York", date(2026, 3, 8)),
    ("Africa/Cairo", date(2026, 4, 24)),
    ("Atlantic/Azores", date(2026, 10, 25)),
    ("Europe/London", date(2026, 3, 29)),
]


def instants(day: date, zone: ZoneInfo) -> list[datetime]:
    """The beginning of each half hour of a day, in UTC."""
    first, last = (datetime.combine(one, time.min, zone).astimezone(UTC) for one in (day, day + timedelta(days=1)))
    return [first + timedelta(minutes=30 * number) for number in range((last - first) // timedelta(minutes=30))]


def opened(folder: Path, database: str | None, city: str, now: datetime) -> AbstractAsyncContextManager[Town]:
    return open_town(folder, visits(hours=ALWAYS, minutes=30), database=database, now=now, timezone=city)


async def shown(office: Town, first: date, last: date) -> list[datetime]:
    slots = await office.slots(**{"from": first.isoformat(), "to": last.isoformat(), "place": "east"})
    return [datetime.fromisoformat(slot["begins"]).astimezone(UTC) for slot in slots]


@pytest.mark.parametrize(("city", "day"), PLAIN + CHANGING)
async def test_a_day_of_slots_is_exactly_that_day(tmp_path: Path, city: str, day: date) -> None:
    zone = ZoneInfo(city)
    async with opened(tmp_path, None, city, datetime.combine(day - timedelta(days=3), time(12), zone)) as office:
        await office.slots()
        for away in (-1, 0, 1):
            one = day + timedelta(days=away)
            there = await shown(office, one, one)
            # The last half hour of the day ends after the last minute that hours can name.
            assert there == instants(one, zone)[:-1], one
        days = [one for away in (-1, 0, 1) for one in instants(day + timedelta(days=away), zone)[:-1]]
        assert (
            sorted(await shown(office, day - timedelta(days=1), day) + await shown(office, *[day + timedelta(1)] * 2))
            == days
        )
        lengths = {slot.ends - slot.begins for slot in await Slot.filter(item="visit")}
        assert lengths == {timedelta(minutes=30)}


@pytest.mark.parametrize(("city", "day"), [PLAIN[0], PLAIN[2], CHANGING[0]])
async def test_each_hours_person_is_on_the_clerks_list_of_the_day_and_is_reminded_the_day_before(
    tmp_path: Path, database: str, city: str, day: date
) -> None:
    zone = ZoneInfo(city)
    now = datetime.combine(day - timedelta(days=3), time(12), zone)
    async with opened(tmp_path, database, city, now) as office:
        await office.slots()
        people: dict[str, date] = {}
        for away in (-1, 0, 1):
            one = day + timedelta(days=away)
            slots = (await office.slots(**{"from": one.isoformat(), "to": one.isoformat()}))[::2]
            # Each hour of the day, and of those around it the hours next to it and farthest from it.
            for slot in slots if not away else (slots[0], slots[-1]):
                name = f"of {slot['begins'][:16]} {len(people)}"
                (await office.book(office.door.citizen(name), slot)).created()
                people[name] = one
        listed: dict[date, set[str]] = defaultdict(set)
        for away in range(-2, 3):
            one = day + timedelta(days=away)
            page = await office.clerk().get(f"/v1/items/visit/counter-appointments?day={one}&limit=100")
            begun = [datetime.fromisoformat(row["begins"]) for row in page.ok()["items"]]
            assert begun == sorted(begun)
            listed[one] = {moment.astimezone(UTC).isoformat() for moment in begun}
        rows = await Booking.all()
        for one in listed:
            assert listed[one] == {row.begins.isoformat() for row in rows if people[row.person] == one}, one
        assert sum(map(len, listed.values())) == len(people)
        await reminders_go_out_in_time(office, people, zone, day)


async def reminders_go_out_in_time(office: Town, people: dict[str, date], zone: ZoneInfo, day: date) -> None:
    """Hour by hour: nobody is reminded before ten o'clock of the day before, and then everybody is.

    In the afternoon and at night every fourth hour is looked at, and each with `BANSHI_TEST_LONG=1`.
    """
    office.now = datetime.combine(day - timedelta(days=2), time(9, 30), zone).astimezone(UTC)
    told: dict[str, datetime] = {}
    end = office.now + timedelta(hours=3 * 24 + 1)
    while office.now <= end:
        await office.look()
        for row in await Booking.filter(reminded_at__not_isnull=True):
            told.setdefault(row.person, office.now.astimezone(zone))
        office.later(hours=1 if 7 <= office.now.astimezone(zone).hour < 12 else tries(4, 1))
    assert told.keys() == people.keys()
    for name, at in told.items():
        assert at.date() == people[name] - timedelta(days=1), (name, at)
        assert REMIND_AT <= at.time() < time(11, 30), (name, at)
