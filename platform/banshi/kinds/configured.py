"""What plugins.toml describes, the kinds of item included, and its database: for commands beside a running server."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import click

    from banshi.registry import Registry
    from banshi.store import Store


def configured(ctx: click.Context) -> Registry:
    """The registry of the plugins.toml that `banshi --config` names. Raises ConfigurationError with every finding."""
    from banshi.configuration import read_configuration
    from banshi.errors import ConfigurationError
    from banshi.kinds import KINDS
    from banshi.registry import inspect_plugins

    config = Path(ctx.find_root().params.get("config") or "plugins.toml")
    registry, found = inspect_plugins(read_configuration(config), KINDS)
    if errors := [finding for finding in found if not finding.warning]:
        raise ConfigurationError(errors)
    return registry


@asynccontextmanager
async def database(registry: Registry) -> AsyncIterator[Store]:
    """The registry's database with all tables, open while the block runs; a server may have it open as well."""
    from banshi.store import open_store

    settings = registry.configuration.settings
    settings.data.mkdir(parents=True, exist_ok=True)
    async with open_store(settings.database_url, registry.tables) as store:
        yield store
