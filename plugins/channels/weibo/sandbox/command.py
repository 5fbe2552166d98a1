"""`banshi channel-sandbox weibo`: Weibo on this machine, for developers without an account."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast

import click

from sandboxes.command import read_keys, run, write_keys
from weibo.sandbox.server import Account, WeiboSandbox


@click.command("weibo-sandbox")
@click.option("--host")
@click.option("--port", type=int)
@click.option("--to")
@click.option("--account", type=click.Path(dir_okay=False, path_type=Path), default=Path("weibo-sandbox.json"))
def weibo_sandbox(host: str, port: int, to: str, account: Path) -> None:
    """Run Weibo's side of an account; its made-up secrets are kept in a file."""
    try:
        made = Account(**cast("Any", read_keys(account)))
    except (ValueError, TypeError) as error:
        raise click.ClickException(f"{account} is wrong: {error}") from None
    write_keys(account, {"secret": made.secret, "access_token": made.access_token})
    sandbox = WeiboSandbox(to, host, port, made)

    def table(name: str) -> Sequence[str]:
        return [
            f"[plugins.weibo.settings.accounts.{name}]",
            f'uid = "{made.uid}"\nsecret = "{made.secret}"\naccess_token = "{made.access_token}"',
            f'base_url = "{sandbox.url}"\n\n[platform.outgoing]  # its pictures are on this machine',
            'networks = ["127.0.0.0/8"]',
        ]

    run(sandbox, "Weibo", table)
