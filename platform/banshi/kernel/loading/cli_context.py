"""What the subcommands of `banshi` share: what plugins.toml describes, read once for all parts of a command."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import click

    from banshi.foundation.findings import Finding
    from banshi.kernel.loading.registry import Registry

#: Where a command keeps what it has read.
KEPT = "banshi.kernel.loading.registry"


def registry_of(ctx: click.Context) -> tuple[Registry, list[Finding]]:
    """The registry of the plugins.toml that `banshi --config` names, as far as it can be read, and every finding.

    Of Banshi's own plugins it has the kinds of item alone, which all others do without.

    Raises ConfigurationError where there is no such file or it is no configuration.
    """
    from banshi.default_plugins import default_kinds
    from banshi.kernel.loading.configuration import read_configuration
    from banshi.kernel.loading.loader import inspect_plugins

    if KEPT not in ctx.meta:
        config = Path(ctx.find_root().params.get("config") or "plugins.toml")
        ctx.meta[KEPT] = inspect_plugins(read_configuration(config), default_kinds())
    found: tuple[Registry, list[Finding]] = ctx.meta[KEPT]
    return found
