"""`banshi sms-sandbox`: an operator's gateway on this machine, for developers without an account."""

from __future__ import annotations

import asyncio
import secrets

import click


@click.command("sms-sandbox")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=9098, show_default=True, help="Port to listen on.")
@click.option("--to", default="http://127.0.0.1:8080/v1/sms/receipts", show_default=True, help="Where its receipts go.")
@click.option("--key", help="The account's password; a new one is made up where none is said.")
def sms_sandbox(host: str, port: int, to: str, key: str | None) -> None:
    """Run an operator's SMS gateway on this machine: what it was given is at /sandbox/texts."""
    from sandboxes.command import until_ended

    until_ended(_serve(host, port, to, key or secrets.token_hex(16)))


async def _serve(host: str, port: int, to: str, key: str) -> None:
    from sms.sandbox.server import SmsSandbox

    async with SmsSandbox(to, host, port, key=key) as sandbox:
        click.echo(f"A gateway on {sandbox.url} until Ctrl-C. Put this into plugins.toml and start `banshi serve`:\n")
        click.echo(f'[plugins.sms.settings]\nurl = "{sandbox.url}/sms"\naccount = "{sandbox.account}"\nkey = "{key}"')
        click.echo('signature = "【样市政务】"\n')
        click.echo(f"Texts: {sandbox.url}/sandbox/texts   faults: {sandbox.url}/sandbox/faults")
        await asyncio.get_running_loop().create_future()
