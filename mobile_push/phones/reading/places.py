"""What a phone says as it reads: where it goes on, held against how far its inbox has come, and that it is still there.

One that was not seen for long is forgotten (`phones/upkeep.py`).
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from banshi import Answer, Call, InvalidParameter, Parameter, Problem
from banshi.sdk.documents import ID
from mobile_push.delivery.service import PUSH
from mobile_push.inbox import standings
from mobile_push.inbox.standings import Standing
from mobile_push.sentences import say
from mobile_push.tables import cursor
from mobile_push.tables.cursor import Cursor
from mobile_push.tables.models import Device

AFTER = Parameter(
    "after",
    {"type": "string", "pattern": cursor.PATTERN, "default": "0"},
    "The cursor of the last message that the app has.",
)

LAST_EVENT_ID = Parameter(
    "Last-Event-ID", {"type": "string", "pattern": f"^$|{cursor.PATTERN}"}, "The last event's id.", place="header"
)


#: A phone that reads all day is written down once.
NOTED_EVERY = timedelta(days=1)

DEVICE = Parameter("device", ID, "The id under which this phone is registered: it then counts as seen.")


class BeyondTheEnd(Problem, status=400, code="beyond-the-end", says=say):
    """This inbox has not come as far as that place, which is another's: drop what is stored and begin anew."""


BEYOND: dict[int, Any] = {BeyondTheEnd.status: Answer("No place of this inbox, or one beyond its end.")}


def last_seen(call: Call) -> Cursor:
    """Where the app goes on: behind the last event that it has, or where it says."""
    header = call.request.headers.get(LAST_EVENT_ID.name)
    return _place(LAST_EVENT_ID.name, header) if header else asked_place(call)


def asked_place(call: Call) -> Cursor:
    """Where `after` says. Raises InvalidParameter."""
    return _place("after", str(call.query.get("after", "0")))


def _place(parameter: str, text: str) -> Cursor:
    try:
        return Cursor.of(text)
    except ValueError as error:
        raise InvalidParameter(
            say("{parameter} is no place in this inbox: {error}.", parameter=parameter, error=error),
            parameter=parameter,
        ) from None


async def refuse_beyond(call: Call, place: Cursor, standing: Standing) -> None:
    """Raises BeyondTheEnd for a place that the caller's inbox has not come to."""
    if Cursor(standing.top, call.platform[PUSH].hub.log.top, standing.changes).reaches(place):
        return
    # Another process may have come further in this moment.
    if not (await standings.end(call.platform, call.principal.subject)).reaches(place):
        raise BeyondTheEnd


async def note_presence(call: Call) -> None:
    """Write down that the caller's phone, if it says which, is there: a read by key, and once a day a write.

    A phone that isn't the caller's is no error: one that was forgotten reads its inbox all the same.
    """
    if (identity := call.query.get(DEVICE.name)) is None:
        return
    unseen = Device.filter(id=identity.lower(), person=call.principal.subject, seen_at__lt=call.now - NOTED_EVERY)
    if await unseen.exists():
        await unseen.update(seen_at=call.now)
