"""What is looked for beside the requests, in the process that leads: what is urgent, and once a night what rose."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from banshi import Key, Platform
from banshi.sdk.operations import rounds
from insights.findings import urgent, weekly
from insights.settings import SETTINGS

ROUNDS: Key[None] = Key("insights' rounds")

#: Seconds between two looks whether the hour has come.
HOUR_LOOK_S = 300.0


@asynccontextmanager
async def open_rounds(platform: Platform) -> AsyncIterator[None]:
    """Look while the block runs."""
    seconds, told = platform[SETTINGS].urgent_seconds, "what is urgent can't be looked for"
    async with (
        rounds(seconds, "insights-urgent", urgent.look, told, platform),
        rounds(HOUR_LOOK_S, "insights-night", weekly.judge_if_due, "figures can't be judged", platform),
    ):
        yield
