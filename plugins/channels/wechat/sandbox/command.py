"""`banshi wechat-sandbox`: WeChat on this machine, for developers without an account."""

from __future__ import annotations

import click


@click.command("wechat-sandbox")
def wechat_sandbox() -> None:
    """Run WeChat's side of an official account on this machine."""
    raise click.ClickException("it is being built; the command comes with the server")
