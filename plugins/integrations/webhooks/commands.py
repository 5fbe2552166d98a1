"""`banshi webhooks`: who is sent to, and how the receivers do."""

from __future__ import annotations

from uuid import UUID

import click

from banshi.sdk.database import audited, configured, coroutine_command, database, unaudited


@click.group("webhooks")
def webhooks() -> None:
    """See integrators' webhooks, and end one that does harm."""


@webhooks.command("list")
@coroutine_command
@unaudited
async def list_(ctx: click.Context) -> None:
    """List the webhooks: whose, where to, and how they do."""
    from .models import Subscription
    from .subscriptions.representations import moment

    registry = configured(ctx)
    async with database(registry):
        rows = await Subscription.all().order_by("client", "id")
    if not rows:
        click.echo("no webhooks yet; a client makes one with POST /v1/webhooks")
    for row in rows:
        click.echo(f"{row.id}  {row.state}  {row.client}  {row.url}")
        if row.reason:
            click.echo(f"    {row.reason}")
        if row.failing_since:
            since = moment(row.failing_since, registry.configuration.settings.timezone)
            click.echo(f"    fails since {since}, with {row.code}")


@webhooks.command("disable")
@click.argument("webhook_id", type=click.UUID)
@click.option("--reason", required=True, help="What its owner reads.")
@coroutine_command
@audited("webhook_id")
async def disable(ctx: click.Context, webhook_id: UUID, reason: str) -> None:
    """Send nothing more to WEBHOOK_ID; running servers know it within seconds. Its owner can resume it."""
    from .models import Subscription

    if not reason.strip() or not reason.isprintable() or len(reason) > 200:
        raise click.ClickException("--reason has to be one line of 1 to 200 characters")
    async with database(configured(ctx)):
        row = Subscription.filter(id=webhook_id)
        if not await row.update(state="disabled", reason=reason.strip()):
            raise click.ClickException(f"there is no webhook {webhook_id}; `banshi webhooks list` shows them all")
    click.echo(f"{webhook_id} is disabled")
