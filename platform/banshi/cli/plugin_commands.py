"""The commands that plugins add through `banshi_commands`."""

from __future__ import annotations

from pathlib import Path

import click

from banshi.errors import ConfigurationError


def plugin_commands(config: Path) -> dict[str, click.Command]:
    """By name; nothing where the configuration is wrong."""
    from banshi.configuration import read_configuration
    from banshi.kinds import KINDS
    from banshi.registry import inspect_plugins

    try:
        registry, _ = inspect_plugins(read_configuration(config), KINDS)
    except ConfigurationError:
        return {}
    return registry.commands
