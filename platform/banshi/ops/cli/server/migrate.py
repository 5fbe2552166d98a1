"""`banshi migrate`: bring the tables to this version's schema."""

from __future__ import annotations

import asyncio
import sys

import click

from banshi.kernel.loading.registry import Registry


@click.command("migrate")
@click.option("--check", is_flag=True, help="Change nothing; say what would be applied, and end with 1 if anything.")
@click.pass_context
def command(ctx: click.Context, check: bool) -> None:
    """Bring the database's tables to this version's schema, the plugins' too."""
    from banshi.builtin import cli_context

    registry = cli_context.configured(ctx)
    steps = asyncio.run(migrate(registry, check=check))
    for step in steps:
        click.echo(step)
    if not steps:
        click.echo("Every table is at this version's schema.")
    elif check:
        click.echo(f"{len(steps)} to apply; `banshi migrate` does it.", err=True)
        sys.exit(1)
    else:
        click.echo(f"{len(steps)} applied.")


async def migrate(registry: Registry, *, check: bool) -> list[str]:
    """What was applied; with `check`, what would be."""
    from banshi.foundation.database.opening import connected, told_as_setting
    from banshi.foundation.database.upgrade import missing, upgrade
    from banshi.kernel.loading.configuration import make_folders

    settings = registry.configuration.settings
    make_folders(settings)
    async with connected(settings.database_url, registry.tables) as (_, apps):
        with told_as_setting():
            return await (missing if check else upgrade)(apps)
