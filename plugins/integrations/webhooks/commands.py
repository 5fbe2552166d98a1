"""`banshi webhooks`: who is sent to, and how the receivers do."""

from __future__ import annotations

import asyncio
from typing import Any

import click

from banshi.sdk.database import configured, database


@click.group("webhooks")
def webhooks() -> None:
    """See integrators' webhooks, and end one that does harm."""


@webhooks.command("list")
@click.pass_context
def list_(ctx: click.Context) -> None:
    """List the webhooks: whose, where to, and how they do."""
    for line in asyncio.run(_listed(configured(ctx))):
        click.echo(line)


@webhooks.command("disable")
@click.argument("webhook_id", type=click.UUID)
@click.option("--reason", required=True, help="What its owner reads.")
@click.pass_context
def disable(ctx: click.Context, webhook_id: Any, reason: str) -> None:
    """Send nothing more to WEBHOOK_ID; running servers know it within seconds. Its owner can resume it."""
    if not reason.strip() or not reason.isprintable() or len(reason) > 200:
        raise click.ClickException("--reason has to be one line of 1 to 200 characters")
    if not asyncio.run(_disabled(configured(ctx), webhook_id, reason.strip())):
        raise click.ClickException(f"there is no webhook {webhook_id}; `banshi webhooks list` shows them all")
    click.echo(f"{webhook_id} is disabled")


async def _listed(registry: Any) -> list[str]:
    from .models import Subscription
    from .subscriptions.representations import moment

    zone = registry.configuration.settings.timezone
    async with database(registry):
        rows = await Subscription.all().order_by("client", "id")
    lines = []
    for row in rows:
        lines.append(f"{row.id}  {row.state}  {row.client}  {row.url}")
        if row.reason:
            lines.append(f"    {row.reason}")
        if row.failing_since:
            lines.append(f"    fails since {moment(row.failing_since, zone)}, with {row.code}")
    return lines or ["no webhooks yet; a client makes one with POST /v1/webhooks"]


async def _disabled(registry: Any, webhook_id: Any, reason: str) -> int:
    from .models import Subscription

    async with database(registry):
        return await Subscription.filter(id=webhook_id).update(state="disabled", reason=reason)
