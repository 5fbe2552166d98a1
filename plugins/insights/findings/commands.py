"""`banshi insights judge`: the nightly round at once."""

from __future__ import annotations

import click

from banshi.sdk.database import audited, coroutine_command


@click.command("judge")
@coroutine_command
@audited()
async def judge(ctx: click.Context) -> None:
    """Judge the last closed week of every series now, and keep what rose; done again, nothing is there twice."""
    from banshi.sdk.running import opened_by
    from insights.findings.urgent import look
    from insights.findings.weekly import judge_now

    async with opened_by(ctx) as platform:
        done, urgent = await judge_now(platform), await look(platform)
    chance = f"chance alone makes {done.chance_per_year:.1f} alarms in a year"
    click.echo(f"{done.series} series judged: {len(done.found)} new findings, {len(urgent)} urgent; {chance}")
