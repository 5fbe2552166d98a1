"""What is looked for beside the requests: what is urgent, and once a night what rose; also `banshi insights judge`."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import click

from banshi import Key, Platform
from banshi.sdk.database import audited, coroutine_command
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


@click.command("judge")
@coroutine_command
@audited()
async def judge(ctx: click.Context) -> None:
    """Judge the last closed week of every series now, and keep what rose; done again, nothing is there twice."""
    from banshi.sdk.running import opened_by

    async with opened_by(ctx) as platform:
        await urgent.look(platform)
        done = await weekly.judge_now(platform)
    chance = f"chance alone makes {done.chance_per_year:.1f} alarms in a year"
    click.echo(f"{done.series} series judged, {done.rose} rose, {len(done.found)} of them new; {chance}")
