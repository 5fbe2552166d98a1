"""What a switch tells of a call, merged into what is known of it: twice, late and in any order it comes to the same."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from tortoise.exceptions import IntegrityError
from tortoise.models import Model
from uuid_utils.compat import uuid7

from banshi import Platform, Stale, Unavailable, Update, Write
from banshi.sdk.database import Asked, read
from desk import DESK, Enquiry
from hotline import call_backs
from hotline.callers import as_met, caller_with
from hotline.party import KIND, until
from hotline.settings import SETTINGS
from hotline.tables.models import HotlineCall, HotlineCaller

#: How often it is merged anew where the desk, or another event of the call, is quicker.
MAX_TRIES = 16

#: The moment of a call that an event tells.
MOMENTS = {"ringing": "rang_at", "answered": "answered_at", "ended": "ended_at", "missed": "ended_at"}

#: Behind every moment that is told.
LATEST = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """One event of a call."""

    event: str
    ref: str
    at: datetime
    line: str = ""
    #: As it is kept; "" for a hidden one.
    number: str = ""
    #: An extension, or an operator's subject.
    agent: str = ""
    recording: str = ""
    sha256: str = ""


async def take(platform: Platform, told: Told) -> None:
    """Merge one event; once it returns, all of it is written. Raises Unavailable where others are always quicker."""
    for _ in range(MAX_TRIES):
        asked = caller_with(platform, told.number), Asked(HotlineCall, {"ref": told.ref})
        callers, calls = await read(*asked)
        caller, is_met = as_met(platform, told.number, callers) if told.number else (None, None)
        row = next(iter(calls), None)
        with suppress(Stale, IntegrityError):
            if parts := await _merged(platform, row, told, caller):
                await platform.store.commit(Write.of(*parts, *([is_met] if is_met else [])))
            # What is told first of a call, and isn't that it is answered, puts it through to nobody.
            return await _put_through(platform, told.ref) if row or told.agent else None
    raise Unavailable(headers={"Retry-After": "1"})


async def _merged(
    platform: Platform, row: HotlineCall | None, told: Told, caller: HotlineCaller | None
) -> Sequence[Model | Update]:
    """What an event changes, the guard of the rest first; nothing for one that tells nothing new."""
    before = row or HotlineCall(id=uuid7(), ref=told.ref, desk="", at=platform.now(), version=0)
    values = _facts(platform, before, told, caller)
    if not values:
        return ()
    call = copy.copy(before).update_from_dict(values)
    beside = await _followed(platform, before, call, caller)
    if row is None:
        return [call.update_from_dict({"version": 1}), *beside]
    changed = {**values, "enquiry_id": call.enquiry_id, "version": row.version + 1}
    return [Update(HotlineCall, {"id": row.id, "version": row.version}, changed), *beside]


def _facts(platform: Platform, row: HotlineCall, told: Told, caller: HotlineCaller | None) -> dict[str, Any]:
    """What the event tells that wasn't known: the first that is said of a thing stays, and who picked it up last."""
    settings, desks, when = platform[SETTINGS], platform[DESK], MOMENTS[told.event]
    known: dict[str, Any] = {
        "caller_id": caller.id if caller else None,
        "line": told.line,
        "recording": told.recording,
        "sha256": told.sha256,
    }
    values = {name: value for name, value in known.items() if value and not getattr(row, name)}
    if told.at < (getattr(row, when) or LATEST):
        values[when] = told.at
    agent = settings.extensions.get(told.agent, told.agent) if told.event == "answered" else ""
    if agent and (row.agent_at is None or (told.at, agent) > (row.agent_at, row.agent)):
        values |= {"agent": agent, "agent_at": told.at}
    desk = desks.of(settings.lines.get(told.line, "")) or desks.desks[0]
    if desk.code != row.desk and ("line" in values or not row.desk):
        # Whoever has picked it up may be known there.
        values |= {"desk": desk.code, "put_at": None}
    return values


async def _followed(
    platform: Platform, before: HotlineCall, call: HotlineCall, caller: HotlineCaller | None
) -> Sequence[Model | Update]:
    """What else is written with it: the call waits at its desk, or has left it, or is to be called back."""
    desks, parts = platform[DESK], list[Model | Update]()
    desk = desks.of(call.desk)
    if desk is not None and call.enquiry_id is None and (call.ended_at is None or call.agent):
        enquiry, asked = desks.ask(KIND, call.id, desk, caller.subject if caller else "")
        call.enquiry_id = enquiry.id
        if call.ended_at is not None:
            # Nobody is to claim it, but whoever has spoken with them may have something to file.
            enquiry.state, enquiry.closed_at, asked = "left", platform.now(), [enquiry]
        parts += asked
    elif desk is not None and call.desk != before.desk and (unmet := await _of(call, "waiting", "left")):
        parts += await desks.redirected(unmet, desk)
    if call.ended_at is not None and before.ended_at is None and before.enquiry_id is not None:
        parts += await _over(platform, call)
    was, now = _is_missed(before), _is_missed(call)
    if was and (not now or call.desk != before.desk):
        parts += await call_backs.unmissed(platform, before)
    if call.caller_id is not None and now and (not was or call.desk != before.desk):
        parts += await call_backs.missed(platform, call, call.caller_id)
    return parts


async def _over(platform: Platform, call: HotlineCall) -> Sequence[Model | Update]:
    """Whoever waits has left. Whoever holds it has some time left: there may be something to file."""
    if left := await platform[DESK].left(KIND, call.id, "waiting"):
        return [*left, Update(HotlineCall, {"id": call.id}, {"known": {}}, rows=None)]
    lease = {"lease_until": until(platform, call)}
    return [Update(Enquiry, {"id": call.enquiry_id, "state": "held"}, lease, rows=None)]


def _is_missed(call: HotlineCall) -> bool:
    """Whether somebody is to be called for it: nobody has answered, and their number is known."""
    return bool(call.ended_at and not call.answered_at and call.caller_id)


async def _of(call: HotlineCall, *states: str) -> Enquiry | None:
    return await Enquiry.filter(id=call.enquiry_id, state__in=states).first() if call.enquiry_id else None


async def _put_through(platform: Platform, ref: str) -> None:
    """Whoever has picked it up holds it at the desk, whoever has claimed it; once: the desk may hand it on then."""
    call = await HotlineCall.get(ref=ref)
    lease = until(platform, call)
    if call.put_at == call.agent_at or lease <= platform.now():
        return
    enquiry = await _of(call, "waiting", "held", "left")
    parts = await platform[DESK].picked_up(enquiry, call.agent, lease) if enquiry else ()
    same = {name: getattr(call, name) for name in ("id", "agent_at", "put_at", "desk")}
    await platform.store.commit(Write.of(Update(HotlineCall, same, {"put_at": call.agent_at}), *parts))
