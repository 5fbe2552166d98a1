"""`banshi insights`: what departments hand in."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from banshi.sdk.database import audited, configured, database
from insights.settings import SETTINGS


@click.group()
def insights() -> None:
    """Figures week by week, and what rises in them."""


@insights.command("import")
@click.argument("files", nargs=-1, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--samples", is_flag=True, help="Import three made-up years of the sample city, for development.")
@click.pass_context
@audited("files", "samples")
def import_(ctx: click.Context, files: tuple[Path, ...], samples: bool) -> None:
    """Make each of FILES the figures of its name: `police-reports.csv`, or `police-reports.json` with an object a line.

    A file is held to its columns, line by line. Where anything is wrong, all of it is told and the figures stay as they
    are. Otherwise the whole file takes their place in one moment, also beside a running server.
    """
    if not files and not samples:
        raise click.UsageError("name the files to import, or say --samples")
    registry = configured(ctx)
    made: AbstractContextManager[Path | None] = nullcontext()
    if samples:
        from insights.figures.samples import sample_file

        ((_, settings),) = registry.offered(SETTINGS)
        made = sample_file(settings, datetime.now(registry.configuration.settings.timezone).date())
    with made as file:
        sys.exit(asyncio.run(_import(registry, [*files, *filter(None, [file])])))


async def _import(registry: Any, files: Sequence[Path]) -> int:
    """The status with which the program ends: 1 where a file was refused; the others are imported all the same."""
    from banshi.sdk.registers import RefusedFile, progress
    from insights.figures.categories import read_categories
    from insights.figures.divisions import Divisions
    from insights.figures.importing import Rules, load

    ((_, settings),), status = registry.offered(SETTINGS), 0
    known, divisions = read_categories(settings, registry).categories, Divisions(settings)
    today = datetime.now(registry.configuration.settings.timezone).date()
    async with database(registry) as store:
        for file in files:
            rules = Rules.of(file.name.partition(".")[0], known, divisions, today)
            try:
                with progress(file) as read:
                    as_of = datetime.fromtimestamp(file.stat().st_mtime, UTC)
                    done = await load(store, rules, file, limit=settings.import_rows, as_of=as_of, read=read)
            except RefusedFile as error:
                status = 1
                for told in error.problems.told:
                    click.secho(f"{file}: {told}", fg="red", err=True)
                click.echo(f"{file}: {error.problems.count:,} to mend; what there was of {rules.name} stays", err=True)
            else:
                gaps = f"; no line in the weeks from {', '.join(done.gaps)}: gaps" if done.gaps else ""
                click.echo(f"{done.name}: {done.since} to {done.until} by {done.grain}{gaps}")
    return status
