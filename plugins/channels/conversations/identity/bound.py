"""By which contacts somebody is known: whom a channel may write to about their cases."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from conversations.tables.models import ContactLink


@dataclass(frozen=True, slots=True)
class BoundContact:
    """A contact that is bound to a citizen: its conversation, our account, and the provider's id of it."""

    conversation: UUID
    account: str
    contact: str


async def bound(person: str, channel: str) -> Sequence[BoundContact]:
    """Those of one channel, the first that was bound in front; whoever has left is none."""
    links = ContactLink.filter(person=person, ended_at=None, conversation__account__startswith=f"{channel}:")
    rows = await links.exclude(conversation__state="gone").order_by("linked_at").prefetch_related("conversation")
    return [BoundContact(one.conversation_id, one.conversation.account, one.conversation.contact) for one in rows]
