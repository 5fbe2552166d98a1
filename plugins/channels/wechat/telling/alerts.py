"""Alerts in force to whoever has bound the account and has no app, as the API shows them to anybody.

Where somebody is at home is known of phones alone, so whoever has none is told of each alert of the city.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any
from uuid import UUID

from yarl import URL

from banshi import Key, NotFound, Platform, text_in
from banshi.sdk.http import ApiReader
from banshi.sdk.operations import led, paused, working
from conversations import CONVERSATIONS, BoundContact
from wechat.sentences import say
from wechat.tables.models import Notice
from wechat.telling.marked import News, key_of, said_key, spelled, tell
from wechat.telling.notices import has_app
from wechat.telling.sending import account_named

#: Seconds between two looks; contacts that one statement is about, and that are told at once.
LOOK_S, CONTACTS_AT_ONCE, TOLD_AT_ONCE = 5.0, 200, 8

#: Alerts of one page.
PAGE = 100


class Alerts:
    """Tells of alerts; which contacts come next is remembered by each alert's id."""

    def __init__(self, platform: Platform) -> None:
        self._platform, self._api = platform, ApiReader(platform)
        self._behind: dict[str, UUID] = {}

    async def look(self) -> None:
        """One round: whoever wasn't told yet is, also those who have bound the account since."""
        if await paused(self._platform.store) is not None:
            return
        news = [news_of(self._platform, one) for one in await self._in_force()]
        live = [one.alert for one in news]
        await self._take_back(live)
        self._behind = {alert: link for alert, link in self._behind.items() if alert in live}
        for one in news:
            await self._tell_all(one)

    async def _in_force(self) -> Sequence[Any]:
        """All of them, the newest first; none where nobody publishes alerts."""
        found: list[Any] = []
        query = {"limit": str(PAGE)}
        while True:
            try:
                page = await self._api.get(str(URL("/v1/alerts").with_query(query)), None, "zh-CN")
            except NotFound:
                return found
            found += page["items"]
            if page["next"] is None:
                return found
            query["cursor"] = page["next"]

    async def _tell_all(self, news: News) -> None:
        conversations = self._platform[CONVERSATIONS]
        while news.until is not None and news.until > self._platform.now():
            behind = self._behind.get(news.alert, UUID(int=0))
            contacts = await conversations.bound_after("wechat", behind, CONTACTS_AT_ONCE)
            if not contacts or not await self._told(news, contacts):
                return  # what WeChat can't take just now comes again with the next round
            self._behind[news.alert] = contacts[-1].link

    async def _told(self, news: News, contacts: Sequence[BoundContact]) -> bool:
        """Whether all of them are settled."""
        keys = {key_of(news, one): one for one in contacts}
        told = Notice.filter(key__in=list(keys)).exclude(state="waiting")
        done = {str(key) for key in await told.values_list("key", flat=True)}
        turns, settled = asyncio.Semaphore(TOLD_AT_ONCE), []

        async def one_told(contact: BoundContact) -> None:
            async with turns:
                account = account_named(self._platform, contact.account)
                if account is not None and not await has_app(self._platform, contact.person):
                    notice = account.settings.alert_notice
                    settled.append(await tell(self._platform, account, notice, contact, news))

        async with asyncio.TaskGroup() as group:
            for key, contact in keys.items():
                if key not in done:
                    group.create_task(one_told(contact))
        return all(settled)

    async def _take_back(self, live: Sequence[str]) -> None:
        """What still waits to be said of an alert that ended before its time isn't said."""
        now = self._platform.now()
        ended = Notice.filter(until__gt=now).exclude(alert__in=["", *live])
        keys = await ended.limit(CONTACTS_AT_ONCE).values_list("key", flat=True)
        while keys:
            await self._platform[CONVERSATIONS].take_back([said_key(str(key)) for key in keys])
            await Notice.filter(key__in=list(keys)).update(until=now)
            keys = await ended.limit(CONTACTS_AT_ONCE).values_list("key", flat=True)


def news_of(platform: Platform, alert: Any) -> News:
    """What is told of an alert, from its summary."""
    until, areas = datetime.fromisoformat(alert["expires_at"]), "、".join(alert["areas"])
    known = {
        "title": alert["title"],
        "event": alert["event"] or alert["title"],
        "areas": areas or "-",
        "time": spelled(platform, datetime.fromisoformat(alert["published_at"])),
        "until": spelled(platform, until),
    }
    over = text_in(say("In force until {until}.", until=known["until"]), "zh-CN")
    words = "\n".join(one for one in (alert["title"], areas, alert["body"], over) if one)
    return News(id=f"alert-{alert['id']}", known=known, words=words, alert=alert["id"], until=until)


ALERTS: Key[Alerts] = Key("wechat's alerts")


@asynccontextmanager
async def open_alerts(platform: Platform) -> AsyncIterator[Alerts]:
    """Looks for alerts every few seconds, in the process that leads, where there is an account."""
    alerts = Alerts(platform)

    async def looking() -> None:
        await led(platform, LOOK_S, alerts.look, "alerts can't be told on WeChat")

    async with working("wechat-alerts", looking):
        yield alerts
