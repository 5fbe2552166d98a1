"""`banshi wechat-sandbox`: WeChat on this machine, for developers without an account."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click


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
    from sandboxes.command import run
    from wechat.sandbox.control import WeChatSandbox
    from wechat.sandbox.numbers import Faults

    def made(keys: Mapping[str, Any]) -> WeChatSandbox:
        sandbox = WeChatSandbox.kept(to, host, port, keys)
        sandbox.account.mode, sandbox.account.limits.attempts = mode, attempts
        sandbox.set_faults(Faults.read(faults_.encode()))
        return sandbox

    run(account, made)
