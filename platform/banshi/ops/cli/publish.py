"""`banshi publish --samples`: the departments' made-up notices and alerts, so that a city has a voice."""

from __future__ import annotations

import asyncio
import sys
from datetime import datetime
from typing import TYPE_CHECKING

import click

from banshi.kernel.loading.cli_context import configured

if TYPE_CHECKING:
    from banshi.kernel.loading.registry import Registry
    from banshi.ops.samples import Published
    from banshi.testing import Person


@click.command("publish")
@click.option("--samples", is_flag=True, required=True, help="The made-up notices of all departments.")
@click.option("--url", default="http://127.0.0.1:8080", show_default=True, help="The server that publishes them.")
@click.pass_context
def command(ctx: click.Context, samples: bool, url: str) -> None:
    """Publish the made-up notices and alerts of all departments on a server for development.

    Days in them are counted from today. What was published today already stays as it is.
    """
    del samples
    registry = configured(ctx)
    try:
        published = asyncio.run(_over_http(registry, url.rstrip("/")))
    except ValueError as error:
        raise click.ClickException(str(error)) from None
    except OSError as error:
        raise click.ClickException(f"{url} doesn't answer ({error}); start it with `banshi serve`") from None
    for told in published.refused:
        click.secho(told, fg="red", err=True)
    click.echo(str(published))
    sys.exit(1 if published.refused else 0)


async def _over_http(registry: Registry, url: str) -> Published:
    """Raises ValueError where the platform is no development one, OSError where nothing answers."""
    import aiohttp

    from banshi.builtin.identity.development import development_token
    from banshi.ops.samples import publish
    from banshi.testing import Person

    settings = registry.configuration.settings
    async with aiohttp.ClientSession() as session:

        def staff(subject: str, role: str) -> Person:
            return Person(session, url, development_token(settings, subject, roles=[role]))

        return await publish(registry, staff, datetime.now(settings.timezone))
