"""Until when and how often a contact may still be written to: rows that are spent, by the provider's rules."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from tortoise.expressions import F, Q
from tortoise.models import Model
from uuid_utils.compat import uuid7

from banshi import Platform, Update
from conversations.contents import Left, Received
from conversations.outbound.sender import sender_of
from conversations.tables.models import Window


async def opening(platform: Platform, account: str, conversation: Any, received: Received) -> list[Model | Update]:
    """What a message opens, as a part of its turn's write; whoever leaves shuts all of them."""
    sender = sender_of(platform, account)
    if sender is None or not sender.has_windows:
        return []
    if isinstance(received.content, Left):
        return [Update(Window, {"conversation_id": conversation}, {"until": received.at}, rows=None)]
    opened = sender.windows(received)
    there = await Window.filter(conversation_id=conversation).values_list("kind", flat=True) if opened else ()
    written: list[Model | Update] = []
    for one in opened:
        own, until = {"conversation_id": conversation, "kind": one.kind}, received.at + one.lasts
        if one.kind in there:
            # A message that comes late opens nothing that a newer one hasn't.
            later = {**own, "until__lt": until}
            written.append(Update(Window, later, {"until": until, "sends_left": one.sends}, rows=None))
        else:
            written.append(Window(id=uuid7(), until=until, sends_left=one.sends, **own))
    return written


async def usable(conversation: Any, now: datetime) -> Sequence[Window]:
    """The windows in which something may still be sent, the one that ends first in front."""
    some_left = Q(sends_left__isnull=True) | Q(sends_left__gt=0)
    return await Window.filter(some_left, conversation_id=conversation, until__gt=now).order_by("until")


def spending(window: Window, now: datetime) -> Update:
    """Take one message out of it, on the condition that there is one and that it is open."""
    own: dict[str, Any] = {"id": window.id, "until__gt": now}
    if window.sends_left is None:
        return Update(Window, own, {"kind": window.kind})
    return Update(Window, {**own, "sends_left__gt": 0}, {"sends_left": F("sends_left") - 1})


def giving_back(window: Window) -> Update:
    """What wasn't counted may be sent after all; not in a window that was opened anew meanwhile, which is full."""
    own = {"id": window.id, "until": window.until, "sends_left__isnull": False}
    return Update(Window, own, {"sends_left": F("sends_left") + 1}, rows=None)


def shutting(window: Window) -> Update:
    """The provider knows better: nothing more may be sent in it."""
    return Update(Window, {"id": window.id, "until": window.until}, {"sends_left": 0}, rows=None)
