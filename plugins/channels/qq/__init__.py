"""QQ's bots: what people write to them, and in groups, to the conversations, and back."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

import aiohttp

from banshi import Channel, Finding, Offer, Platform, Resource, Route, hookimpl
from banshi.sdk.outgoing import Vendor, open_outgoing
from conversations import OUTLETS, Outlet, deliver_on
from qq import webhook
from qq.api import Api
from qq.bots import BOTS, FILES, MAX_TEXT_BYTES, Bot, QqSender
from qq.settings import SETTINGS, QqSettings


@hookimpl
def banshi_settings() -> type:
    return QqSettings


@asynccontextmanager
async def open_bots(settings: QqSettings, platform: Platform) -> AsyncIterator[Mapping[str, Bot]]:
    """The bots, with connections of their own to QQ. No request is made yet."""
    async with (
        aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as session,
        open_outgoing(platform) as outgoing,
    ):
        bots = {}
        for name, one in settings.bots.items():
            vendor, tokens = (Vendor(session, url, one.timeout) for url in (one.base_url, one.token_url))
            bots[name] = Bot(one, Api(one, vendor, tokens), outgoing)
        try:
            yield bots
        finally:
            for bot in bots.values():
                await bot.api.close()


@hookimpl
def banshi_resources(settings: QqSettings) -> Sequence[Resource[Any]]:
    return [Resource.made(SETTINGS, lambda _: settings), Resource(BOTS, partial(open_bots, settings))]


@hookimpl
def banshi_channels(settings: QqSettings) -> Sequence[Channel]:
    # Where there is no bot nothing is promised to anybody.
    return [Channel(name="qq", deliver=deliver_on("qq"))] if settings.bots else []


@hookimpl
def banshi_offers(settings: QqSettings) -> Sequence[Offer[Any]]:
    titles = {f"qq:{one.appid}": one.title for one in settings.bots.values() if one.title}
    about: Any = {"by_call": True, "knows_again": True, "most_bytes": MAX_TEXT_BYTES, "files": FILES}
    return [Offer(OUTLETS, Outlet("qq", QqSender, titles, ready=lambda platform: QqSender(platform).ready, **about))]


@hookimpl
def banshi_checks(settings: QqSettings) -> Iterable[Finding]:
    if settings.bots:
        advice = (
            "since 21 April 2025 QQ's bots write to nobody unasked: results of cases and alerts are said with the next "
            "answer; have people use the app for them (docs/qq.md)"
        )
        yield Finding("qq", "withdrawn", advice, warning=True, note=True)
    for name, bot in settings.bots.items():
        if not bot.addresses:
            advice = (
                f"register platform.address at q.qq.com (消息URL配置) and name it in settings.bots.{name}.addresses: "
                "without, no link is shown, and nobody can sign in by one"
            )
            yield Finding("qq", "no-addresses", advice, warning=True)


@hookimpl
def banshi_routes() -> Sequence[Route]:
    return webhook.ROUTES
