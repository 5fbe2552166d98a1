"""The queue of a desk as rows: who calls for a person, in which place, and each step of it by one conditional write."""

from __future__ import annotations

import math
from collections import ChainMap
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Literal
from uuid import UUID

from tortoise.expressions import Q
from uuid_utils.compat import uuid7

from banshi import Platform, Principal, Update
from desk.party import party_of
from desk.settings import SETTINGS
from desk.tables.models import DeskEvent, Enquiry

#: What the stream tells and a history has.
What = Literal[
    "queued", "word", "urgent", "heard", "left", "delayed", "claimed", "given", "returned", "lapsed", "transferred",
    "taken-over", "answered", "note", "labelled", "cases", "file", "read", "closed", "rated",
    "flood", "blocked", "unblocked", "offered", "agreed", "declined", "filed",
    # Of answers, what became of them.
    "accepted", "delivered", "failed", "shut", "late", "refused", "unknown",
]  # fmt: skip

#: While somebody waits, that there are words of theirs is told once in this time.
TOLD_AGAIN = timedelta(minutes=1)

#: The claims of this time say how long the next ones take.
PACE = timedelta(hours=1)


def event(
    enquiry: Enquiry, what: What, at: datetime, by: Principal | None = None, text: str = "", **more: Any
) -> DeskEvent:
    """What happened; `more` are other columns, and those where another desk or officer is meant."""
    own = {"enquiry_id": enquiry.id, "desk": enquiry.desk, "at": at, "what": what, "text": text}
    who = {"officer": by.subject, "officer_name": name_of(by)} if by else {}
    return DeskEvent(id=uuid7(), **{**own, **who, **more})


def stamp(row: DeskEvent) -> None:
    """Its id is made while the row of its enquiry is locked: of each enquiry they stand in the order of the steps."""
    # A note's is answered before, and moves nothing.
    if row.what != "note":
        row.id = uuid7()


def name_of(officer: Principal) -> str:
    """What colleagues read of who it is."""
    return (officer.name or officer.subject)[:255]


async def enquiry_of(kind: str, subject: UUID, *states: str) -> Enquiry | None:
    """The last one of that subject in one of these states."""
    return await Enquiry.filter(kind=kind, subject=subject, state__in=states).order_by("-id").first()


async def step(
    platform: Platform, enquiry: Enquiry, values: Mapping[str, Any], happened: str = "", **more: Any
) -> list[Update]:
    """One step, which happens once: from the desk, the state and the holder that the row has, or it is stale.

    The party goes on by what `happened`; "" leaves it to whoever writes it beside.
    """
    own = {"id": enquiry.id, "desk": enquiry.desk, "state": enquiry.state, "officer": enquiry.officer}
    party = party_of(platform, enquiry.kind)
    beside = await party.moved(enquiry.subject, enquiry.state, happened) if happened else ()
    # What the party says of the enquiry itself goes into the step.
    changed = dict(ChainMap(*[dict(one.values) for one in beside if one.model is Enquiry], dict(values)))
    return [Update(Enquiry, {**own, **more}, changed), *[one for one in beside if one.model is not Enquiry]]


def holding(platform: Platform, row: Enquiry, officer: str, name: str, now: datetime) -> dict[str, Any]:
    """What a row gets that this officer has from now on."""
    lease = now + platform[SETTINGS].lease
    own = {"state": "held", "officer": officer, "officer_name": name, "lease_until": lease}
    return {**own, "claimed_at": row.claimed_at or now}


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
