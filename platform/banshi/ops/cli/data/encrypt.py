"""`banshi encrypt`: seals with the newest keys what is in the database, also what is plain so far."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import click

from banshi.kernel.loading.cli_context import audited, configured, coroutine_command

if TYPE_CHECKING:
    from banshi.kernel.loading.registry import Registry


@click.command("encrypt")
@click.option("--look-ups", is_flag=True, help="The look-ups first, for which no server may run.")
@click.option("--yes", is_flag=True, help="Don't ask whether every server is stopped.")
@coroutine_command
@audited("look_ups")
async def command(ctx: click.Context, look_ups: bool, yes: bool) -> None:
    """Seal what is in the database with the newest keys of the ring. Cut short, it is simply run again."""
    from banshi.builtin.audit.commands import existing_database
    from banshi.foundation.encryption.sealing import CannotOpen
    from banshi.ops.backup.resealing import Running

    registry = configured(ctx)
    if registry.configuration.settings.personal_keys is None:
        raise click.ClickException("say in platform.personal_keys of plugins.toml where the ring of keys is")
    if look_ups and not yes:
        click.confirm("Is every server and worker of this deployment stopped?", abort=True)
    try:
        await _encrypt(registry, look_ups=look_ups)
        # Behind it: before, the keys need not be those of the database yet.
        async with existing_database(registry):
            pass
    except (Running, CannotOpen) as error:
        raise click.ClickException(str(error)) from None


async def _encrypt(registry: Registry, *, look_ups: bool) -> None:
    from banshi.foundation.database.opening import connected, told_as_setting
    from banshi.foundation.database.upgrade import missing, too_old
    from banshi.foundation.encryption.look_ups import AFTER_LOOK_UPS, fit, models_of
    from banshi.ops.backup.resealing import columns_in, reseal, reseal_look_ups

    settings = registry.configuration.settings
    async with connected(settings.patient_url, registry.tables, settings.personal_keys) as (context, apps):
        with told_as_setting():
            if steps := await missing(apps):
                raise too_old(steps)
        ring, models = context.ring, models_of(context.apps)
        assert ring is not None  # noqa: S101 - the setting is there
        if look_ups:
            after = [statement for _, given in registry.offered(AFTER_LOOK_UPS) for statement in given]
            changed = await reseal_look_ups(ring, models, after)
            click.echo(f"look-ups: {changed} sealed with key i{ring.newest_look_up}")
        connection = context.connections.get("default")
        await fit(connection, ring, models)
        done: Counter[str] = Counter()
        async for column, rows in reseal(connection, ring, columns_in(models, looked_up=False)):
            done[column.field.place] += rows
        for place, rows in done.items():
            click.echo(f"{place}: {rows} sealed with key {ring.sealing()[0]}")
        click.echo(f"{sum(done.values())} values; `banshi keys personal list --count` says what is under which key.")
