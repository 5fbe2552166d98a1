"""`banshi commands`: every command, those of plugins too, which `--help` doesn't load."""

from __future__ import annotations

import click

from banshi.ops.cli import COMMANDS, Commands


@click.command("commands")
@click.pass_context
def command(ctx: click.Context) -> None:
    """List every command, those of the plugins in plugins.toml too."""
    root = ctx.find_root()
    group = root.command
    assert isinstance(group, Commands)  # noqa: S101 - the command that this one is a part of
    found = {**dict.fromkeys(COMMANDS), **group.of_plugins(ctx)}
    width = max(map(len, found))
    for name in sorted(found):
        one = group.get_command(ctx, name)
        click.echo(f"{name:<{width}}  {one.get_short_help_str(80) if one else ''}".rstrip())
