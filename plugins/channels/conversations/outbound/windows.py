"""Until when and how often a contact may still be written to: rows that are spent, by the provider's rules."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from tortoise.expressions import F, Q
from tortoise.models import Model
from uuid_utils.compat import uuid7

from banshi import Conflict, Platform, Update
from conversations.contents import Left, Received
from conversations.outbound.sender import outlet_of, pieces, sender_of
from conversations.sentences import say
from conversations.tables.models import ChannelConversation, Said, Window
from desk import Reachable

#: An officer needs some to answer: a window that is over sooner is none.
SOME_TIME = timedelta(minutes=10)

#: Windows of which the one to be spent is chosen; and what the kind of a message's own begins with, by its key.
MAX_USABLE, OWN = 8, "#"

#: Of a message that may have been sent in such a window: its provider knows it again there alone.
UNSURE = "unsure"

LONG = "That is {n} messages there, and {sends} can be sent before they write again: shorten it by {over} letters."


async def opening(platform: Platform, account: str, conversation: Any, received: Received) -> list[Model | Update]:
    """What a message opens, as a part of its turn's write; whoever leaves shuts all of them."""
    sender = sender_of(platform, account)
    if sender is None or not sender.has_windows:
        return []
    if isinstance(received.content, Left):
        return [Update(Window, {"conversation_id": conversation}, {"until": received.at}, rows=None)]
    opened = {own_kind(received.key) if one.own else one.kind: one for one in sender.windows(received)}
    of: dict[str, Any] = {"conversation_id": conversation, "kind__in": list(opened)}
    there = await Window.filter(**of).values_list("kind", flat=True) if opened else ()
    written: list[Model | Update] = []
    for kind, one in opened.items():
        own, until = {"conversation_id": conversation, "kind": kind}, received.at + one.lasts
        if kind in there:
            # A message that comes late opens nothing that a newer one hasn't.
            later = own if one.replaces else {**own, "until__lt": until}
            anew = {"until": until, "sends_left": one.sends, "ref": received.ref}
            written.append(Update(Window, later, anew, rows=None))
        else:
            written.append(Window(id=uuid7(), until=until, sends_left=one.sends, ref=received.ref, **own))
    return written


def own_kind(key: str) -> str:
    """The kind of the window that is one message's alone."""
    return OWN + hashlib.blake2b(key.encode(), digest_size=7).hexdigest()


async def usable(conversation: Any, now: datetime, own: str = "", *, alone: bool = False) -> Sequence[Window]:
    """The windows in which something may still be sent, the one that ends first in front.

    Args:
        own: The kind of the one that is the message's which it answers: that one, or any once it is over.
        alone: Then none.
    """
    some_left = Q(sends_left__isnull=True) | Q(sends_left__gt=0)
    there = Window.filter(some_left, conversation_id=conversation, until__gt=now).order_by("until").limit(MAX_USABLE)
    found = await there.filter(kind=own) if own.startswith(OWN) else ()
    return found or (() if alone else await there)


async def reachable(platform: Platform, conversations: Sequence[UUID]) -> Mapping[UUID, Reachable]:
    """How far each can be written to unasked; whoever can't be is left out."""
    of, found = {"conversation_id__in": conversations}, dict[UUID, Reachable]()
    waiting: dict[UUID, list[str]] = defaultdict(list)
    for said in await Said.filter(**of, state="waiting"):
        waiting[said.conversation_id].append(said.words["text"])
    opened: dict[UUID, list[Window]] = defaultdict(list)
    for window in await Window.filter(**of, until__gt=platform.now()).exclude(sends_left=0):
        opened[window.conversation_id].append(window)
    for identity, account in await ChannelConversation.filter(id__in=conversations).values_list("id", "account"):
        sender, own = sender_of(platform, account), opened[identity]
        if sender is not None and not sender.has_windows:
            found[identity] = Reachable()
        elif sender is not None and own:
            counts = [one.sends_left for one in own]
            outlet = outlet_of(platform, account)
            before = sum(len(pieces(text, outlet)) for text in waiting[identity])
            sends = None if None in counts else max(0, sum(filter(None, counts)) - before)
            found[identity] = Reachable(max(one.until for one in own), sends)
    return found


async def refuse_too_long(platform: Platform, row: ChannelConversation, text: str) -> None:
    """Raise Conflict where a text takes more messages than may be sent now; where none may, all of it waits."""
    parts = pieces(text, outlet_of(platform, row.account))
    found = (await reachable(platform, [row.id])).get(row.id) if len(parts) > 1 else None
    if found is not None and found.sends is not None and 0 < found.sends < len(parts):
        over = sum(map(len, parts[found.sends :]))
        raise Conflict(say(LONG, n=len(parts), sends=found.sends, over=over), letters_over=over)


async def lasts(platform: Platform, row: ChannelConversation, received: Received) -> bool:
    """Whether they can be written to for some time after that message, where anybody can be unasked at all."""
    sender, soon = sender_of(platform, row.account), platform.now() + SOME_TIME
    if sender is None or not sender.has_windows:
        return True
    opened = any(received.at + one.lasts > soon for one in sender.windows(received))
    return opened or any(one.until > soon for one in await usable(row.id, platform.now()))


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


async def spent_for(said: Said, lease_s: float) -> Sequence[Update]:
    """What gives back what a killed worker had spent; nothing where they have been heard since, which opens anew."""
    claimed_at = datetime.fromtimestamp(said.lease_until / 1000 - lease_s, UTC)
    if said.conversation.heard_at > claimed_at and not said.window.startswith(OWN):
        return ()
    return [giving_back(one) for one in await Window.filter(conversation_id=said.conversation_id, kind=said.window)]


def shutting(window: Window) -> Update:
    """The provider knows better: nothing more may be sent in it."""
    return Update(Window, {"id": window.id, "until": window.until}, {"sends_left": 0}, rows=None)
