"""What citizens are told of their chats, in the inbox and by push: written with what it is about."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tortoise.models import Model
from uuid_utils.compat import uuid7

from banshi import Message, Platform, Texts
from banshi.sdk.events import message_rows
from conversations.outbound.sender import title_of
from conversations.sentences import say, word
from conversations.tables.models import Confirmation, ContactLink
from questions.shown import minute

BY_LINK, BY_APP, BY_DIGITS = word("a sign-in by a link"), word("your app's QR code"), word("your app's digits")
WAYS = {"sign-in": BY_LINK, "app": BY_APP, "digits": BY_DIGITS}
BOUND, ENDED, ASKED = word("A chat knows you now"), word("A chat knows you no more"), word("A chat asks for your yes")


def bound(platform: Platform, account: str, link: ContactLink) -> Sequence[Model]:
    """That a chat is bound to them, and how they end that."""
    body = say(
        "The chat at {account} was bound to you on {time}, by {way}. It shows your cases and acts in your name. If it "
        "isn't you who chats there, end it at once: here, or in the list of your chats.",
        account=title_of(platform, account),
        time=minute(str(platform.moment(link.linked_at))),
        way=WAYS[link.way],
    )
    return _told(platform, link.person, BOUND, body, f"links/{link.id}", f"{link.id}:bound")


def ended(platform: Platform, account: str, link: ContactLink, why: Texts) -> Sequence[Model]:
    """That one isn't any more, and why."""
    body = say("{why} The chat at {account} knows you no more.", account=title_of(platform, account), why=why)
    return _told(platform, link.person, ENDED, body, "links", f"{link.id}:ended")


def asked(platform: Platform, account: str, link: ContactLink, wish: Confirmation) -> Sequence[Model]:
    """What it wants to do in their name."""
    body = say(
        "The chat at {account} wants to do this in your name: {what}. It was bound to you on {time}. If it is you who "
        "chats there, say yes here within an hour. If not, say no, and end that chat.",
        account=title_of(platform, account),
        what=wish.title,
        time=minute(str(platform.moment(link.linked_at))),
    )
    return _told(platform, wish.person, ASKED, body, f"confirmations/{wish.id}", str(wish.id))


def _told(platform: Platform, person: str, title: Texts, body: Texts, link: str, dedup: str) -> Sequence[Any]:
    about: Any = {"title": title, "body": body, "link": f"/v1/conversations/{link}", "created_at": platform.now()}
    message = Message(id=str(uuid7()), kind="case", person=person, **about)
    return message_rows(platform, message, dedup=f"chat:{dedup}")
