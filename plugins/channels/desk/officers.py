"""Who is of a desk and who is there, as far as the platform can know: whoever calls it by a token with the role there.

Roles are the identity provider's, and nobody can be asked for another's.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Literal, get_args

import structlog

from banshi import Call, Conflict, Key, Platform, Update, Write
from banshi.sdk.database import Asked, read
from desk.places import Desk, desk_of
from desk.queue import name_of
from desk.sentences import say
from desk.settings import SETTINGS
from desk.tables.models import DeskOfficer, DeskSeat, Enquiry

log = structlog.get_logger("desk")

#: Days for which somebody counts as of a desk where they were.
KNOWN_DAYS = 30

#: For which somebody counts as there after an act or while a stream is open, and after which that is noted anew.
HERE, NOTED = timedelta(seconds=60), timedelta(seconds=20)

#: For which that they got one isn't noted anew, where they may hold any number: whose turn it is hangs on minutes.
GIVEN = timedelta(seconds=1)

#: What this process has noted, by day, desk or "given" and desk, and officer: until when that is enough.
SEEN: Key[dict[tuple[date, str, str], datetime]] = Key("officers who were seen")


class OfficerFull(Conflict, code="officer-full", says=say):
    """This officer holds as many conversations as may be at this desk; one has to be closed or given back first."""


async def seen(call: Call, desks: Sequence[Desk]) -> None:
    """Note that the caller is of these desks, one row a day, desk and officer; and that they are there."""
    noted, today, who, now = call.platform[SEEN], call.platform.today(), call.principal, call.platform.now()
    fresh = [desk.code for desk in desks if noted.get((today, desk.code, who.subject), now) <= now]
    if not fresh:
        return
    name, here = name_of(who), {"here_until": now + HERE}
    days = [DeskOfficer(desk=desk, officer=who.subject, officer_name=name, day=today) for desk in fresh]
    seats = [DeskSeat(desk=desk, officer=who.subject, officer_name=name, since=now, **here) for desk in fresh]
    own = {"desk__in": fresh, "officer": who.subject}
    come = Update(DeskSeat, {**own, "here_until__lt": now}, {"since": now}, rows=None)
    stay = Update(DeskSeat, own, {**here, "officer_name": name}, rows=None)
    try:
        await call.platform.store.commit(Write([come, stay], unless_there=[*days, *seats]))
    except Exception as error:  # who only looks is shown it all the same
        log.warning("that an officer is at a desk could not be noted", error=type(error).__name__)
        return
    for one in [one for one in noted if one[0] != today]:
        del noted[one]
    noted.update({(today, desk, who.subject): now + NOTED for desk in fresh})


async def colleague(platform: Platform, desk: str, officer: str) -> DeskOfficer | None:
    """That officer, where they were at the desk lately."""
    since = platform.today() - timedelta(days=KNOWN_DAYS)
    found = DeskOfficer.filter(desk=desk, officer=officer, day__gte=since)
    return await found.order_by("-day").first()


State = Literal["online", "away", "full", "gone"]
STATES: tuple[str, ...] = get_args(State)


@dataclass(frozen=True, slots=True)
class Seated:
    """One officer of a desk: how many they hold, and may; None for any number."""

    seat: DeskSeat
    state: State
    holds: int
    most: int | None


async def seated(platform: Platform, desks: Sequence[Desk]) -> list[Seated]:
    """Who was at these desks lately, those first who got none for longest."""
    by_code, now = {desk.code: desk for desk in desks}, platform.now()
    seats = await DeskSeat.filter(desk__in=list(by_code), here_until__gt=now - timedelta(days=KNOWN_DAYS))
    held = await Enquiry.filter(desk__in=list(by_code), state="held").only("id", "desk", "officer")
    holds = Counter((row.desk, row.officer) for row in held)
    found = []
    for seat in sorted(seats, key=lambda one: (one.given_at is not None, one.given_at or one.since, one.id)):
        most, many = seat.most or by_code[seat.desk].most or None, holds[seat.desk, seat.officer]
        state: State = "gone" if seat.here_until <= now else "away" if seat.away else "online"
        is_full = state == "online" and most is not None and many >= most
        found.append(Seated(seat, "full" if is_full else state, many, most))
    return found


def one_more(seat: DeskSeat, now: datetime) -> Update:
    """They get one more, unless they have got another meanwhile."""
    # Never the same twice: it tells whether another one came between.
    at = now if seat.given_at is None else max(now, seat.given_at + timedelta(microseconds=1))
    return Update(DeskSeat, {"id": seat.id, "given_at": seat.given_at}, {"given_at": at})


async def room_for_one(platform: Platform, code: str, officer: str) -> list[Update]:
    """What of a write gives that officer one more; it is stale where they have got another. Raises OfficerFull."""
    (seats,) = await read(Asked(DeskSeat, {"desk": code, "officer": officer}))
    seat, desk = next(iter(seats), None), desk_of(platform[SETTINGS].desks, code)
    if seat is None or desk is None:
        return []
    most, now = seat.most or desk.most, platform.now()
    if not most:
        noted, given = platform[SEEN], (platform.today(), f"given {code}", officer)
        if noted.get(given, now) > now:
            return []
        noted[given] = now + GIVEN
        return [Update(DeskSeat, {"id": seat.id}, {"given_at": now}, rows=None)]
    holds = await Enquiry.filter(desk=code, state="held", officer=officer).count()
    if holds >= most:
        raise OfficerFull(officer=seat.officer_name, holds=holds, most=most)
    return [one_more(seat, now)]
