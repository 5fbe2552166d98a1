"""`banshi wechat-sandbox`: WeChat on this machine, for developers without an account."""

from __future__ import annotations

import asyncio
import json
import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from wechat.sandbox.control import WeChatSandbox


@click.command("wechat-sandbox")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=9097, show_default=True, help="Port to listen on.")
@click.option(
    "--to", default="http://127.0.0.1:8080/v1/wechat/city", show_default=True, help="Address of the account's server."
)
@click.option("--mode", type=click.Choice(["plain", "compatible", "safe"]), default="safe", show_default=True)
@click.option("--attempts", default=3, show_default=True, help="How often a message is sent in all.")
@click.option("--faults", "faults_", default="{}", help="Faults from the start, as JSON; GET /sandbox/faults has all.")
@click.option(
    "--account",
    type=click.Path(dir_okay=False, path_type=Path),
    default=Path("wechat-sandbox.json"),
    show_default=True,
    help="Where the account's made-up keys are kept.",
)
def wechat_sandbox(host: str, port: int, to: str, mode: str, attempts: int, faults_: str, account: Path) -> None:
    """Run WeChat's side of an official account on this machine, with a page to chat as a phone would."""
    from wechat.sandbox.account import Account, Keys
    from wechat.sandbox.control import WeChatSandbox
    from wechat.sandbox.numbers import Faults, Limits

    try:
        made = Account(Keys(**read_keys(account)), mode, Limits(attempts=attempts))
        sandbox = WeChatSandbox(to, host, port, made)
        sandbox.set_faults(Faults.read(faults_.encode()))
    except (ValueError, TypeError) as error:
        raise click.ClickException(f"{account} or --faults is wrong: {error}") from None
    write_keys(account, {name: getattr(made.keys, name) for name in Keys.__slots__})
    try:
        asyncio.run(serve(sandbox))
    except KeyboardInterrupt:
        pass
    except OSError as error:
        raise click.ClickException(f"{error.strerror or error}; say another --port") from None


def read_keys(path: Path) -> dict[str, str]:
    """An earlier run's keys. Raises ValueError."""
    found = json.loads(path.read_bytes()) if path.exists() else {}
    if not isinstance(found, dict):
        raise ValueError("it is no account of the sandbox; name another file with --account")
    return found


def write_keys(path: Path, keys: dict[str, str]) -> None:
    """For this user alone, so that a platform that runs goes on after the sandbox restarts."""
    if not path.exists():
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            json.dump(keys, file)


async def serve(sandbox: WeChatSandbox) -> None:
    """Run a sandbox until cancelled, and print how a platform uses it."""
    async with sandbox:
        keys, name = sandbox.account.keys, sandbox.to.rstrip("/").rpartition("/")[2]
        click.echo(f"WeChat on {sandbox.url} until Ctrl-C. Put this into plugins.toml and start `banshi serve`:\n")
        click.echo(f"[plugins.wechat.settings.accounts.{name}]")
        click.echo(f'appid = "{keys.appid}"\nsecret = "{keys.secret}"\ntoken = "{keys.token}"')
        if sandbox.account.mode != "plain":
            click.echo(f'aes_key = "{keys.aes_key}"')
        click.echo(f'base_url = "{sandbox.url}"\nsign_in_url = "{sandbox.url}"\n')
        click.echo(f"Chat as a phone: {sandbox.url}/")
        click.echo(f"Faults: {sandbox.url}/sandbox/faults   what was sent: {sandbox.url}/sandbox/deliveries")
        await asyncio.get_running_loop().create_future()
