"""The command `banshi`. Each subcommand is a file; it is imported when it is called, so that `--help` stays quick."""

from __future__ import annotations

import gc
import importlib
import sys

import click

from banshi.foundation.findings import ConfigurationError

#: Subcommand → the module that holds it as `command`.
COMMANDS = {
    "audit": "banshi.ops.cli.data.audit",
    "backup": "banshi.ops.cli.data.backup",
    "check": "banshi.ops.cli.check",
    "commands": "banshi.ops.cli.commands",
    "demo": "banshi.ops.cli.demo.demo",
    "doctor": "banshi.ops.cli.doctor",
    "encrypt": "banshi.ops.cli.data.encrypt",
    "form": "banshi.ops.cli.form",
    "hooks": "banshi.ops.cli.hooks",
    "keys": "banshi.ops.cli.data.keys",
    "migrate": "banshi.ops.cli.server.migrate",
    "new": "banshi.ops.cli.new",
    "outbox": "banshi.ops.cli.outbox",
    "publish": "banshi.ops.cli.publish",
    "restore": "banshi.ops.cli.data.restore",
    "person": "banshi.ops.cli.data.person",
    "serve": "banshi.ops.cli.server.serve",
    "token": "banshi.ops.cli.token",  # nosec B105 - a module
    "worker": "banshi.ops.cli.server.worker",
}


class Commands(click.Group):
    """The kernel's commands, and those of the plugins in plugins.toml, which are loaded when one of them is called."""

    def list_commands(self, _: click.Context) -> list[str]:
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name in COMMANDS:
            command: click.Command = importlib.import_module(COMMANDS[cmd_name]).command
            return command
        return self.of_plugins(ctx).get(cmd_name)

    def of_plugins(self, ctx: click.Context) -> dict[str, click.Command]:
        """What plugins add. A configuration that can't be read adds nothing: `check` says what is wrong with it."""
        from banshi.kernel.loading.cli_context import registry_of

        try:
            return registry_of(ctx)[0].commands
        except ConfigurationError:
            return {}


@click.group(
    cls=Commands,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="Plugins add commands of their own: `banshi commands` lists them too.",
)
@click.option("--config", default="plugins.toml", show_default=True, help="The file that lists the plugins.")
@click.option(
    "--as", "operator", envvar="BANSHI_OPERATOR", default="", metavar="NAME", help="Who you are, for the audit."
)
@click.version_option(package_name="banshi")
def group(config: str, operator: str) -> None:
    """One door to every department."""
    del config, operator  # read through the context by the subcommands


#: New objects after which garbage is looked for, and how many such looks go before one among older ones. A start makes
#: half a million objects that stay: with Python's 700 a tenth of its time goes into looking through them in vain.
GC_THRESHOLD = (50_000, 20, 100)


def main() -> None:
    """The console script. What an operator can mend is told in a sentence each, without a stack."""
    gc.set_threshold(*GC_THRESHOLD)
    try:
        group(standalone_mode=True)
    except ConfigurationError as error:
        for finding in error.findings:
            click.secho(str(finding), fg="red", err=True)
        click.echo(f"{len(error.findings)} to mend; `banshi check` shows them with the warnings.", err=True)
        sys.exit(2)
    except Exception as error:
        if (told := _told(error)) is None:
            raise
        click.secho(told, fg="red", err=True)
        sys.exit(1)


def _told(error: Exception) -> str | None:
    """What an operator reads of a file, or of a database, that can't do it; None for whatever is a fault of ours."""
    import sqlite3

    from banshi.foundation.database.failover.fates import code_of, is_outage
    from banshi.foundation.errors import StorageFull, Unavailable

    if is_outage(error) or isinstance(error, StorageFull | Unavailable):
        why = code_of(error.__cause__ or error) or error
        return f"the database can't do it now ({why}): see `banshi doctor`, then run this again"
    # Its subclasses are of statements; this one is of the file.
    if type(error) is sqlite3.DatabaseError:
        return f"the database's file is damaged ({error}): see `banshi doctor`, then restore the newest backup"
    if isinstance(error, OSError) and error.filename is not None:
        return f"{error.filename}: {error.strerror}"
    return None
