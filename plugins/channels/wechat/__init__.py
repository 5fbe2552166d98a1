"""WeChat official accounts: what people write there to the conversations, and back."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

import aiohttp
import click

from banshi import Platform, Resource, Tables, hookimpl
from wechat.accounts import ACCOUNTS, OpenAccount
from wechat.api.client import Api
from wechat.quotas import FORCED_TOKENS, spend
from wechat.settings import SETTINGS, WeChatSettings


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
    ]


@hookimpl
def banshi_commands() -> Sequence[click.Command]:
    from wechat.sandbox.command import wechat_sandbox

    return [wechat_sandbox]
