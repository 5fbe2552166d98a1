"""What plugins.toml describes, the kinds of item included, and its database: for commands beside a running server."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import click

    from banshi.registry import Registry
    from banshi.store import Store


def configured(ctx: click.Context) -> Registry:
    """The registry of the plugins.toml that `banshi --config` names. Raises ConfigurationError with every finding."""
    from banshi.commands import registry_of
    from banshi.errors import ConfigurationError

    registry, found = registry_of(ctx)
    if errors := [finding for finding in found if not finding.warning]:
        raise ConfigurationError(errors)
    return registry


@asynccontextmanager
async def database(registry: Registry) -> AsyncIterator[Store]:
    """The registry's database with all tables, open while the block runs; a server may have it open as well."""
    from banshi.configuration import make_folders
    from banshi.opening import open_store

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
