"""An office with appointments, a clock that tests set, and people who book there."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Mapping
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

from banshi.kinds.appointment import scheduler
from banshi.kinds.appointment.models import Booking, Slot
from banshi.testing import Person, Reply, open_door
from tests.town.departments import both, department, item, write
from tests.town.running import ENGLISH, NOON, Running

HOURS = 'workday = ["9:00-12:00"]'


class Office(Running):
    """The running office."""

    async def look(self) -> None:
        """What the platform does beside the requests, now."""
        await scheduler.look(self.door.platform)

    async def slots(self, **query: str) -> list[dict[str, Any]]:
        page = await self.door.anyone.get("/v1/items/visit/slots", params={"limit": "100", **query})
        found: list[dict[str, Any]] = page.ok()["items"]
        return found

    async def first(self, **query: str) -> dict[str, Any]:
        """The first slot that can still be changed tomorrow and later."""
        return (await self.slots(**query))[6]

    async def book(self, person: Person, slot: Any, *, key: str | None = None, **more: Any) -> Reply:
        wish = {"slot": slot["id"] if isinstance(slot, dict) else slot, "answers": {"name": "王"}, **more}
        return await person.post("/v1/items/visit/appointments", wish, key=key, headers=ENGLISH)

    async def shown(self, person: Person, appointment: dict[str, Any]) -> dict[str, Any]:
        found: dict[str, Any] = (await person.get(appointment["links"]["self"])).ok()
        return found

    def clerk(self) -> Person:
        return self.door.staff("clerk", "office:clerk", "office:reviewer")

    async def counts_hold(self) -> None:
        """What the slots to come count is what the bookings say, slot by slot."""
        for slot in await Slot.filter(begins__gt=self.now):
            rows = await Booking.filter(slot_id=slot.id)
            taken = sum(row.state in {"taken", "offered"} and not row.internal for row in rows)
            assert slot.taken <= slot.capacity
            assert (slot.taken, slot.waiting) == (taken, sum(row.state == "waiting" for row in rows))


def place(code: str, zh: str, en: str, number: int) -> dict[str, Any]:
    address = both(f"示例路{number}号", f"{number} Sample Road")
    return {"code": code, "title": both(zh, en), "address": address, "phone": f"000-000000{number}"}


def write_office(
    folder: Path,
    rules: str = "",
    *,
    hours: str = HOURS,
    more: str = "",
    minutes: int = 60,
    asks: Mapping[str, Any] | None = None,
    required: Collection[str] = ("name",),
) -> Path:
    """`asks`: fields before the name."""
    visit = item(
        "visit",
        "预约",
        "Visit",
        kind="appointment",
        promised_days=2,
        result={"kind": "answer", "title": both("确认", "Confirmation")},
        fields={**(asks or {}), "name": {"type": "string", "minLength": 1, "maxLength": 40}},
        required=required,
        places=[place("east", "东厅", "East hall", 1), place("west", "西厅", "West hall", 2)],
    )
    table = f"[items.appointment]\nslot_minutes = {minutes}\ndays_ahead = 7\nnotice_hours = 24\n{rules}\n"
    table += f'[[items.appointment.places]]\ncode = "east"\nhours = {{ {hours} }}\n{more}'
    head = department("office", "示例办事处", "Sample office", phone="000-0000000")
    return write(folder, head + visit + table, name="office")


@asynccontextmanager
async def open_office(
    folder: Path,
    rules: str = "",
    *,
    database: str | None = None,
    now: datetime = NOON,
    hours: str = HOURS,
    more: str = "",
    minutes: int = 60,
    push: bool = False,
    platform: dict[str, Any] | None = None,
) -> AsyncIterator[Office]:
    """An office with these rules, on a SQLite file where no database is named."""
    plugins: dict[str, Path | str] = {"office": write_office(folder, rules, hours=hours, more=more, minutes=minutes)}
    if push:
        plugins["mobile_push"] = "mobile_push"
    table = {**({"database": database} if database else {}), **(platform or {})}
    async with open_door(folder, plugins, platform=table) as door:
        yield Office(door, now)
