"""`banshi channel-sandbox`, and what the commands of the sandboxes with phones have in common."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Callable, Coroutine
from functools import partial
from pathlib import Path
from pkgutil import resolve_name
from typing import Any

import click

from sandboxes.phones import Phones

CHANNELS = {
    "qq": "qq.sandbox.server:QqSandbox",
    "weibo": "weibo.sandbox.server:WeiboSandbox",
    "wechat": "wechat.sandbox.control:WeChatSandbox",
}


@click.command("channel-sandbox")
@click.argument("channel", type=click.Choice([*CHANNELS]))
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=9097, show_default=True, help="Port to listen on.")
@click.option(
    "--to", default="", help="Address of the account's server; without, http://127.0.0.1:8080/v1/CHANNEL/city."
)
def channel_sandbox(channel: str, host: str, port: int, to: str) -> None:
    """Run a channel's provider on this machine, with a page to chat as a phone would."""
    to = to or f"http://127.0.0.1:8080/v1/{channel}/city"
    run(Path(f"{channel}-sandbox.json"), partial(resolve_name(CHANNELS[channel]).kept, to, host, port))


def run(file: Path, made: Callable[[Any], Phones[Any]]) -> None:
    """Serve until Ctrl-C, once it is said how a platform uses it. What was made up is kept in a file."""
    try:
        keys = json.loads(file.read_bytes()) if file.exists() else {}
        if not isinstance(keys, dict):
            raise ValueError("it is no account of the sandbox; name another file with --account")
        sandbox = made(keys)
    except (ValueError, TypeError) as error:
        raise click.ClickException(f"{file} or an option is wrong: {error}") from None
    if not file.exists():
        # For this user alone, so that a platform that runs goes on after the sandbox restarts.
        with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as kept:
            json.dump(sandbox.keys(), kept)

    async def serving() -> None:
        async with sandbox:
            click.echo(f"{sandbox.TITLE} on {sandbox.url} until Ctrl-C.", nl=False)
            click.echo(" Put this into plugins.toml and start `banshi serve`:\n")
            click.echo("\n".join(sandbox.table(sandbox.callbacks.to.rstrip("/").rpartition("/")[2])))
            click.echo(f"\nChat as a phone: {sandbox.url}/")
            click.echo(f"Faults: {sandbox.url}/sandbox/faults   what was sent: {sandbox.url}/sandbox/deliveries")
            await asyncio.get_running_loop().create_future()

    until_ended(serving())


def until_ended(sandbox: Coroutine[Any, Any, None], options: str = "--port") -> None:
    """Run it until Ctrl-C; `options` are those of its command that say where it listens and writes."""
    try:
        asyncio.run(sandbox)
    except KeyboardInterrupt:
        pass
    except OSError as error:
        raise click.ClickException(f"{error.strerror or error}; say another {options}") from None
    except ModuleNotFoundError as error:
        raise click.ClickException(f"{error.name} is not installed: python -m pip install 'banshi[demo]'") from None
