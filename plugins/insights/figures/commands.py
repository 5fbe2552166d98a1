"""`banshi insights`: what departments hand in."""

from __future__ import annotations

from contextlib import nullcontext
from datetime import UTC, datetime
from pathlib import Path

import click

from banshi.sdk.database import audited, configured, coroutine_command, database
from insights.settings import SETTINGS


@click.group()
def insights() -> None:
    """Figures week by week, and what rises in them."""


@insights.command("import")
@click.argument("files", nargs=-1, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--samples", is_flag=True, help="Import three made-up years of the sample city, for development.")
@coroutine_command
@audited("files", "samples")
async def import_(ctx: click.Context, files: tuple[Path, ...], samples: bool) -> None:
    """Make each of FILES the figures of its name: `police-reports.csv`, or `police-reports.json` with an object a line.

    A file is held to its columns, line by line. Where anything is wrong, all of it is told and the figures stay as they
    are. Otherwise the whole file takes their place in one moment, also beside a running server.
    """
    from banshi.sdk.registers import RefusedFile, progress
    from insights.figures.categories import read_categories
    from insights.figures.divisions import Divisions
    from insights.figures.importing import Rules, load
    from insights.figures.samples import sample_file

    if not files and not samples:
        raise click.UsageError("name the files to import, or say --samples")
    registry, refused = configured(ctx), False
    ((_, settings),) = registry.offered(SETTINGS)
    known, divisions = read_categories(settings, registry).categories, Divisions(settings)
    today = datetime.now(registry.configuration.settings.timezone).date()
    with sample_file(settings, today) if samples else nullcontext() as made:
        async with database(registry) as store:
            for file in (*files, *filter(None, [made])):
                rules = Rules.of(file.name.partition(".")[0], known, divisions, today)
                as_of = datetime.fromtimestamp(file.stat().st_mtime, UTC)
                try:
                    with progress(file) as read:
                        done = await load(store, rules, file, limit=settings.import_rows, as_of=as_of, read=read)
                except RefusedFile as error:
                    refused, count = True, error.problems.count
                    for told in error.problems.told:
                        click.secho(f"{file}: {told}", fg="red", err=True)
                    click.echo(f"{file}: {count:,} to mend; what there was of {rules.name} stays", err=True)
                else:
                    gaps = f"; no line in the weeks from {', '.join(done.gaps)}: gaps" if done.gaps else ""
                    click.echo(f"{done.name}: {done.since} to {done.until} by {done.grain}{gaps}")
    ctx.exit(int(refused))
