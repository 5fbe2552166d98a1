"""Weibo's private messages: what people write there to the conversations, and back."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

import aiohttp

from banshi import Channel, Offer, Platform, Resource, Route, hookimpl
from banshi.sdk.outgoing import Vendor, open_outgoing
from conversations import OUTLETS, Outlet, deliver_on
from weibo import webhook
from weibo.accounts import ACCOUNTS, OpenAccount, WeiboSender
from weibo.settings import SETTINGS, WeiboSettings
from wire.messages import read_again


@hookimpl
def banshi_settings() -> type:
    return WeiboSettings


@asynccontextmanager
async def open_accounts(settings: WeiboSettings, platform: Platform) -> AsyncIterator[Mapping[str, OpenAccount]]:
    """The accounts, with connections of their own to Weibo."""
    async with (
        aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as session,
        open_outgoing(platform) as outgoing,
    ):
        named = settings.accounts.items()
        yield {name: OpenAccount(one, Vendor(session, one.base_url, one.timeout), outgoing) for name, one in named}


@hookimpl
def banshi_resources(settings: WeiboSettings) -> Sequence[Resource[Any]]:
    return [Resource.made(SETTINGS, lambda _: settings), Resource(ACCOUNTS, partial(open_accounts, settings))]


@hookimpl
def banshi_channels(settings: WeiboSettings) -> Sequence[Channel]:
    # Where there is no account nothing is promised to anybody.
    return [Channel(name="weibo", deliver=deliver_on("weibo"))] if settings.accounts else []


@hookimpl
def banshi_offers(settings: WeiboSettings) -> Sequence[Offer[Any]]:
    titles = {f"weibo:{one.uid}": one.title for one in settings.accounts.values() if one.title}
    # Fewer than so many characters, an emoji counted as two: two bytes each in UTF-16.
    about: Any = {"most_bytes": 2 * (settings.characters - 1), "encoding": "utf-16-le"}
    about["inlet"] = lambda platform, name, body: read_again(platform[ACCOUNTS], name, body)
    return [Offer(OUTLETS, Outlet("weibo", WeiboSender, titles, **about))]


@hookimpl
def banshi_routes() -> Sequence[Route]:
    return webhook.ROUTES
