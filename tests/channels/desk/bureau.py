"""A bureau with two desks, its officers, and a clock that is turned."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from banshi import app
from banshi.kernel.runtime.process_role import EVERYTHING, ProcessRole
from banshi.kernel.runtime.running import Platform
from banshi.testing import Door, Person, open_door
from tests.channels.chatting import Chatter
from tests.places import DEPARTMENTS

CITY = ZoneInfo("Asia/Shanghai")

#: A Wednesday, mid-morning.
WORKDAY = datetime(2026, 11, 25, 10, 0, tzinfo=CITY)

HOURS = {"workday": ["9:00-12:00", "13:30-17:30"]}
DESKS: list[dict[str, Any]] = [
    {
        "code": "reception",
        "department": "petitions",
        "unit": "reception",
        "title": {"zh-CN": "咨询台", "en": "Enquiries"},
        "hours": HOURS,
        "item": "consult-police",
        "field": "question",
    },
    {
        "code": "fire",
        "department": "fire",
        "title": {"zh-CN": "消防值班室", "en": "Fire duty room"},
        "hours": {**HOURS, "sat": ["9:00-12:00"]},
    },
]
#: A process that leaves all work to others.
SERVING = ProcessRole(lanes=frozenset())

ENQUIRIES, STREAM = "/v1/desk/enquiries", "/v1/desk/stream"


class Clock:
    """The platform's time: it goes on by a millisecond whenever it is looked at."""

    def __init__(self, door: Door | None, at: datetime) -> None:
        self.at = at
        if door is not None:
            door.platform.now = self.now

    def now(self) -> datetime:
        self.at += timedelta(milliseconds=1)
        return self.at.astimezone(UTC)

    def on(self, **by: float) -> None:
        self.at += timedelta(**by)


@asynccontextmanager
async def open_at(at: datetime, folder: Path, plugins: Mapping[str, Path | str], **given: Any) -> AsyncIterator[Door]:
    """A platform that has its own time from the start: no round goes by another."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(app, "Platform", partial(Platform, now=Clock(None, at).now))
        async with open_door(folder, plugins, **given) as door:
            patch.undo()
            yield door


@asynccontextmanager
async def bureau(
    folder: Path,
    database: str = "",
    desks: Any = None,
    duty: ProcessRole = EVERYTHING,
    at: datetime = WORKDAY,
    platform: Mapping[str, Any] | None = None,
    beside: Mapping[str, tuple[Path | str, Mapping[str, Any]]] | None = None,
    **settings: Any,
) -> AsyncIterator[Door]:
    plugins: dict[str, Path | str] = {name: DEPARTMENTS / name for name in ("petitions", "fire")}
    more = beside or {}
    talking = {"desks": DESKS if desks is None else desks, **settings}
    platform = {**({"database": database} if database else {}), **(platform or {})}
    plugins |= {"conversations": "conversations", **{name: place for name, (place, _) in more.items()}}
    own = {"conversations": talking, **{name: dict(given) for name, (_, given) in more.items()}}
    async with open_at(at, folder, plugins, settings=own, platform=platform, duty=duty) as door:
        yield door


def officer(door: Door, subject: str, *roles: str) -> Person:
    return door.staff(subject, *(roles or ("petitions/reception:desk",)))


async def calls(door: Door, contact: str, desk: str = "1") -> Chatter:
    """Somebody who wants a person, and chooses the desk."""
    chatter = Chatter(door, "en", contact)
    await chatter.send("person")
    await chatter.send(desk)
    return chatter


async def waiting(officer: Person) -> list[dict[str, Any]]:
    return list((await officer.get(ENQUIRIES)).ok()["items"])


async def claimed(officer: Person) -> str:
    """Whoever waits for longest is theirs now; the path of it."""
    place = f"{ENQUIRIES}/{(await waiting(officer))[0]['id']}"
    (await officer.post(f"{place}/claim")).ok()
    return place


def given(**settings: Any) -> pytest.MarkDecorator:
    """The test's bureau, or city, has these settings."""
    return pytest.mark.parametrize("settings", [settings], ids=["given"])


#: One of the two databases could break the promise; otherwise a test is on the one that the run has.
EACH_DATABASE = pytest.mark.parametrize("database", ["sqlite", "postgres"], indirect=True)
