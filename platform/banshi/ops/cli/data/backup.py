"""`banshi backup`: a copy of everything, beside a running server."""

from __future__ import annotations

import asyncio
from pathlib import Path

import click

from banshi.kernel.loading.cli_context import audited, configured

#: Where a backup is, or will be.
FOLDER = click.Path(path_type=Path, file_okay=False)


@click.command("backup")
@click.argument("folder", type=FOLDER)
@click.option("--without-keys", is_flag=True, help="Leave out the keys folder, which is then yours to keep elsewhere.")
@click.pass_context
@audited("folder", "without_keys")
def command(ctx: click.Context, folder: Path, without_keys: bool) -> None:
    """Back up the database, the files beside it and the keys into FOLDER, which has to be new."""
    from banshi.foundation.database.opening import existing
    from banshi.ops.backup import make

    registry = configured(ctx)
    settings = registry.configuration.settings

    async def fits() -> None:
        from banshi.builtin.audit.commands import leave_trace

        async with existing(settings.database_url, registry.tables, personal=settings.personal_keys) as store:
            try:
                await leave_trace(settings, store)
            except Exception as error:
                # A disk that is full, a standby, keys that are gone: just then somebody needs the backup.
                told = f"that you make it could not be noted in the audit ({type(error).__name__}: {error})"
                click.echo(f"The backup goes on, but {told}.", err=True)

    asyncio.run(fits())
    files = make(settings, folder, keys=not without_keys)
    click.echo(f"{folder}: the database and {files - 1} file{'' if files == 2 else 's'}.")
    if settings.personal_keys is not None:
        told = "is not in it, and without it nobody reads what is personal: keep a copy of it elsewhere."
        click.echo(f"The ring {settings.personal_keys} {told}", err=True)
    if not without_keys:
        click.echo("The keys are in it: keep it as safe as the keys folder itself.", err=True)
