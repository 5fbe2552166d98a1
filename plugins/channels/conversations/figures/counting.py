"""What is counted: a row in the transaction of what happened, so that a repeat counts nothing; and for Prometheus.

The same is told to whoever listens, such as webhooks: a keyed id for the conversation, and no contact and no word.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Literal, get_args

from prometheus_client import Counter
from uuid_utils.compat import uuid7

from banshi import Key, Platform, Write
from banshi.sdk.events import LISTENERS, Event, event_rows
from conversations.contacts.offers import OFFERS
from conversations.tables.models import Figure

#: An item was begun; handed in; led to a page for what no chat carries; left before that. A contact was bound to a
#: citizen, and is no more. Somebody asked for a person, or spoke of danger and rang a desk.
What = Literal["begun", "filed", "elsewhere", "left", "linked", "unlinked", "person"]
TYPES = tuple(f"banshi.conversation.{what}" for what in get_args(What))

MAX_POINTER_CHARS = 255

#: A place in a list: which entry it was says nothing of the question.
_ENTRY = re.compile(r"/[0-9]+(?=/|$)")

#: An item that is being filled in, and the pointer of what was asked last.
Begun = tuple[str, str | None]


def figure(platform: Platform, account: str, what: What, item: str = "", pointer: str | None = None) -> Figure:
    asked = None if pointer is None else _ENTRY.sub("/-", pointer)[:MAX_POINTER_CHARS]
    return Figure(day=platform.today(), account=account, item=item, what=what, pointer=asked)


def begun_in(memory: Mapping[str, Any]) -> list[Begun]:
    """The items that a stored memory has under way; actions on cases are none."""
    return [(one["item"], one.get("asked")) for one in memory["dialogues"] if not one["case"]]


def moved(
    platform: Platform, account: str, before: list[Begun], after: list[Begun], done: tuple[What, str] | None = None
) -> Iterator[Figure]:
    """What became of the items that were under way; `done` is how one of them ended well. Anew is neither."""
    gone = list(before)
    new = [item for item, _ in after if not _taken_from(gone, item)]
    if done is not None:
        what, item = done
        if not _taken_from(gone, item):
            new.append(item)
        yield figure(platform, account, what, item)
    yield from (figure(platform, account, "begun", item) for item in new)
    yield from (figure(platform, account, "left", item, pointer) for item, pointer in gone)


def _taken_from(begun: list[Begun], item: str) -> bool:
    """Take the first of that item out; False where there is none."""
    found = next((one for one in begun if one[0] == item), None)
    if found is not None:
        begun.remove(found)
    return found is not None


class Figures:
    """The same for Prometheus, of this process, once it is written."""

    def __init__(self, platform: Platform) -> None:
        by = ["account", "item", "what"]
        self._turns = Counter("banshi_conversations_turns", "Messages answered", by[:1], registry=platform.metrics)
        self._happened = Counter(
            "banshi_conversations_happened", "What became of items by chat", by, registry=platform.metrics
        )

    def turn(self, account: str) -> None:
        self._turns.labels(account).inc()

    def written(self, rows: Iterable[Any]) -> None:
        for row in rows:
            if isinstance(row, Figure):
                self._happened.labels(row.account, row.item, row.what).inc()


FIGURES: Key[Figures] = Key("figures of conversations")


def count_rows(platform: Platform, conversation: Any, counted: Iterable[Any], *, is_bound: bool) -> list[Any]:
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
    write = Write.of(*changes)
    write.rows = count_rows(platform, conversation, write.rows, is_bound=is_bound)
    await platform.store.commit(write)
    platform[FIGURES].written(write.rows)
