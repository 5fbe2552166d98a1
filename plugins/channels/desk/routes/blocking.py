"""A contact who abuses a desk is blocked there for a while: by whom, why and until when is on record."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from aiohttp import web

from banshi import Answer, Audience, Call, Conflict, Update, reply
from banshi.sdk.documents import Record
from banshi.sdk.http import Routes
from desk import queue
from desk.party import party_of
from desk.places import LEAD, WORDS
from desk.routes import enquiries
from desk.routes.enquiries import HEAD_RECORD, find, find_led
from desk.routes.handling import ONE, commit
from desk.sentences import say
from desk.tables.models import DeskEvent, Enquiry

ROUTES = Routes("desk")

#: The longest block: what is on record of it is kept for longer.
MAX_DAYS = 90

BLOCK_BODY = Record(
    why={**WORDS, "maxLength": 500, "description": "Colleagues read it, and they with their own data."},
    days={"type": "integer", "minimum": 1, "maximum": MAX_DAYS},
).form()
HEAD = Answer("The conversation, which has `blocked_until`.", HEAD_RECORD)

BLOCKED = "An officer has ended this conversation. {desk} takes no messages of yours before {time}; in danger call 110."
LIFTED = "You can write to {desk} again."


@ROUTES.post("/v1/desk/enquiries/{id}/block", Audience.STAFF, {200: HEAD, 409: ONE[409]}, body=BLOCK_BODY)
async def block_contact(call: Call) -> web.StreamResponse:
    """End a conversation and block its contact at this desk for some days; they are told, and heard in danger."""
    row = await find_led(call)
    until = call.now + timedelta(days=call.body["days"])
    values = {**queue.closing(call.now), "blocked_until": until}
    event = queue.event(row, "blocked", call.now, call.principal, call.body["why"])
    time = f"{until.astimezone(call.platform.settings.timezone):%Y-%m-%d %H:%M}"
    updates = await queue.step(call.platform, row, values, "over")
    return await _tell(call, row, BLOCKED, updates, event, time=time)


@ROUTES.delete("/v1/desk/enquiries/{id}/block", Audience.STAFF, {200: HEAD, 409: Answer("They aren't blocked.")})
async def unblock_contact(call: Call) -> web.StreamResponse:
    """Lift a block at a desk that you lead, before its time is over; the contact is told."""
    row = await find(call, LEAD)
    # They may be blocked by more than one conversation.
    blocked = {"kind": row.kind, "subject": row.subject, "desk": row.desk, "blocked_until__gt": call.now}
    if (many := await Enquiry.filter(**blocked).count()) == 0:
        raise Conflict(say("This contact isn't blocked."))
    lifted = Update(Enquiry, blocked, {"blocked_until": None}, rows=many)
    event = queue.event(row, "unblocked", call.now, call.principal)
    return await _tell(call, row, LIFTED, [lifted], event)


async def _tell(
    call: Call, row: Enquiry, sentence: str, updates: Sequence[Update], event: DeskEvent, **names: str
) -> web.StreamResponse:
    texts = say(sentence, desk=enquiries.own_desk(call, row.desk).title, **names)
    said = await party_of(call.platform, row.kind).say(row.subject, texts)
    await commit(call, *updates, *said, event)
    return reply(call, enquiries.head(call.platform, await Enquiry.get(id=row.id)))
