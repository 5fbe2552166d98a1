"""Telling those who follow: a promise to each, in the way that every message goes, once for each edition."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid5

from tortoise.models import Model

from banshi.builtin.personal_data.following.kinds import NoticeKind
from banshi.foundation.database.writes import Write
from banshi.kernel.contract.values import Message, Texts
from banshi.kernel.http.pages import pages
from banshi.kernel.outbox.outbox import message_rows
from banshi.kernel.runtime.running import Platform

#: People whose promises are one transaction; editions of which something may still be on its way.
AT_ONCE, MAX_EARLIER = 200, 8


@dataclass(frozen=True, slots=True, kw_only=True)
class News:
    """What is told of one thing."""

    #: The thing, and which of its editions: nobody is told of one twice.
    of: UUID
    edition: str
    title: Texts
    body: Texts
    #: Where it is read: a path.
    link: str
    #: Editions before it, the newest first: what of the last is still on its way isn't sent any more.
    earlier: Sequence[str] = ()
    #: Since when it is so: whoever begins to follow later reads it where it stands. None tells them, too.
    at: datetime | None = None
    #: When nobody need be woken for it any more.
    until: datetime | None = None

    def id_for(self, edition: str, person: str) -> str:
        return str(uuid5(self.of, f"{edition}/{person}"))


async def tell(platform: Platform, kind: NoticeKind, news: News, people: Collection[str]) -> None:
    """Promise each of them a message, once, whoever promises it again."""
    rows = list[Model]()
    for person in sorted(set(people)):
        identity, earlier = (
            news.id_for(news.edition, person),
            [news.id_for(one, person) for one in news.earlier[:MAX_EARLIER]],
        )
        message = Message(
            id=identity, kind="notice", person=person, title=news.title, body=news.body, link=news.link,
            created_at=platform.now(), category=kind.code, until=news.until, replaces=tuple(earlier) or None,
        )  # fmt: skip
        rows += message_rows(platform, message, f"{kind.code}:{identity}")
    await platform.store.commit(Write(unless_there=rows))


async def tell_followers(platform: Platform, kind: NoticeKind, news: News, abouts: Collection[str]) -> None:
    """Tell whoever follows one of these, or all."""
    assert kind.followers is not None  # noqa: S101 - nobody follows what can't be followed
    before = {"at__lte": news.at} if news.at else {}
    async for rows in pages(kind.followers.filter(about__in={"", *abouts}, **before), "id", size=AT_ONCE):
        await tell(platform, kind, news, [one.person for one in rows])
