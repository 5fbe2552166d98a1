"""`banshi migrate`: bring the tables to this version's schema."""

from __future__ import annotations

import click

from banshi.kernel.loading.cli_context import configured, coroutine_command


@click.command("migrate")
@click.option("--check", is_flag=True, help="Change nothing; say what would be applied, and end with 1 if anything.")
@coroutine_command
async def command(ctx: click.Context, check: bool) -> None:
    """Bring the database's tables to this version's schema, the plugins' too."""
    from banshi.foundation.database.opening import connected, told_as_setting
    from banshi.foundation.database.upgrade import missing, upgrade
    from banshi.kernel.loading.configuration import make_folders
    from banshi.kernel.runtime.permissions import tighten

    registry = configured(ctx)
    settings = registry.configuration.settings
    make_folders(settings)
    async with connected(settings.database_url, registry.tables) as (_, apps):
        with told_as_setting():
            steps = await (missing if check else upgrade)(apps)
    tighten(settings)
    for step in steps:
        click.echo(step)
    if not steps:
        click.echo("Every table is at this version's schema.")
    elif check:
        click.echo(f"{len(steps)} to apply; `banshi migrate` does it.", err=True)
        ctx.exit(1)
    else:
        click.echo(f"{len(steps)} applied.")
