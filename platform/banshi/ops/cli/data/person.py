"""`banshi person`: what is held about somebody, for the desk that answers for it, and what they are signed in with."""

from __future__ import annotations

import asyncio
import os
import shutil
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import click

from banshi.kernel.loading.cli_context import audited, config_of, coroutine_command

if TYPE_CHECKING:
    from banshi.kernel.runtime.running import Platform

RESIDENT_ID = click.option(
    "--resident-id", default="", help="The number that the identity provider has verified: who was shown its records."
)


#: Characters of a purpose.
MAX_PURPOSE = 200


def purpose_asked(_: click.Context, __: click.Parameter, value: str) -> str:
    """What it is for: asked for at a terminal. A script that doesn't say so yet goes on, and is told to."""
    told = "What is it for? Whoever it is about reads that"
    if not value and sys.stdin.isatty():
        value = click.prompt(told)
    if not value:
        click.echo(f"{told}: say --purpose TEXT. The audit says that nothing was said.", err=True)
    if len(value) > MAX_PURPOSE or (value and not value.strip()) or not value.isprintable():
        raise click.BadParameter(f"say in one line of 1 to {MAX_PURPOSE} characters what it is for")
    return value.strip()


@click.group("person")
def command() -> None:
    """Export or forget what is held about a person, or end their sessions, also beside a running server."""


@command.command("export")
@click.argument("subject")
@click.option("--output", "-o", type=click.Path(path_type=Path), required=True, help="A file that isn't there yet.")
@RESIDENT_ID
@click.option("--purpose", default="", callback=purpose_asked, help="What it is for, in a line that SUBJECT reads.")
@coroutine_command
@audited(whose="subject")
async def export_(ctx: click.Context, subject: str, output: Path, resident_id: str, purpose: str) -> None:
    """Write all that is held about SUBJECT, the identity provider's name for them, with their uploads, as a ZIP.

    The audit has who did that and what for, and SUBJECT is shown it, without your name.
    """
    del purpose  # the trace has it
    from banshi.builtin.personal_data.exporting import export
    from banshi.builtin.personal_data.holdings import DataSubject

    if await asyncio.to_thread(output.exists):
        raise click.ClickException(f"{output} is there already; name another file")
    whom = DataSubject(_known(subject), resident_id)
    async with _platform(config_of(ctx)) as platform:
        written = await export(platform, whom, zipped=True)
    await asyncio.to_thread(_copy, written.file, output)
    click.echo(f"{output} has all that is held about them; it is readable by you alone.")


@command.command("forget")
@click.argument("subject")
@RESIDENT_ID
@click.confirmation_option(prompt="What need not be kept of this person is gone for good then. Go on?")
@coroutine_command
@audited(whose="subject")
async def forget(ctx: click.Context, subject: str, resident_id: str) -> None:
    """Forget SUBJECT as far as the law lets it go, and say what is kept, why and until when."""
    from banshi.builtin.personal_data.holdings import DataSubject
    from banshi.builtin.personal_data.persons import forget_person

    whom = DataSubject(_known(subject), resident_id)
    async with _platform(config_of(ctx)) as platform:
        kept = await forget_person(platform, whom)
    for one in kept:
        until = f", until {one.until:%Y-%m-%d}" if one.until else ""
        click.echo(f"kept: {one.count} {one.what}{until}: {one.texts['en']}")
        for name in one.names:
            click.echo(f"  {name}")
    click.echo("Everything else about them is gone." if kept else "Nothing about them is held any more.")


@command.command("end-sessions")
@click.argument("subject", required=False)
@click.option("--everybody", is_flag=True, help="In place of SUBJECT: all people, and staff, sign in anew.")
@coroutine_command
@audited("everybody", whose="subject")
async def end_sessions(ctx: click.Context, subject: str | None, everybody: bool) -> None:
    """End what SUBJECT is signed in with: tokens, streams and chats from before now are good no more.

    Running servers know within five seconds. Whoever the identity provider lets in again gets in again: close the
    account there first.
    """
    from banshi.builtin.identity import ended

    if bool(subject) == everybody:
        raise click.UsageError("give a SUBJECT, or --everybody")
    async with _platform(config_of(ctx)) as platform:
        await ended.end_sessions(platform, None if subject is None else _known(subject))
    click.echo("Everybody has to sign in anew." if everybody else "They have to sign in anew.")


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
    from banshi.builtin.audit.commands import database

    registry = configure(config)
    async with database(registry) as store:
        yield closed_platform(registry, store)
