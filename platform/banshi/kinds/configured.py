"""What plugins.toml describes, the kinds of item included, and its database: for commands beside a running server."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import click

    from banshi.foundation.database.store import Store
    from banshi.kernel.loading.registry import Registry


def configured(ctx: click.Context) -> Registry:
    """The registry of the plugins.toml that `banshi --config` names. Raises ConfigurationError with every finding."""
    from banshi.foundation.findings import ConfigurationError
    from banshi.kernel.loading.cli_context import registry_of

    registry, found = registry_of(ctx)
    if errors := [finding for finding in found if not finding.warning]:
        raise ConfigurationError(errors)
    return registry


@asynccontextmanager
async def database(registry: Registry) -> AsyncIterator[Store]:
    """The registry's database with all tables, open while the block runs; a server may have it open as well."""
    from banshi.foundation.database.opening import open_store
    from banshi.kernel.loading.configuration import make_folders

    settings = registry.configuration.settings
    make_folders(settings)
    opening = open_store(
        settings.database_url,
        registry.tables,
        migrate=settings.migrate_at_start,
        personal=settings.personal_keys,
    )
    async with opening as store:
        yield store
