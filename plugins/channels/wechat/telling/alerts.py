"""Alerts in force to whoever has bound the account and has no app, as the API shows them to anybody.

Where somebody is at home is known of phones alone, so whoever has none is told of each alert of the city.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Collection, Coroutine, Iterable, Sequence
from contextlib import asynccontextmanager, suppress
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

#: In front of the title of an alert that was cancelled, and of one that was withdrawn.
ENDED, WITHDRAWN = say("Not in force any more: "), say("Withdrawn: ")


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
        self._behind = {alert: link for alert, link in self._behind.items() if alert in live}
        await self._end(live)
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

        async def one_told(contact: BoundContact) -> bool:
            account = account_named(self._platform, contact.account)
            if account is None or await has_app(self._platform, contact.person):
                return True
            return await tell(self._platform, account, account.settings.alert_notice, contact, news)

        return all(await at_once(one_told(contact) for key, contact in keys.items() if key not in done))

    # -- the end -------------------------------------------------------------------------------------------------

    async def _end(self, live: Sequence[str]) -> None:
        """Whoever was told of an alert that ended early is told of that; what still waits of it isn't said."""
        now, ends = self._platform.now(), dict[str, News | None]()
        ended, replaced = Notice.filter(until__gt=now).exclude(alert__in=["", *live]), set[str]()
        while rows := await ended.order_by("id").limit(CONTACTS_AT_ONCE):
            replaced = replaced or await self._replaced(live)
            said = await self._platform[CONVERSATIONS].take_back([said_key(row.key) for row in rows])
            for alert in {row.alert for row in rows} - ends.keys():
                ends[alert] = None if alert in replaced else await self._end_of(alert)
            settled = await at_once(self._end_told(row, ends[row.alert], said) for row in rows)
            over = [row.id for row, is_settled in zip(rows, settled, strict=True) if is_settled]
            await Notice.filter(id__in=over).update(until=now)
            if not all(settled):
                return  # what WeChat can't take just now comes again with the next round

    async def _replaced(self, live: Sequence[str]) -> set[str]:
        """The alerts whose place one in force takes, which is told in full."""
        found = set[str]()
        for one in live:
            # One that has ended meanwhile is the next round's.
            with suppress(NotFound):
                shown = await self._api.get(f"/v1/alerts/{one}", None, "zh-CN")
                found.update(later["identifier"] for later in shown["alert"].get("references", ()))
        return found

    async def _end_of(self, alert: str) -> News | None:
        """What is told of its end; None where it is in force after all, or not to be had any more."""
        try:
            shown = await self._api.get(f"/v1/alerts/{alert}", None, "zh-CN")
        except NotFound:
            return None
        return None if shown["state"] == "published" else end_news_of(self._platform, shown)

    async def _end_told(self, row: Notice, news: News | None, said: Collection[str]) -> bool:
        """Whether that is settled; nobody is told who has never been told of the alert, or has unbound the account."""
        if news is None or row.state == "waiting" or (row.state == "said" and said_key(row.key) not in said):
            return True
        bound = await self._platform[CONVERSATIONS].bound(row.person, "wechat")
        contact = next((one for one in bound if one.conversation == row.conversation_id), None)
        account = account_named(self._platform, row.account)
        if contact is None or account is None:
            return True
        return await tell(self._platform, account, account.settings.alert_notice, contact, news)


async def at_once(works: Iterable[Coroutine[Any, Any, bool]]) -> Sequence[bool]:
    """What comes of each, in their order; so many are under way at a time."""
    turns = asyncio.Semaphore(TOLD_AT_ONCE)

    async def one_done(work: Coroutine[Any, Any, bool]) -> bool:
        async with turns:
            return await work

    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(one_done(work)) for work in works]
    return [task.result() for task in tasks]


def known_of(platform: Platform, alert: Any, at: datetime, until: datetime) -> dict[str, str]:
    """What can stand in a notice of an alert, from its summary."""
    return {
        "title": alert["title"],
        "event": alert["event"] or alert["title"],
        "areas": "、".join(alert["areas"]) or "-",
        "time": spelled(platform, at),
        "until": spelled(platform, until),
    }


def news_of(platform: Platform, alert: Any) -> News:
    """What is told of an alert, from its summary."""
    until, areas = datetime.fromisoformat(alert["expires_at"]), "、".join(alert["areas"])
    known = known_of(platform, alert, datetime.fromisoformat(alert["published_at"]), until)
    over = text_in(say("In force until {until}.", until=known["until"]), "zh-CN")
    words = "\n".join(one for one in (alert["title"], areas, alert["body"], over) if one)
    return News(id=f"alert-{alert['id']}", known=known, words=words, alert=alert["id"], until=until)


def end_news_of(platform: Platform, alert: Any) -> News:
    """What is told of the end of an alert, from its summary: not for longer than it would have been in force."""
    now, until = platform.now(), datetime.fromisoformat(alert["expires_at"])
    told = ENDED if alert["state"] == "superseded" else WITHDRAWN
    words = f"{text_in(told, 'zh-CN')}{alert['title']}"
    return News(
        id=f"alert-end-{alert['id']}",
        known={**known_of(platform, alert, now, now), "title": words},
        words=words,
        until=until,
    )


ALERTS: Key[Alerts] = Key("wechat's alerts")


@asynccontextmanager
async def open_alerts(platform: Platform) -> AsyncIterator[Alerts]:
    """Looks for alerts every few seconds, in the process that leads, where there is an account."""
    alerts = Alerts(platform)

    async def looking() -> None:
        await led(platform, LOOK_S, alerts.look, "alerts can't be told on WeChat")

    async with working("wechat-alerts", looking):
        yield alerts
