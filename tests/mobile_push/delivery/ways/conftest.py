"""A platform with providers in memory, whose retries come quickly."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from banshi.testing import Door
from tests.mobile_push.conftest import hurry
from tests.mobile_push.delivery.ways.in_memory import InBatches, InMemory, opened


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Retries come quickly here."""
    hurry(monkeypatch, {"delivery.claims.delivery_job.OPERATOR_PAUSE_S": 0.2})


@pytest.fixture
def ways() -> list[InMemory]:
    """Three providers; the second takes many phones in one request."""
    return [InMemory("a"), InBatches("b"), InMemory("c")]


@pytest.fixture
async def door(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ways: list[InMemory], database: str
) -> AsyncIterator[Door]:
    """A platform with these three; on each database."""
    async with opened(tmp_path, monkeypatch, ways, database) as one:
        yield one
