"""Platforms whose alerts and notices go by topic."""

from __future__ import annotations

from typing import Any

import pytest

from tests.mobile_push.conftest import hurry
from tests.mobile_push.delivery.topics.followers import TOPICS, settled


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Retries come quickly here, and nobody waits for what was under way when topics were turned on."""
    hurry(
        monkeypatch,
        {
            "delivery.claims.delivery_job.OPERATOR_PAUSE_S": 0.1,
            "delivery.planner.MAX_SLEEP_S": 0.05,
            "audience.topic_names.SETTLING_S": 0.0,
            "delivery.topics.sync.LOOK_S": 0.02,
            "delivery.topics.sync.MAX_PHONES_A_STEP": 7,
        },
    )


@pytest.fixture
def open_topics(open_push: Any) -> Any:
    """A platform whose alerts go by topic."""

    def opened(topics: Any = True, **settings: Any) -> Any:
        return open_push(fcm={"topics": topics}, topics=TOPICS, **settings)

    return opened


@pytest.fixture
async def door(open_topics: Any) -> Any:
    async with open_topics() as opened:
        await settled()
        yield opened
