"""Links of contacts to people: one at a time, ended rather than changed, and nobody's without their being told."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Literal

from tortoise.models import Model
from uuid_utils.compat import uuid7

from banshi import Conflict, Platform, Principal, Stale, Texts, Update
from conversations.contacts.offers import known_of
from conversations.figures.counting import figure, write
from conversations.identity import telling
from conversations.outbound.sender import channel_of
from conversations.sentences import say
from conversations.settings import SETTINGS
from conversations.tables.models import ChannelConversation, ContactLink, LinkOffer
from questions.pages.frame import LinkOver

#: How somebody was bound: by a link in the chat, the app's QR code, or its digits.
Way = Literal["sign-in", "app", "digits"]

#: How often a binding is tried anew where the contact writes at the same moment.
MAX_TRIES = 5

UNBOUND = say("Somebody wrote “unbind” there.")
#: What the chat says of one that has ended by itself.
OVER = "{why} Nobody is known here by this contact any more."


class BoundToAnother(Conflict, code="bound-to-another", says=say):
    """This chat is bound to somebody else. Write “unbind” there first, then ask for a new link."""


def person_of(link: ContactLink, account: str) -> Principal:
    """Who it is, as the chat speaks for them."""
    return Principal(subject=link.person, channel=channel_of(account), **link.known)


def why_over(platform: Platform, link: ContactLink, heard_at: datetime) -> Texts | None:
    """Why a link's time is over; None where it isn't. `heard_at` is when the contact was last heard."""
    settings, now = platform[SETTINGS], platform.now()
    if now - link.linked_at > settings.link_life:
        return say("You signed in for it more than {days} days ago.", days=settings.link_days)
    if now - max(heard_at, link.linked_at) > settings.idle_life:
        return say("Nobody has written there for more than {days} days.", days=settings.idle_days)
    return None


def ending(platform: Platform, account: str, link: ContactLink, why: Texts | None) -> list[Model | Update]:
    """What ends a link, and tells its citizen why; None where they have ended it themselves."""
    ended = Update(ContactLink, {"id": link.id, "ended_at": None}, {"ended_at": platform.now()})
    told = telling.ended(platform, account, link, why) if why else ()
    return [ended, figure(platform, account, "unlinked"), *told]


def binding(
    platform: Platform,
    offer: LinkOffer,
    row: ChannelConversation,
    before: ContactLink | None,
    person: Principal,
    way: Way,
    *,
    is_proved: bool = False,
) -> tuple[ContactLink, list[Model | Update]]:
    """The link that binds a contact, and all that is written with it: a write that the conversation's version guards.

    `before` is the contact's link so far, of the same citizen. Of two at once one is Stale.
    """
    now = platform.now()
    since = (before.since or before.linked_at) if before else None
    own = {"person": person.subject, "known": known_of(person), "way": way, "is_proved": is_proved}
    link = ContactLink(id=uuid7(), conversation_id=row.id, linked_at=now, since=since, **own)
    used, live = {"used_at": now}, {"conversation_id": row.id, "ended_at": None}
    return link, [
        Update(LinkOffer, {"id": offer.id, "used_at": None}, used),
        Update(LinkOffer, {"conversation_id": row.id, "used_at": None}, used, rows=None),
        Update(ContactLink, live, {"ended_at": now}, rows=None),
        link,
        *telling.bound(platform, row.account, link),
        figure(platform, row.account, "linked"),
    ]


async def bind(platform: Platform, offer: LinkOffer, person: Principal, *, is_proved: bool) -> ChannelConversation:
    """Bind the contact of a link to whoever has signed in, now. Raises LinkOver and BoundToAnother."""
    for _ in range(MAX_TRIES):
        row = await ChannelConversation.get_or_none(id=offer.conversation_id)
        if row is None or not await LinkOffer.exists(id=offer.id, used_at=None):
            break
        before = await live_link(row.id)
        over = before and why_over(platform, before, row.heard_at)
        ends = ending(platform, row.account, before, over) if before and over else []
        before = None if over else before
        if before and before.person != person.subject:
            raise BoundToAnother
        guard = Update(ChannelConversation, {"id": row.id, "version": row.version}, {"version": row.version + 1})
        _, bound = binding(platform, offer, row, before, person, "sign-in", is_proved=is_proved)
        try:
            await write(platform, row.id, [guard, *ends, *bound], is_bound=True)
        except Stale:
            continue
        return row
    raise LinkOver


async def live_link(conversation: Any) -> ContactLink | None:
    """Who a contact is at present."""
    return await ContactLink.filter(conversation_id=conversation, ended_at=None).order_by("-linked_at").first()


def ending_of(person: str | None, now: datetime) -> Sequence[Update]:
    """End the links of a person, or (None) of everybody, with the digits and codes that they have taken."""
    whose: dict[str, Any] = {} if person is None else {"person": person}
    over = {ContactLink: "ended_at", LinkOffer: "used_at"}
    return [Update(model, {**whose, name: None}, {name: now}, rows=None) for model, name in over.items()]
