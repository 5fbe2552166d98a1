"""WeChat official accounts: what people write there to the conversations, and back."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

import aiohttp
import click

from banshi import Channel, Finding, Offer, Platform, Resource, Route, Tables, hookimpl
from banshi.sdk.limits import spend
from banshi.sdk.outgoing import Vendor, open_outgoing
from banshi.sdk.personal_data import HOLDINGS
from conversations import OUTLETS, Outlet, deliver_on
from wechat.accounts import ACCOUNTS, OpenAccount
from wechat.api.client import FORCED_TOKENS, Api
from wechat.opening import WeChatOpener
from wechat.receiving import webhook
from wechat.receiving.old_metric import OLD_METRIC, OldMetric
from wechat.settings import SETTINGS, WeChatSettings
from wechat.telling.earlier import take_over
from wechat.telling.holdings import HOLDING, TIDYING, open_tidying
from wechat.telling.notices import WeChatNotifier
from wechat.telling.sending import FILES, MAX_TEXT_BYTES, WeChatSender
from wire.messages import read_again


@hookimpl
def banshi_tables() -> Tables:
    return Tables(models="wechat.tables.models", migrations="wechat.tables.migrations")


@hookimpl
def banshi_settings() -> type:
    return WeChatSettings


@asynccontextmanager
async def open_accounts(settings: WeChatSettings, platform: Platform) -> AsyncIterator[Mapping[str, OpenAccount]]:
    """The accounts, with connections of their own to WeChat. No request is made yet."""
    async with (
        aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as session,
        open_outgoing(platform) as outgoing,
    ):
        apis = {}
        for name, one in settings.accounts.items():
            may_force = partial(spend, platform, f"wechat:{one.appid}", FORCED_TOKENS)
            apis[name] = Api(one, Vendor(session, one.base_url, one.timeout), outgoing, may_force)
        try:
            yield {name: OpenAccount(settings.accounts[name], api) for name, api in apis.items()}
        finally:
            for api in apis.values():
                await api.close()


@hookimpl
def banshi_resources(settings: WeChatSettings) -> Sequence[Resource[Any]]:
    return [
        Resource.made(SETTINGS, lambda _: settings),
        Resource(ACCOUNTS, partial(open_accounts, settings)),
        Resource(TIDYING, open_tidying),
        Resource.made(OLD_METRIC, lambda platform: OldMetric(platform.metrics)),
    ]


@hookimpl
def banshi_channels(settings: WeChatSettings) -> Sequence[Channel]:
    # Where there is no account nothing is promised to anybody.
    return [Channel(name="wechat", deliver=deliver_on("wechat"))] if settings.accounts else []


@hookimpl
def banshi_offers(settings: WeChatSettings) -> Sequence[Offer[Any]]:
    titles = {f"wechat:{one.appid}": one.title for one in settings.accounts.values() if one.title}
    outlet = Outlet(
        "wechat",
        WeChatSender,
        titles,
        most_bytes=MAX_TEXT_BYTES,
        inlet=lambda platform, name, body: read_again(platform[ACCOUNTS], name, body),
        notifier=WeChatNotifier if settings.accounts else None,
        opener=WeChatOpener,
        own_browser={f"wechat:{one.appid}" for one in settings.accounts.values() if one.sign_in_url},
        ready=lambda platform: WeChatSender(platform).ready,
        before_notices=take_over,
        files=FILES,
    )
    return [Offer(OUTLETS, outlet), Offer(HOLDINGS, HOLDING)]


@hookimpl
def banshi_checks(settings: WeChatSettings, registry: Any) -> Iterable[Finding]:
    for name, account in settings.accounts.items():
        for scene, to in account.scenes.items():
            if to.item and to.item not in registry.items:
                advice = f"settings.accounts.{name}.scenes.{scene}: there is no item {to.item!r}; take its code"
                yield Finding("wechat", "unknown-item", advice)
        if not account.sign_in_url:
            advice = (
                f'set sign_in_url = "https://open.weixin.qq.com" in settings.accounts.{name} (docs/wechat.md): '
                "without it, a link to the sign-in that is handed on binds the chat of whoever asked for it"
            )
            yield Finding("wechat", "unknown-opener", advice, warning=True)


@hookimpl
def banshi_routes() -> Sequence[Route]:
    return webhook.ROUTES


@hookimpl
def banshi_commands() -> Sequence[click.Command]:
    from wechat.commands import wechat_article, wechat_menu
    from wechat.sandbox.command import wechat_sandbox

    return [wechat_sandbox, wechat_menu, wechat_article]
