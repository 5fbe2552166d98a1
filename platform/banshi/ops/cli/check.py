"""`banshi check`: everything that is wrong with plugins.toml and the plugins, at once."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from banshi.foundation.findings import ConfigurationError, Finding, did_you_mean
from banshi.kernel.loading.cli_context import config_of
from banshi.ops import development
from banshi.ops.cli import COMMANDS

if TYPE_CHECKING:
    from banshi.kernel.loading.registry import Registry


@click.command("check")
@click.argument("plugin", required=False)
@click.option("--strict", is_flag=True, help="Count warnings as errors, and note what is not known of each item.")
@click.pass_context
def command(ctx: click.Context, plugin: str | None, strict: bool) -> None:
    """Hold all plugins, or PLUGIN alone, to the contract.

    Prints one line per finding: the plugin, the rule, and what to do. The status is 1 where there is an error.
    """
    if plugin is not None and not strict:
        from banshi.ops.alone import is_right

        if is_right(config_of(ctx), plugin):
            click.echo("nothing to mend, no warnings")
            return
    try:
        registry, found = findings(config_of(ctx), strict=strict, plugin=plugin)
        found += development.findings(registry.configuration)
        entries = registry.configuration.entries
        names = [*entries, *(name for name in registry.plugins if name not in entries)]
    except ConfigurationError as error:
        names, found = [], list(error.findings)
        plugin = None  # nothing can be said of any plugin before the file can be read
    if plugin is not None:
        if plugin not in names and not any(finding.plugin == plugin for finding in found):
            raise click.UsageError(f"there is no plugin {plugin} in {config_of(ctx)}: {did_you_mean(plugin, names)}")
        found = [finding for finding in found if finding.plugin == plugin]
    for finding in sorted(found, key=lambda finding: finding.warning):
        kind = " (note)" if finding.note else " (warning)" if finding.warning else ""
        click.secho(f"{finding}{kind}", fg="yellow" if kind else "red")
    warnings = sum(finding.warning and not finding.note for finding in found)
    errors = sum(not finding.warning for finding in found)
    click.echo(f"{errors or 'nothing'} to mend, {warnings or 'no'} warning{'' if warnings == 1 else 's'}")
    sys.exit(1 if errors or (strict and warnings) else 0)


def findings(config: Path, *, strict: bool, plugin: str | None = None) -> tuple[Registry, list[Finding]]:
    """The registry as far as it could be filled and all that is wrong. Raises ConfigurationError if nothing is read.

    With `plugin`, what is looked for in each plugin by itself is looked for in that one alone.
    """
    from banshi.app import inspected
    from banshi.builtin.catalogue.item_files import ItemFiles, put_away
    from banshi.builtin.catalogue.search import index_of
    from banshi.builtin.checks.code import sources
    from banshi.builtin.checks.code.migrations import contracting, unreadable
    from banshi.builtin.checks.code.tables import unmigrated
    from banshi.kernel.loading.configuration import inspect_configuration

    configuration, found = inspect_configuration(config)
    registry, more = inspected(configuration, strict=strict)
    found += [*more, *commands_are_free(registry)]
    if not strict and not any(not finding.warning for finding in found):
        # A large city's next start need not check again what is right.
        registry.warnings = tuple(found)
        put_away(registry, ItemFiles(configuration.settings.items_folder))
        if registry.put_away:
            index_of(registry)
    found += sources.findings(registry, configuration.entries if plugin is None else [plugin])
    tables = plugin is None or plugin in registry.tables
    if tables and not any(finding.rule in TABLES_FAIL for finding in found):
        found += (broken := list(unreadable(registry)))
        found += [] if broken else [*asyncio.run(unmigrated(registry)), *contracting(registry)]
    return registry, found


#: Findings after which the models can't be compared with the migrations.
TABLES_FAIL = {"no-tables", "no-migration", "duplicate-table"}


def commands_are_free(registry: Registry) -> Iterator[Finding]:
    """A plugin's command never hides behind one of the kernel's."""
    for name in sorted(registry.commands.keys() & COMMANDS):
        owner = registry.owners["command", name]
        yield Finding(owner, "duplicate-command", f"rename the command {name!r}: `banshi {name}` is the kernel's own")
