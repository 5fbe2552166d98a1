"""What a switch tells of a call, merged into what is known of it: twice, late and in any order it comes to the same."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from tortoise.exceptions import IntegrityError
from tortoise.models import Model
from uuid_utils.compat import uuid7

from banshi import Platform, Stale, Unavailable, Update, Write
from desk import DESK, Enquiry
from hotline import call_backs
from hotline.callers import caller_with
from hotline.party import KIND, until
from hotline.settings import SETTINGS
from hotline.tables.models import HotlineCall, HotlineCaller

#: How often it is merged anew where the desk, or another event of the call, is quicker.
MAX_TRIES = 16

#: The moment of a call that an event tells.
MOMENTS = {"ringing": "rang_at", "answered": "answered_at", "ended": "ended_at", "missed": "ended_at"}


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
        caller, is_met = await caller_with(platform, told.number) if told.number else (None, None)
        row = await HotlineCall.get_or_none(ref=told.ref)
        with suppress(Stale, IntegrityError):
            if parts := await _merged(platform, row, told, caller):
                await platform.store.commit(_write([*parts, *([is_met] if is_met else [])]))
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
    """What the event tells that wasn't known: the first that is said of a thing stays."""
    settings, desks = platform[SETTINGS], platform[DESK]
    known = {
        MOMENTS[told.event]: told.at,
        "caller_id": caller.id if caller else None,
        "agent": settings.extensions.get(told.agent, told.agent) if told.event == "answered" else "",
        "recording": told.recording,
        "sha256": told.sha256,
    }
    values = {name: value for name, value in known.items() if value and not getattr(row, name)}
    dialled = desks.of(settings.lines.get(told.line, ""))
    code = dialled.code if dialled else row.desk or desks.desks[0].code
    return values | ({"desk": code} if code != row.desk and not (row.enquiry_id or row.ended_at) else {})


async def _followed(
    platform: Platform, before: HotlineCall, call: HotlineCall, caller: HotlineCaller | None
) -> Sequence[Model | Update]:
    """What else is written with it: the call waits at its desk, or has left it, or is to be called back."""
    desks, parts = platform[DESK], list[Model | Update]()
    if call.ended_at is None and call.enquiry_id is None and (desk := desks.of(call.desk)) is not None:
        enquiry, asked = desks.ask(KIND, call.id, desk, caller.subject if caller else "")
        call.enquiry_id = enquiry.id
        parts += asked
    if call.ended_at is None:
        return parts
    if before.ended_at is None and await _of(call, "waiting") is not None:
        # Whoever holds it goes on: there may be something to file.
        parts += await desks.left(KIND, call.id)
    if call.caller_id is not None and _is_missed(call) and not _is_missed(before):
        parts += await call_backs.missed(platform, call, call.caller_id)
    elif _is_missed(before) and not _is_missed(call):
        parts += await call_backs.unmissed(platform, call)
    return parts


def _is_missed(call: HotlineCall) -> bool:
    """Whether somebody is to be called for it: nobody has answered, and their number is known."""
    return bool(call.ended_at and not call.answered_at and call.caller_id)


async def _of(call: HotlineCall, *states: str) -> Enquiry | None:
    return await Enquiry.filter(id=call.enquiry_id, state__in=states).first() if call.enquiry_id else None


async def _put_through(platform: Platform, ref: str) -> None:
    """Whom the switch has put it through to holds it at the desk, whoever has claimed it. Told again, it is made up."""
    call = await HotlineCall.get(ref=ref)
    if not call.agent or call.ended_at is not None:
        return
    enquiry = await _of(call, "waiting", "held")
    parts = await platform[DESK].picked_up(enquiry, call.agent, until(platform)) if enquiry else ()
    if parts:
        await platform.store.commit(_write(parts))


def _write(parts: Sequence[Model | Update]) -> Write:
    updates = [one for one in parts if isinstance(one, Update)]
    return Write(updates, [one for one in parts if isinstance(one, Model)])
