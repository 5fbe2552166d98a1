"""`banshi restore`: from a backup back into an empty place, from which nothing goes out yet."""

from __future__ import annotations

from pathlib import Path

import click

from banshi.kernel.loading.cli_context import configured, operator_of
from banshi.ops.cli.data.backup import FOLDER


@click.command("restore")
@click.argument("folder", type=FOLDER)
@click.pass_context
def command(ctx: click.Context, folder: Path) -> None:
    """Restore the backup in FOLDER; nothing of what it had promised goes out until `banshi outbox release`."""
    from banshi.kernel.outbox.pause import AFTER_RESTORE
    from banshi.ops.backup import restore

    registry = configured(ctx)
    after = [statement for _, given in registry.offered(AFTER_RESTORE) for statement in given]
    manifest = restore(registry.configuration.settings, folder, after, operator_of(ctx))
    click.echo(f"Restored as of {manifest.made_at}. `banshi serve` may start; nothing goes out yet.")
    if not manifest.keys:
        click.echo("The backup is without keys: bring them back into the keys folder before the start.", err=True)
    if manifest.personal:
        file = registry.configuration.settings.personal_keys
        told = f"bring it back to {file}" if file else "say in platform.personal_keys where it is"
        if file is None or not file.exists():
            click.echo(
                f"Its personal columns are encrypted: {told} before the start; a ring is in no backup.", err=True
            )
    click.echo("Look with `banshi outbox list`, then `banshi outbox release`.", err=True)
