"""Results of cases to whoever has bound the account and has no app."""

from __future__ import annotations

from collections.abc import Sequence

from banshi import Message, NotFound, Platform, Principal, Problem, Unavailable, text_in
from banshi.sdk.http import ApiReader
from conversations import CONVERSATIONS
from wechat.sentences import say
from wechat.telling.marked import News, spelled, tell
from wechat.telling.sending import account_named

MORE = say("Write “progress” to see it.")


async def deliver(platform: Platform, messages: Sequence[Message]) -> None:
    """Tell people; what WeChat can't take just now comes again. Raises Unavailable."""
    later = False
    for message in messages:
        bound = await platform[CONVERSATIONS].bound(message.person, "wechat") if message.mode == "live" else ()
        if not bound or await has_app(platform, message.person):
            continue
        news = news_of(platform, message)
        for contact in bound:
            account = account_named(platform, contact.account)
            if account is not None:
                later |= not await tell(platform, account, account.settings.notice, contact, news)
    if later:
        raise Unavailable


async def has_app(platform: Platform, person: str) -> bool:
    """Whether a phone of theirs is registered: the app tells them then."""
    try:
        found = await ApiReader(platform).get("/v1/devices", Principal(subject=person), "en")
    except (NotFound, Problem):
        return False
    return bool(found["items"])


def news_of(platform: Platform, message: Message) -> News:
    """What is told of a case."""
    title = text_in(message.title, "zh-CN")
    item = platform.registry.items.get(message.item or "")
    known = {
        "title": title,
        "item": text_in(item.title, "zh-CN") if item else title,
        "number": message.number or "-",
        "time": spelled(platform, message.created_at),
    }
    words = "\n".join((title, text_in(message.body, "zh-CN"), text_in(MORE, "zh-CN")))
    return News(id=message.id, known=known, words=words)
