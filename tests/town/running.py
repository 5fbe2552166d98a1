"""A running platform with a clock that tests set, and what people are told there."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Protocol
from zoneinfo import ZoneInfo

import pytest

from banshi.testing import Door, Person, Reply

CITY = ZoneInfo("Asia/Shanghai")

#: A Tuesday. The calendar knows this year's holidays.
NOON = datetime(2026, 9, 1, 12, 0, tzinfo=CITY)

ENGLISH = {"Accept-Language": "en"}


class Running:
    """What each office of the town does as the others do."""

    def __init__(self, door: Door, now: datetime) -> None:
        self.door = door
        self.now = now
        door.platform.now = lambda: self.now.astimezone(UTC)

    def later(self, **time: float) -> None:
        self.now += timedelta(**time)

    async def act(self, person: Person, link: str, action: str, reason: str = "", **more: Any) -> Reply:
        """The answer to a step."""
        body = {**({"reason": reason} if reason else {}), **more}
        return await person.post(f"{link}/actions/{action}", body, headers=ENGLISH)

    async def told(self, person: Person) -> list[str]:
        """The titles of what somebody was told, the oldest first."""
        return [one["title"] for one in await self.inbox(person)]

    async def inbox(self, person: Person) -> list[dict[str, Any]]:
        await self.door.settled()
        rows: list[dict[str, Any]] = (await person.get("/v1/inbox", headers=ENGLISH)).ok()["items"]
        return rows


class Opening(Protocol):
    """Opens an office in a folder."""

    def __call__(self, folder: Path, *, database: str | None) -> AbstractAsyncContextManager[Running]: ...


def office_fixture(opening: Opening) -> Any:
    """A fixture of this office: on SQLite, or on each database where a test takes `database` as well."""

    @pytest.fixture
    async def office(tmp_path: Path, own_database: str | None) -> AsyncIterator[Running]:
        async with opening(tmp_path, database=own_database) as opened:
            yield opened

    return office
