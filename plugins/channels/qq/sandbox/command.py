"""`banshi channel-sandbox qq`: QQ on this machine, for developers without a bot."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast

import click

from qq.sandbox.people import Account
from qq.sandbox.server import QqSandbox
from sandboxes.command import read_keys, run, write_keys


@click.command("qq-sandbox")
@click.option("--host")
@click.option("--port", type=int)
@click.option("--to")
@click.option("--account", type=click.Path(dir_okay=False, path_type=Path), default=Path("qq-sandbox.json"))
def qq_sandbox(host: str, port: int, to: str, account: Path) -> None:
    """Run QQ's side of a bot; its made-up secret is kept in a file."""
    try:
        bot = Account(**cast("Any", read_keys(account)))
    except (ValueError, TypeError) as error:
        raise click.ClickException(f"{account} is wrong: {error}") from None
    write_keys(account, {"secret": bot.secret})
    bot.limits.addresses = {"http://", "https://"}
    sandbox = QqSandbox(to, host, port, bot)

    def table(name: str) -> Sequence[str]:
        return [
            f"[plugins.qq.settings.bots.{name}]",
            f'appid = "{bot.appid}"\nsecret = "{bot.secret}"\nbuttons = true\naddresses = ["http://", "https://"]',
            f'base_url = "{sandbox.url}"\ntoken_url = "{sandbox.url}/app/getAppAccessToken"',
            '\n[platform.outgoing]  # its pictures are on this machine\nnetworks = ["127.0.0.0/8"]',
        ]

    run(sandbox, "QQ", table)
