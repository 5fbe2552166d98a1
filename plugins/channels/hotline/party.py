"""A call at a desk: one more party. What is said in it is heard and not written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from tortoise.models import Model

from banshi import Platform, Principal, Update
from desk import Enquiry, Known, Reachable, Word
from hotline.callers import TITLE, spoken_for
from hotline.settings import SETTINGS
from hotline.tables.models import HotlineCall, HotlineCaller

#: What the desk calls such a party.
KIND = "call"


def until(platform: Platform) -> datetime:
    """Until when a call is its operator's: with a word of theirs it is longer."""
    return platform.now() + timedelta(minutes=platform[SETTINGS].call_minutes)


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
        calls = await HotlineCall.filter(id__in=subjects)
        return {one.id: Known(TITLE, one.known.get("name", "")) for one in calls}

    async def moved(self, subject: UUID, _: str, happened: str) -> Sequence[Update]:
        if happened not in ("claimed", "transferred"):
            # Who they are is known for as long as somebody speaks with them.
            goes_on = happened in ("returned", "")
            return () if goes_on else [Update(HotlineCall, {"id": subject}, {"known": {}}, rows=None)]
        # Whoever has it speaks with them: no word is owed, and nobody else gets it in the middle.
        spoken = {"owed_since": None, "lease_until": until(self.platform)}
        return [Update(Enquiry, {"kind": KIND, "subject": subject, "state": "held"}, spoken, rows=None)]

    async def words(self, *_: Any, **__: Any) -> Sequence[Word]:
        return ()

    async def messages(self, _: Sequence[UUID]) -> Sequence[Word]:
        return ()
