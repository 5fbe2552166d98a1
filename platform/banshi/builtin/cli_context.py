"""What the subcommands of `banshi` share: what plugins.toml describes, read once for a command, and its database."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping
from contextlib import asynccontextmanager
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec

if TYPE_CHECKING:
    import click

    from banshi.foundation.database.store import Store
    from banshi.foundation.database.tables import Tables
    from banshi.foundation.findings import Finding
    from banshi.kernel.loading.registry import Registry
    from banshi.kernel.loading.settings import Settings

P = ParamSpec("P")

#: Where a command keeps what it has read.
KEPT = "banshi.registry"


def coroutine_command(
    command: Callable[Concatenate[click.Context, P], Coroutine[Any, Any, None]],
) -> Callable[P, None]:
    """Let a coroutine be a command. It is given click's context before its arguments and options."""
    import click

    @click.pass_context
    @wraps(command)
    def run(ctx: click.Context, /, *args: P.args, **options: P.kwargs) -> None:
        asyncio.run(command(ctx, *args, **options))

    return run


def config_of(ctx: click.Context) -> Path:
    """The plugins.toml that the command is about."""
    return Path(ctx.find_root().params.get("config") or "plugins.toml")


def settings_of(ctx: click.Context) -> Settings:
    """The platform's settings in it; no plugin is loaded."""
    from banshi.kernel.loading.configuration import read_configuration

    return read_configuration(config_of(ctx)).settings


def registry_of(ctx: click.Context) -> tuple[Registry, list[Finding]]:
    """The registry of the plugins.toml that `banshi --config` names, as far as it can be read, and every finding.

    Of Banshi's own plugins it has the kinds of item alone, which all others do without.

    Raises ConfigurationError where there is no such file or it is no configuration.
    """
    from banshi.default_plugins import default_kinds
    from banshi.kernel.loading.configuration import read_configuration
    from banshi.kernel.loading.loader import inspect_plugins

    if KEPT not in ctx.meta:
        ctx.meta[KEPT] = inspect_plugins(read_configuration(config_of(ctx)), default_kinds())
    found: tuple[Registry, list[Finding]] = ctx.meta[KEPT]
    return found


def configured(ctx: click.Context) -> Registry:
    """The registry of the plugins.toml that `banshi --config` names. Raises ConfigurationError with every finding."""
    from banshi.foundation.findings import ConfigurationError

    registry, found = registry_of(ctx)
    if errors := [finding for finding in found if not finding.warning]:
        raise ConfigurationError(errors)
    return registry


@asynccontextmanager
async def database(registry: Registry) -> AsyncIterator[Store]:
    """The registry's database with all tables, open while the block runs; a server may have it open as well."""
    async with database_of(registry.configuration.settings, registry.tables) as store:
        yield store


@asynccontextmanager
async def database_of(settings: Settings, tables: Mapping[str, Tables]) -> AsyncIterator[Store]:
    """The same with Banshi's own tables and these."""
    from banshi.foundation.database.opening import open_store
    from banshi.kernel.loading.configuration import make_folders

    make_folders(settings)
    migrate, personal = settings.migrate_at_start, settings.personal_keys
    async with open_store(settings.database_url, tables, migrate=migrate, personal=personal) as store:
        yield store
