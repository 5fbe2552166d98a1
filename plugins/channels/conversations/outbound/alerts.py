"""What the city publishes for places, as the API shows it to anybody, to whoever is bound on a channel and has no app.

Alerts in force, and notices that name divisions. Each is told to those whom it concerns, by where they are at home.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, suppress
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from tortoise.queryset import QuerySet
from yarl import URL

from banshi import Key, NotFound, Platform, text_in
from banshi.sdk.http import READER
from banshi.sdk.operations import paused, rounds
from conversations.contacts.bound import BoundContact, bound, bound_after, has_app
from conversations.outbound.saying import Unasked
from conversations.outbound.sender import OUTLETS, Kind
from conversations.outbound.telling import News, before_notices, spelled, tell
from conversations.sentences import say
from conversations.settings import SETTINGS
from conversations.tables.models import Home, Said

#: Seconds between two looks, and contacts that one statement is about.
LOOK_S, CONTACTS_AT_ONCE = 5.0, 50

#: What is looked for, lines of one page, and for how long a notice is told to whoever comes after it.
KINDS: tuple[Kind, ...] = ("alert", "notice")
PAGE, NOTICE_LASTS = 100, timedelta(days=7)

#: What the codes of GB/T 2260 are called in an alert, without spaces.
VALUE_NAME = "GB/T2260"

#: In front of the title of an alert that was cancelled, of one that was withdrawn, and of a notice that was.
ENDED, WITHDRAWN, TAKEN_BACK = say("Not in force any more: "), say("Withdrawn: "), say("Taken back: ")


class Alerts:
    """Tells of alerts and notices; which contacts come next is remembered by channel and id."""

    def __init__(self, platform: Platform) -> None:
        self._platform, self._api, self._unasked = platform, platform[READER], Unasked(platform)
        self._channels = [one.channel for _, one in platform.registry.offered(OUTLETS)]
        self._behind, self._whole = dict[tuple[str, str], UUID](), dict[str, Any]()

    async def look(self) -> None:
        """One round: whoever wasn't told yet is, also those who have bound the account since."""
        if not self._channels:
            return
        found = {one["id"]: one for kind in KINDS for one in await self._published(kind)}
        is_any = found or await still_told(self._platform.now()).exists()
        if not is_any or await paused(self._platform.store) is not None:
            return
        for channel in self._channels:
            await before_notices(self._platform, channel)
        self._behind = {key: link for key, link in self._behind.items() if key[1] in found}
        # The document of an alert never changes.
        self._whole = {
            one: self._whole.get(one) or await self._shown(one) for one in found if "divisions" not in found[one]
        }
        whole = {one: shown["alert"] for one, shown in self._whole.items() if shown}
        earlier = {one["identifier"] for each in whole.values() for one in each.get("references", ())}
        await self._end([*found], earlier)
        for identity, one in found.items():
            divisions = one.get("divisions")
            areas = areas_of(whole.get(identity, {})) if divisions is None else {within(each) for each in divisions}
            for channel in self._channels:
                await self._tell_all(channel, news_of(self._platform, one), areas)

    async def _published(self, kind: Kind) -> Sequence[Any]:
        """All that is told of now, the newest first; none where nobody publishes such."""
        found: list[Any] = []
        query, since = {"limit": str(PAGE)}, self._platform.now() - NOTICE_LASTS
        while True:
            try:
                page = await self._api.get(str(URL(f"/v1/{kind}s").with_query(query)), None, "zh-CN")
            except NotFound:
                return found
            fresh = [one for one in page["items"] if kind == "alert" or at(one, "published_at") > since]
            found += [one for one in fresh if kind == "alert" or one["divisions"]]
            if page["next"] is None or len(fresh) < len(page["items"]):
                return found
            query["cursor"] = page["next"]

    async def _shown(self, identity: str) -> Any:
        """An alert with its document, or a notice; nothing where it is not to be had any more."""
        for kind in KINDS:
            with suppress(NotFound):
                return await self._api.get(f"/v1/{kind}s/{identity}", None, "zh-CN")
        return {}

    async def _tell_all(self, channel: str, news: News, areas: Collection[str]) -> None:
        key, city = (channel, news.about), within(self._platform[SETTINGS].division)
        while news.until is not None and news.until > self._platform.now():
            contacts = await bound_after(channel, self._behind.get(key, UUID(int=0)), CONTACTS_AT_ONCE)
            if not contacts:
                return
            at_home = await homes(contacts) if areas else {}
            concerned = [one for one in contacts if concerns(areas, at_home.get(one.conversation, ()), city)]
            without = [one for one in concerned if not await has_app(self._platform, one.person)]
            await tell(self._platform, without, news)
            self._behind[key] = contacts[-1].link

    # -- the end -------------------------------------------------------------------------------------------------

    async def _end(self, live: Sequence[str], replaced: Collection[str]) -> None:
        """Whoever was told of what ended early is told of that; what still waits of it isn't said.

        Args:
            replaced: The alerts whose place one in force takes, which is told in full.
        """
        now, ends = self._platform.now(), dict[str, News | None]()
        ended = still_told(now).exclude(about__in=["", *live])
        while rows := await ended.order_by("until").limit(CONTACTS_AT_ONCE):
            said = await self._unasked.take_back([row.key for row in rows])
            for row in rows:
                if row.about not in ends:
                    shown = {} if row.about in replaced else await self._shown(row.about)
                    # It may be in force after all, or not to be had any more.
                    is_over = shown and shown["state"] != "published"
                    ends[row.about] = end_news_of(self._platform, shown, row) if is_over else None
                news = ends[row.about]
                if news is not None and row.key in said:
                    # Not where they have unbound the account.
                    contacts = await bound(row.person, row.channel)
                    still = [one for one in contacts if one.conversation == row.conversation_id]
                    await tell(self._platform, still, news)
            await Said.filter(id__in=[row.id for row in rows]).update(until=now)


def still_told(now: datetime) -> QuerySet[Said]:
    """What was told of alerts and notices that aren't over by their time."""
    return Said.filter(until__gt=now).exclude(about="")


def at(one: Mapping[str, Any], member: str) -> datetime:
    return datetime.fromisoformat(one[member])


def known_of(platform: Platform, one: Mapping[str, Any], moment: datetime, until: datetime) -> dict[str, str]:
    """What can stand in a notice of the provider's own, from a summary."""
    return {
        "title": one["title"],
        "event": one.get("event") or one["title"],
        "areas": "、".join(one.get("areas", ())) or "-",
        "time": spelled(platform, moment),
        "until": spelled(platform, until),
    }


def news_of(platform: Platform, one: Mapping[str, Any]) -> News:
    """What is told of an alert or a notice, from its summary."""
    kind: Kind = one.get("kind", "alert")
    published, until = at(one, "published_at"), at(one, "expires_at")
    until = until if kind == "alert" else min(until, published + NOTICE_LASTS)
    known = known_of(platform, one, published, until)
    over = text_in(say("In force until {until}.", until=known["until"]), "zh-CN") if kind == "alert" else ""
    told = (one["title"], "、".join(one.get("areas", ())), one["body"], over)
    words = "\n".join(filter(None, told))
    return News(id=f"{kind}-{one['id']}", kind=kind, known=known, words=words, about=one["id"], until=until)


def end_news_of(platform: Platform, one: Mapping[str, Any], told: Said) -> News | None:
    """What is told of the end of one that was told: not for longer than it would have been in force.

    Of a notice that was withdrawn nothing is shown any more, and what takes the place of another is told itself.
    """
    kind: Kind = one.get("kind", "alert")
    if kind == "notice" and one["state"] == "superseded":
        return None
    now, title = platform.now(), one["title"] or told.words["text"].partition("\n")[0]
    how = TAKEN_BACK if kind == "notice" else ENDED if one["state"] == "superseded" else WITHDRAWN
    words = f"{text_in(how, 'zh-CN')}{title}"
    known = {**known_of(platform, one, now, now), "title": words}
    return News(id=f"{kind}-end-{one['id']}", kind=kind, known=known, words=words, until=told.until)


# -- whom it concerns ------------------------------------------------------------------------------------------------


async def homes(contacts: Sequence[BoundContact]) -> Mapping[UUID, Collection[str]]:
    """The divisions at which citizens are at home, by their conversations; whoever has said none isn't there."""
    found, whose = defaultdict[UUID, set[str]](set), {one.conversation: one.person for one in contacts}
    for row in await Home.filter(conversation_id__in=list(whose)):
        if row.person == whose[row.conversation_id]:
            found[row.conversation_id].add(within(row.division))
    return found


def within(division: str) -> str:
    """What the codes of all divisions begin with that lie in one: `3301` of 330100, `330106109` of 330106109000."""
    street = re.sub("(000)+$", "", division[6:])
    return division[:6] + street if street else re.sub("(00)+$", "", division[:6])


def areas_of(alert: Mapping[str, Any]) -> Collection[str]:
    """The divisions that an alert's document names; none where it is for everybody, or for a place by its shape."""
    areas = [area for info in alert.get("info", ()) for area in info.get("area", ())]
    codes = [[one["value"] for one in area.get("geocode", ()) if is_division(one)] for area in areas]
    # An area that is known by its shape alone may be anywhere: better told to all than missed.
    return {within(one) for of_area in codes for one in of_area} if all(codes) else ()


def is_division(geocode: Mapping[str, str]) -> bool:
    """Whether a code in an alert is that of a division."""
    return geocode["value_name"].upper().replace(" ", "") == VALUE_NAME


def concerns(areas: Collection[str], at_home: Collection[str], city: str) -> bool:
    """Whether an alert for these areas concerns somebody with these homes.

    Args:
        city: The division of the platform; whoever has said no home is told what is for all of it. "" for any.
    """
    if not areas:
        return True
    if not at_home:
        return any(city.startswith(area) for area in areas) if city else True
    return any(area.startswith(one) or one.startswith(area) for area in areas for one in at_home)


ALERTS: Key[None] = Key("conversations' alerts")


def open_alerts(platform: Platform) -> AbstractAsyncContextManager[None]:
    """Looks for alerts every few seconds, in the process that leads."""
    alerts = Alerts(platform)
    failed = "alerts can't be told in chats"
    return rounds(LOOK_S, "conversations-alerts", lambda _: alerts.look(), failed, platform)
