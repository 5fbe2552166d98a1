"""What the tests of the whole API share."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest
import pytest_asyncio

from tests import postgres_servers
from tests.kernel.api_world import World, open_world


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def world(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[World]:
    """One for each file of tests: what one of them does in it, none of another's finds."""
    async with open_world(tmp_path_factory.mktemp("api")) as opened:
        yield opened


@pytest.fixture(scope="module")
def own_postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[postgres_servers.Server]:
    """One for each file of tests, whose settings are theirs to change."""
    with postgres_servers.alone(tmp_path_factory.mktemp("alone") / "postgres", "synchronous_commit=on") as one:
        yield one
