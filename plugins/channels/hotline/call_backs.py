"""Who is to be called: missed, promised, or asked how the answer was."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from tortoise.exceptions import IntegrityError
from tortoise.expressions import F, Q
from tortoise.models import Model

from banshi import Platform, Update, Write
from banshi.sdk.events import Event
from hotline.settings import SETTINGS
from hotline.tables.models import PREFIX, HotlineCall, HotlineCallBack, HotlineFiling

#: The step of a case after which its person is asked how the answer was.
ANSWERED = "banshi.case.answer"


def over(platform: Platform, row: HotlineCallBack, state: str) -> dict[str, Any]:
    """What a call-back gets that is over. An answer is asked about once: that key stays."""
    key = row.key if row.why == "rating" else None
    return {"state": state, "key": key, "lease_until": None, "closed_at": platform.now()}


def due(now: datetime) -> Q:
    """Those whom somebody is to call, also where an operator took them and is gone."""
    return Q(Q(state="due") | Q(state="held", lease_until__lte=now), calls__gt=0)


def is_due(row: HotlineCallBack, now: datetime) -> bool:
    lost = row.state == "held" and row.lease_until is not None and row.lease_until <= now
    return row.calls > 0 and (lost or row.state == "due")


async def missed(platform: Platform, call: HotlineCall, caller: UUID) -> Sequence[Model | Update]:
    """What of a write says that nobody has answered it: of one number's there is one call-back of a desk."""
    key = f"missed:{call.desk}:{caller}"
    if (row := await HotlineCallBack.get_or_none(key=key)) is not None:
        return [Update(HotlineCallBack, {"id": row.id, "key": key}, {"calls": F("calls") + 1, "call_id": call.id})]
    return [_new(platform, key, caller, "missed", desk=call.desk, call_id=call.id)]


async def unmissed(platform: Platform, call: HotlineCall) -> Sequence[Update]:
    """The same taken back: it was answered after all, as is told late."""
    row = await HotlineCallBack.get_or_none(key=f"missed:{call.desk}:{call.caller_id}")
    if row is None:
        return ()
    # Of several calls the others are still unanswered; and whoever calls them right now goes on.
    is_over = row.calls == 1 and row.state == "due"
    values = over(platform, row, "taken-back") if is_over else {"calls": row.calls - 1}
    return [Update(HotlineCallBack, {"id": row.id, "calls": row.calls, "state": row.state, "key": row.key}, values)]


def promised(platform: Platform, call: HotlineCall, caller: UUID, **about: Any) -> HotlineCallBack:
    """What an operator has promised: between two moments."""
    return _new(platform, f"promised:{call.id}", caller, "promised", call_id=call.id, **about)


def _new(platform: Platform, key: str, caller: UUID, why: str, **about: Any) -> HotlineCallBack:
    now, within = platform.now(), timedelta(hours=platform[SETTINGS].call_back_hours)
    window = {"begins": now, "until": now + within, "at": now, "state": "due"}
    return HotlineCallBack(key=key, caller_id=caller, why=why, **{**window, **about})


async def hear(platform: Platform, events: Sequence[Event]) -> None:
    """Have those asked how the answer was for whom it was filed, once for each answer."""
    answered = {UUID(one.subject): one for one in events if one.type == ANSWERED}
    filings = await HotlineFiling.filter(case_id__in=[*answered]) if answered else []
    # Whoever has an account rates it there.
    for filing in [one for one in filings if one.person.startswith(PREFIX) and one.state == "filed"]:
        event = answered[UUID(str(filing.case_id))]
        key = f"rating:{event.subject}:{event.version}"
        row = _new(platform, key, filing.caller_id, "rating", desk=filing.desk, case_id=filing.case_id)
        with suppress(IntegrityError):  # it was heard before
            await platform.store.commit(Write(rows=[row]))
