"""What the tests of the whole API share."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
import pytest_asyncio

from banshi.foundation.database.opening import open_store
from banshi.foundation.database.store import Store
from banshi.testing import Person, Reply
from tests.readers.described import held
from tests.servers import postgres_servers
from tests.town.api_world import World, open_world

#: Where a case is read, and where one begins.
CASE, BEGUN = re.compile(r"/v1/cases/[0-9a-f-]{36}"), re.compile(r"/v1/items/[a-z0-9-]+/(cases|postings)")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def world(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[World]:
    """One for each file of tests: what one of them does in it, none of another's finds."""
    async with open_world(tmp_path_factory.mktemp("api")) as opened:
        yield opened


@pytest.fixture
async def store(database: str) -> AsyncIterator[Store]:
    async with open_store(database, {}) as opened:
        yield opened


@pytest.fixture(scope="module")
def own_postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[postgres_servers.Server]:
    """One for each file of tests, whose settings are theirs to change."""
    with postgres_servers.alone(tmp_path_factory.mktemp("alone") / "postgres", "synchronous_commit=on") as one:
        yield one


@pytest.fixture(autouse=True)
def cases_as_described(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every case that a test reads or begins over HTTP is as the API's description has it."""
    call = Person.call

    async def held_to_it(person: Person, method: str, path: str, **rest: Any) -> Reply:
        reply = await call(person, method, path, **rest)
        if reply.status in {200, 201} and (CASE if method == "GET" else BEGUN).fullmatch(path):
            held(reply.document, "Case")
        return reply

    monkeypatch.setattr(Person, "call", held_to_it)
