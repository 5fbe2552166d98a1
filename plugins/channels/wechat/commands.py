"""`banshi wechat-menu` and `banshi wechat-article`: what somebody pushes to an account by hand."""

from __future__ import annotations

import asyncio
from pathlib import Path

import click
import orjson

from banshi import Platform
from banshi.sdk.database import audited, coroutine_command
from banshi.sdk.outgoing import Refused
from wechat import menu
from wechat.accounts import ACCOUNTS, OpenAccount
from wechat.telling import articles


def _account(platform: Platform, name: str) -> OpenAccount:
    accounts = platform[ACCOUNTS]
    found = accounts.get(name)
    if found is None:
        known = ", ".join(accounts) or "none yet"
        raise click.UsageError(f"there is no [plugins.wechat.settings.accounts.{name}]; there are: {known}")
    return found


@click.command("wechat-menu")
@click.argument("account")
@click.option("--file", type=click.Path(path_type=Path, exists=True, dir_okay=False), default=menu.FILE)
@click.option("--show", is_flag=True, help="Show the menu, and push nothing.")
@coroutine_command
@audited("account", "show")
async def wechat_menu(ctx: click.Context, account: str, file: Path, show: bool) -> None:
    """Push the menu of ACCOUNT; entries that lead nowhere in this catalogue are left out, and named.

    Phones have it within five minutes. WeChat takes 1,000 menus a day.
    """
    from banshi.sdk.running import opened_by

    async with opened_by(ctx) as platform:
        to = _account(platform, account)
        try:
            made = await menu.made(platform, await asyncio.to_thread(menu.read, file))
            if show:
                click.echo(orjson.dumps(made.document, option=orjson.OPT_INDENT_2).decode())
            else:
                await to.api.post("/cgi-bin/menu/create", made.document)
        except (ValueError, KeyError, TypeError, Refused) as error:
            raise click.ClickException(f"the menu of {account} was not pushed: {error}") from None
    if not show:
        click.echo(f"the menu of {account} is pushed, phones have it within five minutes:")
        for top in made.document["button"]:
            entries = [one["name"] for one in top.get("sub_button", ())]
            click.echo(f"  {top['name']}: {', '.join(entries)}" if entries else f"  {top['name']}")
    for one in made.left_out:
        click.echo(f"left out, since nothing is found by it: {one}", err=True)


@click.command("wechat-article")
@click.argument("account")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@coroutine_command
@audited("account")
async def wechat_article(ctx: click.Context, account: str, file: Path) -> None:
    """Make a draft of FILE in ACCOUNT: its first line is the title, the rest are paragraphs. A person sends it.

    The account needs `cover_media_id`: the picture above it.
    """
    from banshi.sdk.running import opened_by

    async with opened_by(ctx) as platform:
        to = _account(platform, account)
        try:
            draft = await articles.drafted(to, await asyncio.to_thread(file.read_text, "utf-8"))
        except (ValueError, Refused) as error:
            raise click.ClickException(f"no draft was made in {account}: {error}") from None
        used = await articles.sent_this_month(platform, to)
    click.echo(
        f"{draft}: look at it at mp.weixin.qq.com, and send it there; {used} of {articles.SENDS.most} this month"
    )
