"""What concerns somebody who is bound and has no app, promised to each of their contacts once, as a notice."""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from tortoise.exceptions import IntegrityError
from tortoise.models import Model

from banshi import Message, Platform, Update, Write, text_in
from conversations.contacts.bound import BoundContact, bound, has_app
from conversations.contents import Reply
from conversations.outbound.saying import NOTICE, About, promise
from conversations.outbound.sender import Kind, outlet_of
from conversations.sentences import say
from conversations.tables.models import Said

MORE = say("Write “progress” to see it.")

#: In place of a title that nobody beside the phone's owner should read.
DISCREET = say("You have a new message about your case.")


@dataclass(frozen=True, slots=True, kw_only=True)
class News:
    """What is told, whoever it is told to."""

    #: The same to one contact is told once.
    id: str
    kind: Kind
    #: What can stand in the fields of a notice, by its name; and what is said in the chat instead.
    known: Mapping[str, str]
    words: str
    #: The alert that it tells of, "" for none; and when it isn't worth telling any more.
    about: str = ""
    until: datetime | None = None


def key_of(news: News, contact: BoundContact) -> str:
    """Under which it is promised to a contact."""
    digest = hashlib.blake2b(f"{news.id}\0{contact.conversation}".encode(), digest_size=16).hexdigest()
    return f"told-{digest}"


async def tell(platform: Platform, contacts: Sequence[BoundContact], news: News) -> None:
    """Promise to tell contacts, each once, whoever promises it again."""
    keys = {key_of(news, one): one for one in contacts}
    there = {str(key) for key in await Said.filter(key__in=list(keys)).values_list("key", flat=True)}
    told: About = {"by": "notice", "until": news.until, "kind": news.kind, "news": news.known, "about": news.about}
    rows = []
    for key, one in keys.items():
        if key not in there:
            about: About = {**told, "key": key, "person": one.person}
            rows.append(promise(platform, one, Reply(text=news.words), **about))
    try:
        await platform.store.commit(Write(rows=rows))
    except IntegrityError:
        # Another process promises the same, or a contact is gone: then each for itself.
        if len(contacts) > 1:
            for one in contacts:
                await tell(platform, [one], news)


async def before_notices(platform: Platform, channel: str) -> None:
    """What a channel does before notices are promised."""
    if first := outlet_of(platform, channel).before_notices:
        await first(platform)


def deliver_on(channel: str) -> Callable[[Platform, Sequence[Message]], Awaitable[None]]:
    """What a `Channel` of that name does with messages about cases: it promises them to whoever has no app.

    Example::

        Channel(name="wechat", deliver=deliver_on("wechat"))
    """

    async def deliver(platform: Platform, messages: Sequence[Message]) -> None:
        await before_notices(platform, channel)
        for message in messages:
            contacts = await bound(message.person, channel) if message.mode == "live" else ()
            # Of a chat that was bound just now, that chat itself isn't told: it knows, and may be a stranger's.
            others = [one for one in contacts if not message.link.endswith(f"/links/{one.link}")]
            if others and not await has_app(platform, message.person):
                await tell(platform, others, news_of(platform, message))

    return deliver


def news_of(platform: Platform, message: Message) -> News:
    """What is told of a case; of a discreet item only that there is something to be read."""
    item = platform.registry.items.get(message.item or "")
    hidden = item is not None and item.discreet
    title = text_in(DISCREET if hidden else message.title, "zh-CN")
    known = {
        "title": title,
        "item": text_in(item.title, "zh-CN") if item and not hidden else title,
        "number": message.number or "-",
        "time": spelled(platform, message.created_at),
    }
    more = text_in(MORE, "zh-CN") if message.number else ""
    words = "\n".join(filter(None, (title, "" if hidden else text_in(message.body, "zh-CN"), more)))
    return News(id=message.id, kind="case", known=known, words=words)


def spelled(platform: Platform, moment: datetime) -> str:
    """A time as a notice has it, in the city's own."""
    at = moment.astimezone(platform.settings.timezone)
    return f"{at.year}年{at.month}月{at.day}日 {at:%H:%M}"


#: What a state of the version before is to us; of one that waits nothing is kept, since it is promised again.
FORMER_STATES = {"sending": "unknown", "said": "refused"}


def kept_notice(platform: Platform, channel: str, row: Mapping[str, Any]) -> Sequence[Model | Update]:
    """What is written for a notice that a channel of the version before has told. It goes with the next version.

    Args:
        row: Its columns: id, key, conversation_id, person, alert, until, words, state, code, provider_id, at.
    """
    if row["state"] == "waiting":
        return ()
    same = {name: row[name] for name in ("conversation_id", "person", "until", "code", "provider_id", "at")}
    said = Said(
        id=UUID(str(row["id"])),
        channel=channel,
        key=f"told-{row['key']}",
        by="notice",
        words=Reply(text=row["words"]).stored(),
        kind="alert" if row["until"] else "case",
        about=row["alert"],
        state=FORMER_STATES.get(row["state"], row["state"]),
        window=NOTICE,
        settled_at=platform.now(),
        **same,
    )
    # Its words in the chat are about the alert, too.
    return [said, Update(Said, {"key": f"notice-{row['key']}"}, {"about": row["alert"]}, rows=None)]
