"""A bureau, its officers and its clock."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from banshi.testing import Door, Person
from tests.channels.desk.answers.city import City, city
from tests.channels.desk.bureau import WORKDAY, Clock, bureau, officer
from tests.conftest import sqlite_url


@pytest.fixture
def settings() -> dict[str, Any]:
    """What is otherwise than usual; a test says it by `@given(…)`."""
    return {}


@pytest.fixture
def database(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The run's own; each of the two in turn with `@EACH_DATABASE`."""
    match getattr(request, "param", ""):
        case "sqlite":
            return sqlite_url(tmp_path)
        case "postgres":
            return str(request.getfixturevalue("postgres"))
    return ""


@pytest.fixture
async def door(tmp_path: Path, database: str, settings: dict[str, Any]) -> AsyncIterator[Door]:
    async with bureau(tmp_path, database, **settings) as opened:
        yield opened


@pytest.fixture
async def one(tmp_path: Path, database: str, settings: dict[str, Any]) -> AsyncIterator[City]:
    async with city(tmp_path, database, **settings) as opened:
        yield opened


@pytest.fixture
def clock(door: Door) -> Clock:
    return Clock(door, WORKDAY)


@pytest.fixture
def li(door: Door) -> Person:
    return officer(door, "li")


@pytest.fixture
def wang(door: Door) -> Person:
    return officer(door, "wang")


@pytest.fixture
def zhao(door: Door) -> Person:
    """Somebody of the other desk."""
    return officer(door, "zhao", "fire:desk")


@pytest.fixture
def sun(door: Door) -> Person:
    """Whoever leads the first desk, and doesn't sit there."""
    return officer(door, "sun", "petitions:desk-lead")
