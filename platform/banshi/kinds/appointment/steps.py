"""The state table of appointments: every step that an appointment can take, as data."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from banshi.builtin.openapi.schemas.cases import EXACT_UUID
from banshi.kernel.contract.values import ClockEffect, Step
from banshi.kernel.http.document_schemas import Record
from banshi.kinds.appointment import messages
from banshi.kinds.appointment.rules import AppointmentRules
from banshi.kinds.rows import ACCEPT, CITIZEN, EITHER, END, REJECT, RUN, STAFF, SYSTEM, worded
from banshi.kinds.sentences import say, word

TO_SLOT = Record(
    slot={
        **EXACT_UUID,
        "title": word("The new time"),
        "description": say("Choose a time that suits you."),
    }
).form()

# The clock runs while staff are asked to confirm, and at no other time: the slot itself is the promise.
# Silent are the citizen's own changes, and what happens at the counter, before the citizen's eyes.
# fmt: off
TABLE: tuple[Step, ...] = (
    # What a new appointment becomes in the moment that it is handed in.
    Step(state="submitted", action="book", who=SYSTEM, to="booked", tells=messages.BOOKED, mentions=messages.SLOT),
    Step(state="submitted", action="request", who=SYSTEM, to="requested", clock=RUN, tells=messages.REQUESTED, mentions=messages.SLOT),
    Step(state="submitted", action="join", who=SYSTEM, to="waiting", tells=messages.JOINED, mentions=messages.SLOT),
    Step(state="submitted", action="enter", who=SYSTEM, to="entered", tells=messages.ENTERED, mentions=messages.OFFER),
    # To be confirmed by staff: the place is kept meanwhile.
    Step(state="requested", action="confirm", who=STAFF, to="booked", clock=END, tells=messages.CONFIRMED, mentions=messages.SLOT, materials=ACCEPT),
    Step(state="requested", action="refuse", who=STAFF, to="refused", clock=END, tells=messages.REFUSED, mentions=messages.SLOT, needs_reason=True, materials=REJECT),
    Step(state="requested", action="reschedule", who=CITIZEN, to="requested", takes=TO_SLOT, work=False),
    Step(state="requested", action="cancel", who=CITIZEN, to="cancelled", clock=END),
    Step(state="requested", action="lapse", who=SYSTEM, to="lapsed", clock=END, tells=messages.LAPSED, mentions=messages.SLOT),
    # On the waiting list, and when a place falls free. An offer that nobody takes goes to the next person.
    Step(state="waiting", action="offer", who=SYSTEM, to="offered", tells=messages.OFFERED, mentions=messages.OFFER),
    Step(state="waiting", action="cancel", who=CITIZEN, to="cancelled"),
    Step(state="waiting", action="lapse", who=SYSTEM, to="lapsed", tells=messages.LAPSED, mentions=messages.SLOT),
    Step(state="offered", action="accept", who=CITIZEN, to="booked"),
    Step(state="offered", action="cancel", who=CITIZEN, to="cancelled"),
    Step(state="offered", action="lapse", who=SYSTEM, to="lapsed", tells=messages.LAPSED, mentions=messages.SLOT),
    # In a draw: whoever is drawn has the place, the others wait in the order of the draw.
    Step(state="entered", action="win", who=SYSTEM, to="booked", tells=messages.BOOKED, mentions=messages.SLOT),
    Step(state="entered", action="lose", who=SYSTEM, to="waiting", tells=messages.NOT_DRAWN, mentions=messages.SLOT),
    Step(state="entered", action="cancel", who=CITIZEN, to="cancelled"),
    Step(state="entered", action="lapse", who=SYSTEM, to="lapsed", tells=messages.LAPSED, mentions=messages.SLOT),
    # Booked.
    Step(state="booked", action="remind", who=SYSTEM, to="booked", tells=messages.REMINDER, mentions=messages.SLOT),
    Step(state="booked", action="reschedule", who=CITIZEN, to="booked", takes=TO_SLOT, work=False),
    Step(state="booked", action="cancel", who=CITIZEN, to="cancelled"),
    Step(state="booked", action="call-off", who=STAFF, to="called-off", tells=messages.CALLED_OFF, mentions=messages.SLOT, needs_reason=True, work=False),
    Step(state="booked", action="check-in", who=STAFF, to="checked-in", role="clerk", work=False),
    Step(state="booked", action="miss", who=EITHER, to="no-show", role="clerk", tells=messages.MISSED, mentions=messages.SLOT, work=False),
    Step(state="booked", action="close", who=SYSTEM, to="done"),
    Step(state="checked-in", action="close", who=EITHER, to="done", role="clerk", work=False),
    Step(state="no-show", action="excuse", who=STAFF, to="done", tells=messages.EXCUSED, mentions=messages.SLOT, needs_reason=True, work=False),
)
# fmt: on

#: Where nothing is to come any more; a missed one may still be excused.
OUTCOMES = {name: name for name in ("done", "no-show", "cancelled", "called-off", "lapsed", "refused")}

#: Where nobody has to confirm, the rows around `requested` are not there.
DIRECT_TABLE = tuple(step for step in TABLE if "requested" not in (step.state, step.to))


def _confirmed() -> tuple[Step, ...]:
    """Whatever leads to a place leads to staff first, and so does moving to another time."""
    rows = [step for step in TABLE if (step.state, step.action) != ("submitted", "book")]
    for number, step in enumerate(rows):
        if step.action in {"accept", "win", "reschedule"}:
            clock = ClockEffect.KEEP if step.state == "requested" else RUN
            rows[number] = replace(step, to="requested", clock=clock, tells=messages.REQUESTED if step.tells else None)
    return tuple(rows)


CONFIRMED_TABLE = _confirmed()


def steps(rules: AppointmentRules) -> Sequence[Step]:
    """The state table for an item with these rules."""
    return CONFIRMED_TABLE if rules.confirm else DIRECT_TABLE


#: What people read for the states and for the actions.
STATES = worded(
    submitted=word("Handed in"),
    booked=word("Booked"),
    requested=word("Waiting for confirmation"),
    waiting=word("On the waiting list"),
    offered=word("A place is offered to you"),
    entered=word("In the draw"),
    refused=word("Not confirmed"),
    cancelled=word("Cancelled"),
    called_off=word("Called off by the office"),
    lapsed=word("Lapsed"),
    checked_in=word("Checked in"),
    no_show=word("Missed"),
    done=word("Done"),
)
ACTIONS = worded(
    submit=word("Hand in"),
    book=word("Book"),
    request=word("Ask for the slot"),
    join=word("Join the waiting list"),
    enter=word("Enter the draw"),
    confirm=word("Confirm"),
    refuse=word("Refuse the booking"),
    reschedule=word("Move to another time"),
    cancel=word("Cancel"),
    lapse=word("Lapse"),
    offer=word("Offer the place"),
    accept=word("Take the place"),
    win=word("Drawn"),
    lose=word("Not drawn"),
    remind=word("Remind"),
    call_off=word("Call off"),
    check_in=word("Check in"),
    miss=word("Mark as missed"),
    close=word("Finish"),
    excuse=word("Excuse"),
)

#: The actions that are not the way on.
BACKWARD = frozenset({"refuse", "cancel", "lapse", "lose", "call-off", "miss"})
