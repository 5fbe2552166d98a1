"""`banshi wechat-sandbox`: WeChat on this machine, for developers without an account."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

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
    from sandboxes.command import read_keys, run, write_keys
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

    def table(name: str) -> Sequence[str]:
        keys, sealed = made.keys, "" if mode == "plain" else f'aes_key = "{made.keys.aes_key}"\n'
        return [
            f"[plugins.wechat.settings.accounts.{name}]",
            f'appid = "{keys.appid}"\nsecret = "{keys.secret}"\ntoken = "{keys.token}"',
            f'{sealed}base_url = "{sandbox.url}"\nsign_in_url = "{sandbox.url}"',
        ]

    run(sandbox, "WeChat", table)
