"""The command `banshi`. Each subcommand is a file; it is imported when it is called, so that `--help` stays quick."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

import click

from banshi.errors import ConfigurationError

#: Subcommand → the module that holds it as `command`.
COMMANDS = {
    "audit": "banshi.cli.audit",
    "backup": "banshi.cli.backup",
    "check": "banshi.cli.check",
    "demo": "banshi.cli.demo",
    "doctor": "banshi.cli.doctor",
    "encrypt": "banshi.cli.encrypt",
    "hooks": "banshi.cli.hooks",
    "keys": "banshi.cli.keys",
    "migrate": "banshi.cli.migrate",
    "new": "banshi.cli.new",
    "outbox": "banshi.cli.outbox",
    "restore": "banshi.cli.restore",
    "person": "banshi.cli.person",
    "serve": "banshi.cli.serve",
    "token": "banshi.cli.token",  # nosec B105 - a module
    "worker": "banshi.cli.worker",
}


class Commands(click.Group):
    """The kernel's commands, and those of the plugins in plugins.toml."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted([*COMMANDS, *self._plugins(ctx)])

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name in COMMANDS:
            command: click.Command = importlib.import_module(COMMANDS[cmd_name]).command
            return command
        return self._plugins(ctx).get(cmd_name)

    def _plugins(self, ctx: click.Context) -> dict[str, click.Command]:
        """What plugins add. A configuration that can't be read adds nothing: `check` says what is wrong with it."""
        from banshi.commands import registry_of
        from banshi.kinds import KINDS

        try:
            return registry_of(ctx, KINDS)[0].commands
        except ConfigurationError:
            return {}


def config_of(ctx: click.Context) -> Path:
    """The plugins.toml that the command is about."""
    return Path(ctx.find_root().params.get("config") or "plugins.toml")


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--config", default="plugins.toml", show_default=True, help="The file that lists the plugins.")
@click.version_option(package_name="banshi")
def group(config: str) -> None:
    """One door to every department."""
    del config  # read through the context by the subcommands


def main() -> None:
    """The console script. What an operator can mend is told in a sentence each, without a stack."""
    try:
        group(standalone_mode=True)
    except ConfigurationError as error:
        for finding in error.findings:
            click.secho(str(finding), fg="red", err=True)
        click.echo(f"{len(error.findings)} to mend; `banshi check` shows them with the warnings.", err=True)
        sys.exit(2)
    except OSError as error:
        if error.filename is None:
            raise
        click.secho(f"{error.filename}: {error.strerror}", fg="red", err=True)
        sys.exit(1)
