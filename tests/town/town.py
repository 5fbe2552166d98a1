"""The town: a running platform with the parts that a test needs, a clock that it sets, and what people do there."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from PIL import Image

from banshi.kinds.appointment.models import Booking, Slot
from banshi.kinds.appointment.scheduler import look as look_at_slots
from banshi.kinds.posting.scheduler import look as look_at_postings
from banshi.testing import TINY_PNG, Door, Person, Reply, open_door
from tests.town.departments import department, write
from tests.town.parts import BAG, Part

CITY = ZoneInfo("Asia/Shanghai")

#: A Tuesday. The calendar knows this year's holidays.
NOON = datetime(2026, 9, 1, 12, 0, tzinfo=CITY)

ENGLISH = {"Accept-Language": "en"}


def picture(form: str = "JPEG", size: tuple[int, int] = (64, 48), **options: Any) -> bytes:
    out = BytesIO()
    Image.new("RGB", size, "red").save(out, form, **options)
    return out.getvalue()


class Town:
    """The running town."""

    def __init__(self, door: Door, now: datetime = NOON) -> None:
        self.door = door
        self.now = now
        door.platform.now = lambda: self.now.astimezone(UTC)

    def later(self, **time: float) -> None:
        self.now += timedelta(**time)

    async def look(self) -> None:
        """What the platform does beside the requests, now."""
        await look_at_slots(self.door.platform)
        await look_at_postings(self.door.platform)
        await self.door.settled()

    async def shown(self, person: Person, case: str | Mapping[str, Any]) -> dict[str, Any]:
        """A case by its id, its address or its document."""
        link = case if isinstance(case, str) else str(case["links"]["self"])
        found: dict[str, Any] = (
            await person.get(link if link.startswith("/") else f"/v1/cases/{link}", headers=ENGLISH)
        ).ok()
        return found

    async def act(
        self, person: Person, link: str, action: str, reason: str = "", answers: Any = None, **details: Any
    ) -> Reply:
        """The answer to a step."""
        body = {"reason": reason, "answers": answers, "details": details}
        return await person.post(
            f"{link}/actions/{action}", {name: one for name, one in body.items() if one}, headers=ENGLISH
        )

    async def told(self, person: Person) -> list[str]:
        """The titles of what somebody was told, the oldest first."""
        return [one["title"] for one in await self.inbox(person)]

    async def inbox(self, person: Person) -> list[dict[str, Any]]:
        await self.door.settled()
        rows: list[dict[str, Any]] = (await person.get("/v1/inbox", headers=ENGLISH)).ok()["items"]
        return rows

    # Appeals.

    def reviewer(self, name: str = "chen", place: str = "parks/east") -> Person:
        return self.door.staff(name, f"{place}:reviewer")

    async def asked(self, person: Person, text: str = "路灯坏了", **more: Any) -> str:
        """The address of a new appeal."""
        body = {"answers": {"text": text}, **more}
        link: str = (await person.post("/v1/items/ask-parks/cases", body)).created()["links"]["self"]
        return link

    async def answered(self, person: Person, link: str, text: str = "明天修好。") -> None:
        """Assign and answer it."""
        (await self.act(person, link, "assign", category="roads")).ok()
        (await self.act(person, link, "answer", text=text)).ok()

    async def rated(self, citizen: Person, link: str, stars: int, text: str = "") -> dict[str, Any]:
        """The case after a rating and what the platform makes of it."""
        (await self.act(citizen, link, "rate", rating=stars, **({"text": text} if text else {}))).ok()
        await self.door.settled()
        return await self.shown(citizen, link)

    # Appointments.

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

    def clerk(self) -> Person:
        return self.door.staff("clerk", "office:clerk", "office:reviewer")

    async def counts_hold(self) -> None:
        """What the slots to come count is what the bookings say, slot by slot."""
        for slot in await Slot.filter(begins__gt=self.now):
            rows = await Booking.filter(slot_id=slot.id)
            taken = sum(row.state in {"taken", "offered"} and not row.internal for row in rows)
            assert slot.taken <= slot.capacity
            assert (slot.taken, slot.waiting) == (taken, sum(row.state == "waiting" for row in rows))

    # Postings.

    def moderator(self, name: str = "wang", department: str = "parks", unit: str = "/desk") -> Person:
        return self.door.staff(name, f"{department}{unit}:reviewer")

    async def post(self, person: Person, *, department: str = "parks", key: str | None = None, **more: Any) -> Reply:
        """A posting; `more` changes the answers, and None leaves one out."""
        answers = {name: one for name, one in {**BAG, **more}.items() if one is not None}
        path = f"/v1/items/things-{department}/postings"
        return await person.post(path, {"answers": answers}, key=key, headers=ENGLISH)

    async def published(self, person: Person, *, department: str = "parks", **more: Any) -> str:
        """The id of a posting that anybody can read."""
        case = (await self.post(person, department=department, **more)).created()
        moderator = self.moderator(department=department)
        (await self.act(moderator, case["links"]["self"], "publish")).ok()
        return str(case["id"])

    async def listed(self, **query: str) -> list[str]:
        """The ids on the public list."""
        page = await self.door.anyone.get("/v1/postings", params=query)
        return [one["id"] for one in page.ok()["items"]]

    # Documents.

    @property
    def official(self) -> Person:
        """Who decides in both departments that ask for documents."""
        return self.door.staff("clerk", *(f"{place}:{role}" for place in ("east", "west") for role in DECIDING))

    async def upload(self, person: Person, mark: str = "") -> str:
        """A file with bytes of its own by `mark`."""
        return str((await person.upload(TINY_PNG + mark.encode(), f"{mark or 'scan'}.png")).created()["id"])

    async def hand_in(self, person: Person, code: str, *, reuse: Any = None, **answers: Any) -> Reply:
        body = {"answers": {"name": "王小明", "plate": "川B12345", **answers}}
        return await person.post(f"/v1/items/{code}/cases", body | ({"reuse": reuse} if reuse is not None else {}))

    async def decided(self, person: Person, code: str, action: str = "approve", **answers: Any) -> dict[str, Any]:
        """A case of the item with an identity document and a registration, decided by staff."""
        if "identity" not in answers:
            answers |= {"identity": await self.upload(person, f"id-{self.now}")}
            answers |= {"registration": await self.upload(person, f"car-{self.now}")}
        case: dict[str, Any] = (await self.hand_in(person, code, **answers)).created()
        await self.door.settled()
        reason = "理由" if action in {"refuse", "return"} else ""
        (await self.act(self.official, case["links"]["self"], action, reason)).ok()
        return case

    async def materials(self, person: Person, code: str, **rest: Any) -> dict[str, Any]:
        """The item's materials by their fields."""
        listed = (await person.get(f"/v1/items/{code}/materials", **rest)).ok()
        return {one["field"]: one for one in listed["materials"]}

    async def offers(self, person: Person, code: str, field: str = "/identity") -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = (await self.materials(person, code))[field]["offers"]
        return found


DECIDING = ("reviewer", "approver")


def written(folder: Path, *wanted: Part | Path | str) -> dict[str, Path | str]:
    """The plugins of these parts: departments as folders, others where they are or by their names."""
    plugins: dict[str, Path | str] = {Path(one).name: one for one in wanted if not isinstance(one, Mapping)}
    pieces: defaultdict[str, str] = defaultdict(str)
    for part in wanted:
        for name, piece in part.items() if isinstance(part, Mapping) else ():
            pieces[name] += piece
    for name, items in pieces.items():
        head = department(name, f"示例{name}", f"Sample {name}", phone="000-0000000")
        plugins[name] = write(folder, head + items, name=name) if items else name
    return plugins


@asynccontextmanager
async def open_town(
    folder: Path, *wanted: Part | Path | str, now: datetime = NOON, database: str | None = None, **platform: Any
) -> AsyncIterator[Town]:
    """The town with these parts and plugins, at noon and on a SQLite file where nothing else is said."""
    settings = {**platform, **({"database": database} if database else {})}
    async with open_door(folder, written(folder, *wanted), platform=settings) as door:
        yield Town(door, now)


def town_fixture(*wanted: Part | Path | str, **platform: Any) -> Any:
    """A fixture of a town like this: on SQLite, or on each database where a test takes `database` as well."""

    @pytest.fixture
    async def town(tmp_path: Path, own_database: str | None) -> AsyncIterator[Town]:
        async with open_town(tmp_path, *wanted, database=own_database, **platform) as opened:
            yield opened

    return town
