"""What the tests of tokens share: an issuer of their own, or one with a platform for those that only look."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import NamedTuple

import pytest
import pytest_asyncio

from banshi.testing import Door
from tests.servers.issuer import Issuer, ask, platform_of, started_issuer
from tests.waiting import until

#: These tests share a platform, and so the loop that it runs in.
together = pytest.mark.asyncio(loop_scope="module")


class World(NamedTuple):
    """One issuer and one platform for all the tests that only look."""

    issuer: Issuer
    door: Door


@pytest.fixture
async def issuer() -> AsyncIterator[Issuer]:
    async with started_issuer() as one:
        yield one


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def world(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[World]:
    async with started_issuer() as issuer, platform_of(tmp_path_factory.mktemp("world"), issuer.url) as door:
        yield World(issuer, door)


async def left(door: Door, token: str, status: int) -> None:
    """Wait until the token gets another answer than that."""

    async def another() -> bool:
        return (await ask(door, token)).status != status

    await until(another)
