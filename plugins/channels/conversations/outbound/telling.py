"""What concerns somebody who is bound and has no app, promised to each of their contacts once, as a notice."""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from tortoise.exceptions import IntegrityError
from tortoise.models import Model

from banshi import Message, Platform, Update, Write, text_in
from banshi.sdk.following import wishes
from conversations.contacts.bound import BoundContact, bound, has_app
from conversations.contents import Reply
from conversations.outbound.saying import NOTICE, About, Unasked, promise
from conversations.outbound.sender import Kind, outlet_of
from conversations.sentences import say
from conversations.tables.models import Said

MORE = say("Write “progress” to see it.")

#: For so long a notice of a kind is worth saying, where it doesn't say so itself.
NOTICE_LASTS = timedelta(days=1)

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
    #: It wakes nobody: it is said with the answer to their next message.
    is_quiet: bool = False


def key_of(identity: str, contact: BoundContact) -> str:
    """Under which news of that id are promised to a contact."""
    digest = hashlib.blake2b(f"{identity}\0{contact.conversation}".encode(), digest_size=16).hexdigest()
    return f"told-{digest}"


async def tell(platform: Platform, contacts: Sequence[BoundContact], news: News) -> None:
    """Promise to tell contacts, each once, whoever promises it again."""
    keys = {key_of(news.id, one): one for one in contacts}
    there = {str(key) for key in await Said.filter(key__in=list(keys)).values_list("key", flat=True)}
    told: About = {"by": "notice", "until": news.until, "kind": news.kind, "news": news.known, "about": news.about}
    rows = []
    for key, one in keys.items():
        if key not in there:
            about: About = {**told, "key": key, "person": one.person}
            row = promise(platform, one, Reply(text=news.words), **about)
            row.state = "shut" if news.is_quiet else row.state
            rows.append(row)
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
    """What a `Channel` of that name does with messages about cases and notices: it promises them to whoever has no app.

    Not those of a kind that they have muted; in their quiet hours one waits until they write.

    Example::

        Channel(name="wechat", deliver=deliver_on("wechat"))
    """

    async def deliver(platform: Platform, messages: Sequence[Message]) -> None:
        await before_notices(platform, channel)
        wished = {
            kind: await wishes(platform, [one.person for one in messages if one.category == kind], kind)
            for kind in {one.category for one in messages if one.category}
        }
        for message in messages:
            contacts = await bound(message.person, channel) if message.mode == "live" else ()
            # Of a chat that was bound just now, that chat itself isn't told: it knows, and may be a stranger's.
            others = [one for one in contacts if not message.link.endswith(f"/links/{one.link}")]
            if others and not await has_app(platform, message.person):
                if message.replaces:
                    earlier = [key_of(one, contact) for one in message.replaces for contact in others]
                    await Unasked(platform).take_back(earlier)
                quiet = wished[message.category] if message.category else {}
                if quiet.get(message.person, message.created_at) is not None:
                    await tell(platform, others, news_of(platform, message, is_quiet=message.person in quiet))

    return deliver


def news_of(platform: Platform, message: Message, *, is_quiet: bool = False) -> News:
    """What is told of a case; of a discreet item only that there is something to be read. Or a notice of a kind."""
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
    if message.category:
        until = message.until or message.created_at + NOTICE_LASTS
        return News(id=message.id, kind="notice", known=known, words=words, until=until, is_quiet=is_quiet)
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
