"""How slots and appointments read in the API."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tortoise.expressions import Q

from banshi.builtin.openapi.schemas import ACTIONS, MODE
from banshi.kernel.cases.representations import actions_of, case_summary
from banshi.kernel.contract.values import Item, Step, text_in
from banshi.kernel.http.document_schemas import (
    ID,
    LINKS,
    MAYBE_MOMENT,
    MAYBE_TEXT,
    MOMENT,
    TEXT,
    Record,
    array,
    maybe,
    ref,
)
from banshi.kernel.runtime.running import Platform
from banshi.kernel.tables.cases import Case
from banshi.kinds.appointment.models import Booking, Slot
from banshi.kinds.appointment.slots.slots import commitment, free_in
from banshi.kinds.appointment.slots.when import changeable_until, place_of

#: What a slot is for whoever would like it.
STATES = ("free", "full", "closed", "not-released", "draw", "drawing")

_PLACE = Record(code=TEXT, title=TEXT, address=TEXT, phone=TEXT)

SLOT = Record(
    id=ID,
    place=TEXT,
    begins=MOMENT,
    ends=MOMENT,
    state={"type": "string", "enum": list(STATES)},
    capacity={"type": "integer"},
    free={"type": "integer", "description": "Places that anybody can take now."},
    waiting={"type": "integer", "description": "People on its waiting list."},
    opens_at=MOMENT,
    draw_at=MAYBE_MOMENT,
    links=LINKS,
)

APPOINTMENT = Record(
    id=ID,
    number=TEXT,
    item=Record(code=TEXT, title=TEXT),
    state=TEXT,
    mode=MODE,
    reason=MAYBE_TEXT,
    slot=ID,
    place={"oneOf": [_PLACE, {"type": "null"}]},
    begins=MOMENT,
    ends=MOMENT,
    changeable_until=MOMENT,
    offer_until=MAYBE_MOMENT,
    position={"type": ["integer", "null"], "description": "On the waiting list, the first is 1."},
    ticket={"type": "string", "description": "What a draw's public list calls it."},
    deadline=maybe(ref("Deadline")),
    permitted_actions=ACTIONS,
    links=LINKS,
)


def slot_document(platform: Platform, slot: Slot, expired: int = 0) -> dict[str, Any]:
    """A slot with what is free in it."""
    free = free_in(slot, expired) if slot.is_open else 0
    opened = slot.opens_at <= platform.now()
    state = "free" if free else "full"
    if slot.draw in {"open", "running"}:
        state = "draw" if slot.draw == "open" else "drawing"
    if not opened:
        state = "not-released"
    if not slot.is_open:
        state = "closed"
    draw = {"draw": f"/v1/items/{slot.item}/slots/{slot.id}/draw"} if slot.seed else {}
    return SLOT.of(platform, slot, state=state, free=free if opened else 0, links=draw)


def appointment_document(
    platform: Platform,
    item: Item,
    case: Case,
    booking: Booking,
    language: str,
    *,
    permitted: Sequence[Step],
    position: int | None = None,
) -> dict[str, Any]:
    """An appointment with its slot, and what its reader may do now."""
    case_ = case_summary(platform, case, language)
    place = place_of(item, booking.place)
    texts = {"title": text_in(place.title, language), "address": text_in(place.address, language)} if place else {}
    own = f"/v1/items/{item.code}/appointments/{case.id}"
    return APPOINTMENT.of(
        platform,
        booking,
        **{name: case_[name] for name in ("id", "number", "item", "state", "mode", "reason", "deadline")},
        slot=str(booking.slot_id),
        place=_PLACE.of(platform, place, **texts) if place else None,
        changeable_until=platform.moment(changeable_until(item, booking)),
        offer_until=platform.moment(booking.until),
        position=position,
        permitted_actions=actions_of(platform, case, permitted, language),
        links={
            "self": own,
            "case": f"/v1/cases/{case.id}",
            "calendar": f"{own}/event.ics",
            "qr": f"{own}/qr.svg",
        },
    )


async def position_of(booking: Booking) -> int | None:
    """The booking's place on its waiting list; None where it is on none."""
    if booking.state != "waiting":
        return None
    before = Q(drawn__lt=booking.drawn) | Q(drawn=booking.drawn, id__lt=booking.id)
    return 1 + await Booking.filter(before, slot_id=booking.slot_id, state="waiting").count()


def draw_document(platform: Platform, slot: Slot, entries: Sequence[Booking]) -> dict[str, Any]:
    """A draw as anybody can check it: the commitment before, the seed and the order after."""
    done = slot.draw == "done"
    return DRAW.of(
        platform,
        slot,
        slot=str(slot.id),
        state=slot.draw,
        commitment=commitment(slot.seed),
        seed=slot.seed if done else None,
        places=slot.capacity,
        tickets=[entry.ticket for entry in entries] if done else [],
    )


DRAW = Record(
    slot=ID,
    draw_at=MOMENT,
    state={"type": "string", "enum": ["open", "running", "done"]},
    commitment={
        "type": "string",
        "description": "SHA-256 of the seed's bytes, published before anybody enters.",
    },
    seed={"type": ["string", "null"], "description": "Hexadecimal, once it is drawn."},
    places={"type": "integer"},
    tickets=array(
        TEXT, description="In the order of the draw: by HMAC-SHA256 of the ticket, the seed's bytes as the key."
    ),
)
