"""Alerts in force to whoever is bound on a channel with notices and has no app, as the API shows them to anybody.

Each is told to those whom it concerns: where a contact is at home is asked of `homes`.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any
from uuid import UUID

from tortoise.queryset import QuerySet
from yarl import URL

from banshi import Key, NotFound, Platform, text_in
from banshi.sdk.operations import led, paused, working
from conversations.contacts.bound import bound, bound_after, has_app
from conversations.outbound.homes import areas_of, concerns, homes, within
from conversations.outbound.saying import Unasked
from conversations.outbound.sender import OUTLETS
from conversations.outbound.telling import News, before_notices, spelled, tell
from conversations.sentences import say
from conversations.settings import SETTINGS
from conversations.tables.models import Said
from questions.pages.going_on import READER

#: Seconds between two looks, and contacts that one statement is about.
LOOK_S, CONTACTS_AT_ONCE = 5.0, 50

#: Alerts of one page.
PAGE = 100

#: In front of the title of an alert that was cancelled, and of one that was withdrawn.
ENDED, WITHDRAWN = say("Not in force any more: "), say("Withdrawn: ")


class Alerts:
    """Tells of alerts; which contacts come next is remembered by channel and alert."""

    def __init__(self, platform: Platform) -> None:
        self._platform, self._api, self._unasked = platform, platform[READER], Unasked(platform)
        self._channels = [one.channel for _, one in platform.registry.offered(OUTLETS) if one.notifier]
        self._behind, self._whole = dict[tuple[str, str], UUID](), dict[str, Any]()

    async def look(self) -> None:
        """One round: whoever wasn't told yet is, also those who have bound the account since."""
        if not self._channels:
            return
        found = await self._in_force()
        live = [one["id"] for one in found]
        is_any = live or await still_told(self._platform.now()).exists()
        if not is_any or await paused(self._platform.store) is not None:
            return
        for channel in self._channels:
            await before_notices(self._platform, channel)
        self._behind = {key: link for key, link in self._behind.items() if key[1] in live}
        # The document of an alert never changes.
        self._whole = {one: self._whole.get(one) or await self._shown(one) for one in live}
        whole = {one: shown["alert"] for one, shown in self._whole.items() if shown}
        await self._end(live, {later["identifier"] for one in whole.values() for later in one.get("references", ())})
        for one in found:
            for channel in self._channels:
                await self._tell_all(channel, news_of(self._platform, one), areas_of(whole.get(one["id"], {})))

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

    async def _shown(self, alert: str) -> Any:
        """An alert with its document; None where it is not to be had any more."""
        try:
            return await self._api.get(f"/v1/alerts/{alert}", None, "zh-CN")
        except NotFound:
            return None

    async def _tell_all(self, channel: str, news: News, areas: Collection[str]) -> None:
        key, city = (channel, news.about), within(self._platform[SETTINGS].division)
        while news.until is not None and news.until > self._platform.now():
            contacts = await bound_after(channel, self._behind.get(key, UUID(int=0)), CONTACTS_AT_ONCE)
            if not contacts:
                return
            at_home = await homes([one.conversation for one in contacts]) if areas else {}
            concerned = [one for one in contacts if concerns(areas, at_home.get(one.conversation, ()), city)]
            without = [one for one in concerned if not await has_app(self._platform, one.person)]
            await tell(self._platform, without, news)
            self._behind[key] = contacts[-1].link

    # -- the end -------------------------------------------------------------------------------------------------

    async def _end(self, live: Sequence[str], replaced: Collection[str]) -> None:
        """Whoever was told of an alert that ended early is told of that; what still waits of it isn't said.

        Args:
            replaced: The alerts whose place one in force takes, which is told in full.
        """
        now, ends = self._platform.now(), dict[str, News | None]()
        ended = still_told(now).exclude(about__in=["", *live])
        while rows := await ended.order_by("until").limit(CONTACTS_AT_ONCE):
            said = await self._unasked.take_back([row.key for row in rows])
            for alert in {row.about for row in rows} - ends.keys():
                shown = None if alert in replaced else await self._shown(alert)
                # It may be in force after all, or not to be had any more.
                is_over = shown is not None and shown["state"] != "published"
                ends[alert] = end_news_of(self._platform, shown) if is_over else None
            for row in rows:
                news = ends[row.about]
                if news is not None and row.key in said:
                    # Not where they have unbound the account.
                    contacts = await bound(row.person, row.channel)
                    still = [one for one in contacts if one.conversation == row.conversation_id]
                    await tell(self._platform, still, news)
            await Said.filter(id__in=[row.id for row in rows]).update(until=now)


def still_told(now: datetime) -> QuerySet[Said]:
    """What was told of alerts that aren't over by their time."""
    return Said.filter(until__gt=now).exclude(about="")


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
    return News(id=f"alert-{alert['id']}", kind="alert", known=known, words=words, about=alert["id"], until=until)


def end_news_of(platform: Platform, alert: Any) -> News:
    """What is told of the end of an alert, from its summary: not for longer than it would have been in force."""
    now, until = platform.now(), datetime.fromisoformat(alert["expires_at"])
    told = ENDED if alert["state"] == "superseded" else WITHDRAWN
    words = f"{text_in(told, 'zh-CN')}{alert['title']}"
    return News(
        id=f"alert-end-{alert['id']}",
        kind="alert",
        known={**known_of(platform, alert, now, now), "title": words},
        words=words,
        until=until,
    )


ALERTS: Key[Alerts] = Key("conversations' alerts")


@asynccontextmanager
async def open_alerts(platform: Platform) -> AsyncIterator[Alerts]:
    """Looks for alerts every few seconds, in the process that leads."""
    alerts = Alerts(platform)

    async def looking() -> None:
        await led(platform, LOOK_S, alerts.look, "alerts can't be told in chats")

    async with working("conversations-alerts", looking):
        yield alerts
