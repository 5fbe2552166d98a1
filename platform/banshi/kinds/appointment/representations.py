"""How slots and appointments read in the API."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tortoise.expressions import Q

from banshi.builtin.openapi.schemas.cases import ACTIONS
from banshi.builtin.openapi.schemas.items import MODE
from banshi.builtin.openapi.titles import titled, untitled
from banshi.kernel.cases.actors import Actor
from banshi.kernel.cases.representations import actions_of, case_summary
from banshi.kernel.contract.values import Item, Step, Who, text_in
from banshi.kernel.http.document_schemas import (
    ID,
    LINKS,
    MAYBE_MOMENT,
    MAYBE_TEXT,
    MOMENT,
    TEXT,
    Record,
    Schema,
    array,
    maybe,
    ref,
)
from banshi.kernel.runtime.running import Platform
from banshi.kernel.tables.cases import Case
from banshi.kinds.appointment.models import Booking, Slot
from banshi.kinds.appointment.slots.slots import commitment, free_in
from banshi.kinds.appointment.slots.when import changeable_until, place_of, slot_in_words
from banshi.kinds.sentences import word

#: Says what was scanned, and carries the version of the text: all of it in the alphabet of the smallest QR codes.
PREFIX = "BSA1:"

#: What a slot is for whoever would like it.
STATES = ("free", "full", "closed", "not-released", "draw", "drawing")

_PLACE = Record(code=TEXT, title=TEXT, address=titled(word("Address"), TEXT), phone=titled(word("Telephone"), TEXT))

SLOT = Record(
    id=ID,
    title={**TEXT, "description": "Its time and place, as people read them."},
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
    item=ref("Reference"),
    state=ref("AppointmentState"),
    state_title=TEXT,
    mode=MODE,
    reason=MAYBE_TEXT,
    slot=ID,
    place=untitled({"oneOf": [_PLACE, {"type": "null"}]}),
    begins=MOMENT,
    ends=MOMENT,
    changeable_until=MOMENT,
    offer_until=MAYBE_MOMENT,
    position={"type": ["integer", "null"], "description": "On the waiting list, the first is 1."},
    ticket={"type": "string", "description": "What a draw's public list calls it; empty where nothing is drawn."},
    deadline=maybe(ref("Deadline")),
    permitted_actions=ACTIONS,
    links=LINKS,
)


def slot_document(platform: Platform, item: Item, slot: Slot, language: str, expired: int = 0) -> dict[str, Any]:
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
    title = text_in(slot_in_words(platform, item, slot), language)
    return SLOT.of(platform, slot, title=title, state=state, free=free if opened else 0, links=draw)


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
        **{
            name: case_[name] for name in ("id", "number", "item", "state", "state_title", "mode", "reason", "deadline")
        },
        slot=str(booking.slot_id),
        place=_PLACE.of(platform, place, **texts) if place else None,
        changeable_until=platform.moment(changeable_until(item, booking)),
        offer_until=platform.moment(booking.until),
        position=position,
        ticket=booking.ticket if item.details.draw else "",
        permitted_actions=actions_of(platform, case, permitted, language),
        links={"self": own, "case": f"/v1/cases/{case.id}", "calendar": f"{own}/event.ics", "qr": f"{own}/qr.svg"},
    )


def details_of(
    platform: Platform, item: Item, case: Case, booking: Booking, language: str, position: int | None = None
) -> dict[str, Any]:
    """What an appointment's case has of it, for its citizen: the code for the counter as text, once it is booked."""
    whole = appointment_document(platform, item, case, booking, language, permitted=(), position=position)
    links = {name: link for name, link in whole["links"].items() if name != "case"}
    links["appointment"] = links.pop("self")
    code = PREFIX + booking.code if case.state == "booked" else None
    if code is None:
        del links["qr"]
    return {**{name: whole[name] for name in DETAILS}, "code": code, "links": links}


async def document_for(platform: Platform, case: Case, reader: Actor, language: str) -> dict[str, Any]:
    """That, as it is now."""
    item, row = platform.registry.items.of(case.item), await Booking.get_or_none(case_id=case.id)
    if item is None or row is None:
        return {}
    details = details_of(platform, item, case, row, language, await position_of(row))
    # Staff see it on the citizen's phone alone.
    return details if reader.who(case) is Who.CITIZEN else {**details, "code": None}


_SEAT = APPOINTMENT["properties"]

#: Members of an appointment that its case has under `details`.
DETAILS: Mapping[str, Schema] = {
    "slot": ID,
    "place": titled(word("Place"), maybe(_PLACE)),
    "begins": titled(word("Begins"), MOMENT),
    "ends": titled(word("Ends"), MOMENT),
    "changeable_until": titled(word("Can be changed until"), MOMENT),
    "offer_until": titled(word("Kept for you until"), MAYBE_MOMENT),
    "position": titled(word("Place on the waiting list"), _SEAT["position"]),
    "ticket": titled(word("Number in the draw"), _SEAT["ticket"]),
}
#: What it has beside them.
CASE_DETAILS: Mapping[str, Schema] = {
    **DETAILS,
    "code": titled(word("Code for the counter"), MAYBE_TEXT),
    "links": LINKS,
}


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
    commitment={"type": "string", "description": "SHA-256 of the seed's bytes, published before anybody enters."},
    seed={"type": ["string", "null"], "description": "Hexadecimal, once it is drawn."},
    places={"type": "integer"},
    tickets=array(
        TEXT, description="In the order of the draw: by HMAC-SHA256 of the ticket, the seed's bytes as the key."
    ),
)
