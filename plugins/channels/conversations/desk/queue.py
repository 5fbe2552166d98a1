"""The queue of a desk as rows: who calls for a person, in which place, and each step of it by one conditional write."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Literal

from tortoise.expressions import F, Q
from uuid_utils.compat import uuid7

from banshi import Principal, Update
from conversations.engine.turn.states import after
from conversations.tables.models import ChannelConversation, DeskEvent, Enquiry

#: What the stream tells and a history has.
What = Literal[
    "queued",
    "word",
    "urgent",
    "heard",
    "left",
    "delayed",
    "claimed",
    "returned",
    "lapsed",
    "transferred",
    "answered",
    "note",
    "cases",
    "file",
    "closed",
    "rated",
]

#: The claims of this time say how long the next ones take.
PACE = timedelta(hours=1)


def event(
    enquiry: Enquiry, what: What, at: datetime, by: Principal | None = None, text: str = "", cases: Sequence[str] = ()
) -> DeskEvent:
    return DeskEvent(
        id=uuid7(),
        enquiry_id=enquiry.id,
        desk=enquiry.desk,
        at=at,
        what=what,
        officer=by.subject if by else "",
        officer_name=name_of(by) if by else "",
        text=text,
        cases=list(cases),
    )


def name_of(officer: Principal) -> str:
    """What colleagues read of who it is."""
    return (officer.name or officer.subject)[:255]


def joining(
    conversation: Any, desk: str, at: datetime, *, state: Literal["waiting", "word"] = "waiting", urgent: bool = False
) -> tuple[Enquiry, DeskEvent]:
    """The rows of a call for a person."""
    row = Enquiry(
        id=uuid7(), conversation_id=conversation, desk=desk, state=state, urgent=urgent, asked_at=at, owed_since=at
    )
    return row, event(row, "queued" if state == "waiting" else "word", at)


async def enquiry_of(conversation: Any, *states: str) -> Enquiry | None:
    """The last one of that contact in one of these states."""
    return await Enquiry.filter(conversation_id=conversation, state__in=states).order_by("-id").first()


def step(enquiry: Enquiry, values: Mapping[str, Any], happened: str = "", **more: Any) -> list[Update]:
    """One step, which happens once: from the state that the row has and from whoever holds it, or it is stale.

    The conversation goes on in its state table by what `happened`; "" leaves it to whoever writes it beside.
    """
    where: dict[str, Any] = {"id": enquiry.id, "state": enquiry.state, "officer": enquiry.officer, **more}
    if not happened:
        return [Update(Enquiry, where, values)]
    state = after(enquiry.state, happened)  # type: ignore[arg-type]  # a column's text
    moved = {"state": state, "version": F("version") + 1}
    of = {"id": enquiry.conversation_id, "state": enquiry.state}
    return [Update(Enquiry, where, values), Update(ChannelConversation, of, moved)]


#: What a row in the queue has of nobody.
UNHELD = {"state": "waiting", "officer": "", "officer_name": "", "lease_until": None}


def closing(now: datetime) -> dict[str, Any]:
    """What a row gets that is over."""
    return {"state": "closed", "closed_at": now, "lease_until": None, "owed_since": None}


async def place_of(row: Enquiry) -> int:
    """The place that it has in its queue, the first being 1."""
    before = Q(Q(asked_at__lt=row.asked_at) | Q(asked_at=row.asked_at, id__lt=row.id), urgent=row.urgent)
    if not row.urgent:
        before |= Q(urgent=True)
    return 1 + await Enquiry.filter(before, desk=row.desk, state="waiting").count()


async def minutes_for(desk: str, place: int, now: datetime) -> int | None:
    """About how long that place takes, as fast as the last hour's went; None where none of it went."""
    claimed = await Enquiry.filter(desk=desk, claimed_at__gt=now - PACE).count()
    return math.ceil(place * PACE.total_seconds() / 60 / claimed) if claimed else None
