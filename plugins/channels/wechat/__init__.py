"""WeChat official accounts: what people write there to the conversations, and back."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

import aiohttp
import click

from banshi import Channel, Offer, Platform, Resource, Route, Tables, hookimpl
from banshi.sdk.operations import Phase
from banshi.sdk.personal_data import HOLDINGS
from conversations import OUTLETS, Outlet
from wechat.accounts import ACCOUNTS, OpenAccount
from wechat.api.client import Api
from wechat.opening import OPENER, WeChatOpener
from wechat.quotas import FORCED_TOKENS, spend
from wechat.receiving import webhook
from wechat.receiving.answering import ANSWERING, open_answering
from wechat.settings import SETTINGS, WeChatSettings
from wechat.telling.alerts import ALERTS, open_alerts
from wechat.telling.holdings import HOLDING, TIDYING, open_tidying
from wechat.telling.notices import deliver
from wechat.telling.sending import SENDER, WeChatSender


@hookimpl
def banshi_tables() -> Tables:
    return Tables(models="wechat.tables.models", migrations="wechat.tables.migrations")


@hookimpl
def banshi_settings() -> type:
    return WeChatSettings


@asynccontextmanager
async def open_accounts(settings: WeChatSettings, platform: Platform) -> AsyncIterator[Mapping[str, OpenAccount]]:
    """The accounts, with connections of their own to WeChat. No request is made yet."""
    async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as session:
        yield {
            name: OpenAccount(one, Api(one, session, partial(spend, platform, f"wechat:{one.appid}", FORCED_TOKENS)))
            for name, one in settings.accounts.items()
        }


@hookimpl
def banshi_resources(settings: WeChatSettings) -> Sequence[Resource[Any]]:
    return [
        Resource.made(SETTINGS, lambda _: settings),
        Resource(ACCOUNTS, partial(open_accounts, settings)),
        Resource.made(SENDER, WeChatSender),
        Resource.made(OPENER, WeChatOpener),
        Resource(ANSWERING, open_answering),
        Resource(TIDYING, open_tidying),
        *([Resource(ALERTS, open_alerts, Phase.AFTER_PLUGINS)] if settings.accounts else []),
    ]


@hookimpl
def banshi_channels(settings: WeChatSettings) -> Sequence[Channel]:
    # Where there is no account nothing is promised to anybody.
    return [Channel(name="wechat", deliver=deliver)] if settings.accounts else []


@hookimpl
def banshi_offers(settings: WeChatSettings) -> Sequence[Offer[Any]]:
    titles = {f"wechat:{one.appid}": one.title for one in settings.accounts.values() if one.title}
    outlet = Outlet("wechat", lambda platform: platform[SENDER], titles, lambda platform: platform[OPENER])
    return [Offer(OUTLETS, outlet), Offer(HOLDINGS, HOLDING)]


@hookimpl
def banshi_routes() -> Sequence[Route]:
    return webhook.ROUTES


@hookimpl
def banshi_commands() -> Sequence[click.Command]:
    from wechat.commands import wechat_article, wechat_menu
    from wechat.sandbox.command import wechat_sandbox

    return [wechat_sandbox, wechat_menu, wechat_article]
