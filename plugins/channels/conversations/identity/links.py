"""Links of contacts to people: one at a time, ended rather than changed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Literal

from tortoise.models import Model
from uuid_utils.compat import uuid7

from banshi import Platform, Principal, Stale, Update
from conversations.figures.counting import figure
from conversations.figures.events import write
from conversations.identity.offers import known_of
from conversations.tables.models import ChannelConversation, ContactLink, LinkOffer
from questions.pages.frame import LinkOver

#: How somebody was bound: by a link in the chat, the app's QR code, or its digits.
Way = Literal["sign-in", "app", "digits"]

#: How often a binding is tried anew where the contact writes at the same moment.
MAX_TRIES = 5


def ending(conversation: Any, now: datetime) -> Update:
    """End a contact's link, where it has one."""
    return Update(ContactLink, {"conversation_id": conversation, "ended_at": None}, {"ended_at": now}, rows=None)


def binding(
    offer: LinkOffer, conversation: Any, person: Principal, way: Way, now: datetime
) -> tuple[Sequence[Update], Sequence[Model]]:
    """What binds a contact, in a write that the conversation's version guards: of two at once one is Stale."""
    updates = [
        Update(LinkOffer, {"id": offer.id, "used_at": None}, {"used_at": now}),
        Update(LinkOffer, {"conversation_id": conversation, "used_at": None}, {"used_at": now}, rows=None),
        ending(conversation, now),
    ]
    link = ContactLink(
        id=uuid7(),
        conversation_id=conversation,
        person=person.subject,
        known=known_of(person),
        way=way,
        linked_at=now,
    )
    return updates, [link]


async def bind(platform: Platform, offer: LinkOffer, person: Principal) -> ChannelConversation:
    """Bind the contact of a link to whoever has signed in, now. Raises LinkOver."""
    now = platform.now()
    for _ in range(MAX_TRIES):
        row = await ChannelConversation.get_or_none(id=offer.conversation_id)
        if row is None or not await LinkOffer.exists(id=offer.id, used_at=None):
            break
        guard = Update(ChannelConversation, {"id": row.id, "version": row.version}, {"version": row.version + 1})
        updates, rows = binding(offer, row.id, person, "sign-in", now)
        try:
            counted = figure(platform, row.account, "linked")
            await write(platform, row.id, [guard, *updates], [*rows, counted], is_bound=True)
        except Stale:
            continue
        return row
    raise LinkOver
