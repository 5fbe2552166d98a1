"""By which contacts somebody is known: whom a channel may write to about their cases, and what concerns all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from tortoise.queryset import QuerySet

from banshi import Platform, Principal, Problem
from banshi.sdk.http import READER
from conversations.tables.models import ContactLink


@dataclass(frozen=True, slots=True)
class BoundContact:
    """A contact that is bound to a citizen: its conversation, our account, and the provider's id of it."""

    conversation: UUID
    account: str
    contact: str
    #: The citizen, and the id of what binds them: one that is bound later has a greater one.
    person: str
    link: UUID


async def bound(person: str, channel: str) -> Sequence[BoundContact]:
    """Those of one channel, the first that was bound in front; whoever has left is none."""
    return await _contacts(_links(channel).filter(person=person).order_by("linked_at"))


async def bound_after(channel: str, link: UUID, most: int) -> Sequence[BoundContact]:
    """Up to `most` of a channel, whoever they are bound to, in the order of their links and behind that one."""
    return await _contacts(_links(channel).filter(id__gt=link).order_by("id").limit(most))


async def has_app(platform: Platform, person: str) -> bool:
    """Whether a phone of theirs is registered: they read there what we tell them."""
    try:
        found = await platform[READER].get("/v1/devices", Principal(subject=person), "en")
    except Problem:
        return False
    return bool(found["items"])


def _links(channel: str) -> QuerySet[ContactLink]:
    links = ContactLink.filter(ended_at=None, conversation__account__startswith=f"{channel}:")
    return links.exclude(conversation__state="gone")


async def _contacts(links: QuerySet[ContactLink]) -> Sequence[BoundContact]:
    rows = await links.prefetch_related("conversation")
    return [
        BoundContact(one.conversation_id, one.conversation.account, one.conversation.contact, one.person, one.id)
        for one in rows
    ]
