"""The same told to whoever listens, such as webhooks: a keyed id for the conversation, and no contact and no word."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, get_args

from uuid_utils.compat import uuid7

from banshi import Platform, Update, Write
from banshi.sdk.events import LISTENERS, Event, event_rows
from conversations.contacts.offers import OFFERS
from conversations.figures.counting import FIGURES, What
from conversations.tables.models import Figure

TYPES = tuple(f"banshi.conversation.{what}" for what in get_args(What))


def told(platform: Platform, conversation: Any, counted: Iterable[Any], *, is_bound: bool) -> list[Any]:
    """What was counted with the promise to tell of it, for one transaction.

    Nothing of an item is told of a contact that is bound to nobody: what has no name is told to nobody.
    """
    counted = [*counted]
    figures = [row for row in counted if isinstance(row, Figure) and (is_bound or not row.item)]
    if not figures or not platform.offered(LISTENERS):
        return counted
    subject = platform[OFFERS].hashed("event", str(conversation))
    for row in figures:
        item = platform.registry.items.get(row.item) if row.item else None
        event = Event(
            id=str(uuid7()),
            type=f"banshi.conversation.{row.what}",
            at=platform.now(),
            source="/v1/conversations",
            subject=subject,
            department=item.department if item else "",
            item=row.item,
            data={"account": row.account, "item": row.item or None, "action": row.what, "pointer": row.pointer},
        )
        counted += event_rows(platform, event)
    return counted


async def write(platform: Platform, conversation: Any, changes: Iterable[Any], *, is_bound: bool) -> None:
    """Commit what is counted with what causes it, and tell of it. Raises Stale."""
    changes = [*changes]
    updates = [one for one in changes if isinstance(one, Update)]
    rows = told(platform, conversation, (one for one in changes if not isinstance(one, Update)), is_bound=is_bound)
    await platform.store.commit(Write(updates, rows))
    platform[FIGURES].written(rows)
