"""A call at a desk: one more party. What is said in it is heard and not written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from tortoise.models import Model

from banshi import Platform, Principal, Update
from banshi.sdk.database import fetch
from desk import Enquiry, Known, Reachable, Word
from hotline.callers import TITLE, spoken_for
from hotline.settings import SETTINGS
from hotline.tables.models import HotlineCall, HotlineCaller

#: What the desk calls such a party.
KIND = "call"


#: The longest call: its switch may never tell that it has ended.
LONGEST = timedelta(hours=4)


def until(platform: Platform, call: HotlineCall) -> datetime:
    """Until when a call is its operator's: some minutes behind its end."""
    longest = call.at + LONGEST
    minutes = timedelta(minutes=platform[SETTINGS].call_minutes)
    return longest if call.ended_at is None else min(longest, call.ended_at + minutes)


@dataclass(frozen=True, slots=True)
class Calls:
    """The party of all of them."""

    platform: Platform
    kind: str = KIND

    async def who(self, subject: UUID) -> Principal | None:
        call = await HotlineCall.get_or_none(id=subject)
        caller = await HotlineCaller.get_or_none(id=call.caller_id) if call else None
        return spoken_for(call, caller, "") if caller else None

    async def say(self, *_: Any, **__: Any) -> Sequence[Model | Update]:
        return ()

    withdraw = offer = say

    async def takes(self, _: UUID) -> Mapping[str, int]:
        return {}

    async def reachable(self, _: Sequence[UUID]) -> Mapping[UUID, Reachable]:
        return {}

    async def known(self, subjects: Sequence[UUID]) -> Mapping[UUID, Known]:
        calls = await fetch(self.platform.store.connection, HotlineCall, subjects)
        return {one: Known(TITLE, row.known.get("name", ""), bool(row.person)) for one, row in calls.items()}

    async def moved(self, subject: UUID, _: str, happened: str) -> Sequence[Update]:
        call = (await fetch(self.platform.store.connection, HotlineCall, [subject])).get(subject)
        goes_on = call is not None and call.ended_at is None and self.platform.now() < until(self.platform, call)
        if goes_on and happened in ("shut", "over"):
            # Hours are for those who write. Whoever rings goes on until they are spoken with, or have hung up.
            return [Update(HotlineCall, {"id": subject, "ended_at__isnull": False}, {"known": {}})]
        if call is None or happened not in ("claimed", "transferred"):
            # Who they are is known for as long as somebody speaks with them.
            return () if happened == "returned" else [Update(HotlineCall, {"id": subject}, {"known": {}}, rows=None)]
        # Whoever has it speaks with them: no word is owed, and nobody else gets it in the middle.
        spoken = {"owed_since": None, "lease_until": until(self.platform, call)}
        return [Update(Enquiry, {"kind": KIND, "subject": subject, "state": "held"}, spoken, rows=None)]

    async def words(self, *_: Any, **__: Any) -> Sequence[Word]:
        return ()

    async def messages(self, _: Sequence[UUID]) -> Sequence[Word]:
        return ()
