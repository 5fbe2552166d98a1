"""`banshi keys`: the keys that sign passes, and those of personal columns (`personal_keys.py`)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import click

from banshi.kernel.loading.cli_context import audited, coroutine_command, settings_of, unaudited
from banshi.ops.cli.data import personal_keys

if TYPE_CHECKING:
    from banshi.kernel.loading.settings import Settings


@click.group("keys", invoke_without_command=True)
@click.pass_context
def command(ctx: click.Context) -> None:
    """List, rotate and revoke the keys that sign passes."""
    if ctx.invoked_subcommand is None:
        ctx.invoke(show)


command.add_command(personal_keys.command)


@command.command("list")
@coroutine_command
@unaudited
async def show(ctx: click.Context) -> None:
    """List the keys with the dates of their lives."""
    from banshi.builtin.passes.models import SigningKey

    async with _opened(ctx):
        rows = await SigningKey.all().order_by("created_at")
    if not rows:
        click.echo("There is no key yet: the first start of `banshi serve` makes one.")
    now = datetime.now(UTC)
    for row in rows:
        if row.revoked_at:
            state = f"revoked {row.revoked_at:%Y-%m-%d %H:%M}"
        elif row.signs_from > now:
            state = f"published, signs from {row.signs_from:%Y-%m-%d %H:%M} UTC"
        elif row.retired_at and row.retired_at <= now:
            state = f"retired {row.retired_at:%Y-%m-%d %H:%M}, still verifies"
        else:
            state = "signs"
        click.echo(f"{row.kid}  {state}")


@command.command("rotate")
@click.option(
    "--lead",
    default=48,
    type=click.IntRange(0, 24 * 365),
    show_default=True,
    help="Hours for which the new key is published before it signs.",
)
@click.option("--now", "at_once", is_flag=True, help="Sign with it at once: after a key was lost.")
@coroutine_command
@audited("lead", "at_once")
async def rotate(ctx: click.Context, lead: int, at_once: bool) -> None:
    """Make a new key; the present ones sign until it takes over, and verify for good."""
    from banshi.builtin.passes import keys

    ahead = timedelta(hours=0 if at_once else lead)
    async with _opened(ctx) as settings:
        row = await keys.rotate(settings.keys_folder, datetime.now(UTC), ahead)
    click.echo(f"{row.kid} signs from {row.signs_from:%Y-%m-%d %H:%M} UTC; running servers know within a minute.")


@command.command("revoke")
@click.argument("kid")
@click.confirmation_option(prompt="No pass that this key signed will be valid any more. Go on?")
@coroutine_command
@audited("kid")
async def revoke(ctx: click.Context, kid: str) -> None:
    """Declare the key KID lost: no pass that it signed is valid any more."""
    from banshi.builtin.passes import keys
    from banshi.foundation.errors import NotFound

    async with _opened(ctx) as settings:
        try:
            await keys.revoke(settings.keys_folder, kid, datetime.now(UTC))
        except NotFound as error:
            raise click.ClickException(error.detail) from None
    click.echo(f"{kid} is revoked. `banshi keys rotate --now` makes a key to sign with.")


@asynccontextmanager
async def _opened(ctx: click.Context) -> AsyncIterator[Settings]:
    """The settings, with their database open; no plugin is asked for its tables."""
    from banshi.builtin.audit.commands import database_of

    settings = settings_of(ctx)
    async with database_of(settings, {}):
        yield settings
