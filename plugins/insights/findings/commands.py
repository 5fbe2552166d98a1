"""`banshi insights judge`: what the rounds look for, at once."""

from __future__ import annotations

import click

from banshi.sdk.database import audited, coroutine_command
from insights.findings import urgent, weekly


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
