"""What happened, for plugins that want to hear of it: each step of a case, and whatever other plugins tell.

An event is promised in the transaction that makes it true, one outbox row a listener, so that none is lost and none is
heard of that didn't happen. It says which case moved from which state to which, and nothing of a person's: no name, no
answer, no reason. Cases without a name are told to nobody: whoever handed one in was promised that nothing leads away
from it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
from uuid_utils.compat import uuid7

from banshi.foundation.database.store import Store
from banshi.foundation.keys import Key
from banshi.kernel.loading.registry import Registry
from banshi.kernel.outbox import outbox
from banshi.kernel.outbox.outbox import Claimed
from banshi.kernel.runtime.mistakes import Mistake
from banshi.kernel.runtime.running import Platform
from banshi.kernel.tables.cases import Case, CaseEvent
from banshi.kernel.tables.outbox import OutboxRow

#: What the types of cases' events begin with; an action follows: `banshi.case.approve`.
CASE = "banshi.case."

#: What consumers of the outbox are called that are listeners; the plugin's name follows.
CONSUMER = "listener:"

#: Bytes of an event's data as JSON: each listener's promise is a row with all of it.
MAX_DATA_BYTES = 16_384

#: Actions that no state table has: how a case begins, and what other cases do to it.
BESIDES = ("submit", "reuse", "absorb", "bind")


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something that happened: ids and states."""

    #: Unique for good, and the same however often the event is told.
    id: str
    #: In words with dots: `banshi.case.approve`.
    type: str
    at: datetime
    #: Path of the list in which the thing is that it happened to, and the thing's id there.
    source: str = "/v1/cases"
    subject: str
    #: Counts the events of one subject, without a gap: they are heard in this order. 0 where any order will do.
    version: int = 0
    #: Whose business it is, and of which item; "" is everybody's, and no item's.
    department: str = ""
    item: str = ""
    #: Whatever else there is to say. Nothing of a person's.
    data: Mapping[str, Any] = field(default_factory=dict)


FIELDS = tuple(one.name for one in fields(Event))


@dataclass(frozen=True, slots=True)
class Listener:
    """Hears of everything that happens. One a plugin."""

    #: Gets a batch, the events of one subject in their order, and some of them twice; if it raises, all come again.
    hear: Callable[[Platform, Sequence[Event]], Awaitable[None]]
    #: Whether it wants to hear of an event; of everything where this isn't said. No promise is written of the others.
    wants: Callable[[Platform, Event], bool] | None = None


#: Plugins that want to hear offer a listener.
LISTENERS: Key[Listener] = Key("listeners")

#: Plugins that tell events of their own offer what the types are called, so that a misspelt one is known as such.
EVENT_TYPES: Key[Sequence[str]] = Key("event types")

#: Offered by a plugin that drafts what another publishes, with its own name as `origin`: asked before it is proposed or
#: approved and before it goes out, by its id, it says why it may not.
OBJECTIONS: Key[Callable[[Platform, UUID], Awaitable[Mapping[str, str] | None]]] = Key("objections to drafts")


def event_rows(platform: Platform, event: Event) -> list[OutboxRow]:
    """The promise to tell everybody who listens, as rows for the transaction that makes the event true."""
    listening = platform.offered(LISTENERS)
    if not listening:
        return []
    # By hand: `asdict` copies every value, which takes longer than all else that a step promises.
    payload = {name: getattr(event, name) for name in FIELDS}
    if (size := len(orjson.dumps(event.data, default=str))) > MAX_DATA_BYTES:
        what = f"tells an event {event.type} with {size} bytes of data, and {MAX_DATA_BYTES} are the most"
        raise Mistake(f"{what}: put ids in it, by which a listener reads the rest")
    return [
        OutboxRow(consumer=CONSUMER + plugin, topic=event.type[:64], payload=payload, dedup=_dedup(plugin, payload))
        for plugin, listener in listening
        if listener.wants is None or listener.wants(platform, event)
    ]


def _dedup(plugin: str, event: Mapping[str, Any], back: int = 0) -> str:
    """What an event's promise to a plugin bears, or that of the one that stands `back` before it."""
    return f"{plugin}:{event['subject']}:{event['version'] - back}" if event["version"] else f"{plugin}:{event['id']}"


def step_rows(
    platform: Platform, case: Case, entry: CaseEvent, place: Mapping[str, Any] | None = None
) -> list[OutboxRow]:
    """The promise to tell of an entry in a case's timeline. `place` is where the step leads it, if elsewhere."""
    if not case.person or not platform.offered(LISTENERS):
        return []
    place = place or {}
    department, unit = place.get("department", case.department), place.get("unit", case.unit)
    event = Event(
        id=str(uuid7()),
        type=CASE + entry.action,
        at=entry.at,
        subject=str(case.id),
        version=entry.version,
        department=department,
        item=case.item,
        data={
            "case": str(case.id),
            "number": case.number,
            "item": case.item,
            "kind": case.kind,
            "department": department,
            "unit": unit,
            "action": entry.action,
            "state_before": entry.state_before or None,
            "state": entry.state,
            "version": entry.version,
            "mode": case.mode,
        },
    )
    return event_rows(platform, event)


def event_of(payload: Mapping[str, Any]) -> Event:
    """The event in a promise. Raises outbox.FromNewer."""
    outbox.all_known(payload, FIELDS)
    return Event(**{**payload, "at": datetime.fromisoformat(payload["at"])})


def event_types(registry: Registry) -> frozenset[str]:
    """The types of all events that there can be. Walks all items: ask once."""
    actions = {step.action for item in registry.items.each() for step in item.steps}
    others = [name for _, types in registry.offered(EVENT_TYPES) for name in types]
    return frozenset([*(CASE + action for action in (*actions, *BESIDES)), *others])


class OutOfTurn(Exception):
    """The event before this one of the same subject is still with another worker."""


async def in_turn(store: Store, claimed: Sequence[Claimed]) -> tuple[list[Claimed], list[Claimed]]:
    """Of rows that were claimed for one listener those whose turn it is, in their order, and the others.

    Rows are claimed by several processes, and one that failed comes again later than those behind it: an event waits as
    long as the one before it was not heard.
    """
    ordered = sorted(claimed, key=lambda row: row.payload["version"])
    here = {_row_dedup(row) for row in ordered}
    before = {row.id: _row_dedup(row, back=1) for row in ordered if row.payload["version"] > 1}
    missing = await outbox.still_due(store, sorted(set(before.values()) - here))
    turn: list[Claimed] = []
    held: list[Claimed] = []
    for row in ordered:
        if before.get(row.id) in missing:
            missing.add(_row_dedup(row))
            held.append(row)
        else:
            turn.append(row)
    return turn, held


def _row_dedup(row: Claimed, back: int = 0) -> str:
    return _dedup(row.consumer.removeprefix(CONSUMER), row.payload, back)
