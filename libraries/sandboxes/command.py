"""`banshi channel-sandbox`, and what the commands of the sandboxes with phones have in common."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

import click

from sandboxes.phones import Phones


@click.command("channel-sandbox")
@click.argument("channel", type=click.Choice(["qq", "weibo", "wechat"]))
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=9097, show_default=True, help="Port to listen on.")
@click.option(
    "--to", default="", help="Address of the account's server; without, http://127.0.0.1:8080/v1/CHANNEL/city."
)
@click.pass_context
def channel_sandbox(ctx: click.Context, channel: str, host: str, port: int, to: str) -> None:
    """Run a channel's provider on this machine, with a page to chat as a phone would."""
    command = getattr(import_module(f"{channel}.sandbox.command"), f"{channel}_sandbox")
    ctx.invoke(command, host=host, port=port, to=to or f"http://127.0.0.1:8080/v1/{channel}/city")


def read_keys(path: Path) -> dict[str, str]:
    """An earlier run's keys. Raises ValueError."""
    found = json.loads(path.read_bytes()) if path.exists() else {}
    if not isinstance(found, dict):
        raise ValueError("it is no account of the sandbox; name another file with --account")
    return found


def write_keys(path: Path, keys: Mapping[str, str]) -> None:
    """For this user alone, so that a platform that runs goes on after the sandbox restarts."""
    if not path.exists():
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            json.dump(dict(keys), file)


def run(sandbox: Phones[Any], title: str, table: Callable[[str], Sequence[str]]) -> None:
    """Serve until Ctrl-C, once it is said how a platform uses it: its table by the name in the address."""

    async def serving() -> None:
        async with sandbox:
            click.echo(f"{title} on {sandbox.url} until Ctrl-C. Put this into plugins.toml and start `banshi serve`:\n")
            click.echo("\n".join(table(sandbox.callbacks.to.rstrip("/").rpartition("/")[2])))
            click.echo(f"\nChat as a phone: {sandbox.url}/")
            click.echo(f"Faults: {sandbox.url}/sandbox/faults   what was sent: {sandbox.url}/sandbox/deliveries")
            await asyncio.get_running_loop().create_future()

    try:
        asyncio.run(serving())
    except KeyboardInterrupt:
        pass
    except OSError as error:
        raise click.ClickException(f"{error.strerror or error}; say another --port") from None
