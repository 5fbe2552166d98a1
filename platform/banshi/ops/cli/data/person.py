"""`banshi person`: what is held about somebody, for the desk that answers for it."""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import click

from banshi.builtin.cli_context import config_of, coroutine_command, database

if TYPE_CHECKING:
    from banshi.kernel.runtime.running import Platform

RESIDENT_ID = click.option(
    "--resident-id", default="", help="The number that the identity provider has verified: who was shown its records."
)


@click.group("person")
def command() -> None:
    """Export or forget what is held about a person, also beside a running server."""


@command.command("export")
@click.argument("subject")
@click.option("--output", "-o", type=click.Path(path_type=Path), required=True, help="A file that isn't there yet.")
@RESIDENT_ID
@coroutine_command
async def export_(ctx: click.Context, subject: str, output: Path, resident_id: str) -> None:
    """Write all that is held about SUBJECT, the identity provider's name for them, with their uploads, as a ZIP."""
    from banshi.builtin.personal_data.exporting import export
    from banshi.builtin.personal_data.holdings import DataSubject

    if await asyncio.to_thread(output.exists):
        raise click.ClickException(f"{output} is there already; name another file")

    async with _platform(config_of(ctx)) as platform:
        written = await export(platform, DataSubject(_known(subject), resident_id), zipped=True)
    await asyncio.to_thread(_copy, written.file, output)
    click.echo(f"{output} has all that is held about them; it is readable by you alone.")


@command.command("forget")
@click.argument("subject")
@RESIDENT_ID
@click.confirmation_option(prompt="What need not be kept of this person is gone for good then. Go on?")
@coroutine_command
async def forget(ctx: click.Context, subject: str, resident_id: str) -> None:
    """Forget SUBJECT as far as the law lets it go, and say what is kept, why and until when."""
    from banshi.builtin.personal_data.holdings import DataSubject
    from banshi.builtin.personal_data.persons import forget_person

    async with _platform(config_of(ctx)) as platform:
        kept = await forget_person(platform, DataSubject(_known(subject), resident_id))
    for one in kept:
        until = f", until {one.until:%Y-%m-%d}" if one.until else ""
        click.echo(f"kept: {one.count} {one.what}{until}: {one.texts['en']}")
        for name in one.names:
            click.echo(f"  {name}")
    click.echo("Everything else about them is gone." if kept else "Nothing about them is held any more.")


def _copy(file: BinaryIO, output: Path) -> None:
    with file, open(output, "xb", opener=partial(os.open, mode=0o600)) as target:
        file.seek(0)
        shutil.copyfileobj(file, target)


def _known(subject: str) -> str:
    if not subject.strip() or len(subject) > 255 or not subject.isprintable():
        raise click.ClickException("give a person's subject, as the identity provider says it: 1 to 255 characters")
    return subject


@asynccontextmanager
async def _platform(config: Path) -> AsyncIterator[Platform]:
    """The platform without what serves: the database and what the plugins said."""
    from banshi.app import closed_platform, configure

    registry = configure(config)
    async with database(registry) as store:
        yield closed_platform(registry, store)
