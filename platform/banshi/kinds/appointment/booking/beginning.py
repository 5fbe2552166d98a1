"""An appointment's beginning: a place in a slot, on its waiting list or in its draw."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from banshi.builtin.materials import REUSE
from banshi.kernel.cases.actors import Actor
from banshi.kernel.cases.representations import case_document
from banshi.kernel.contract.kinds import Beginning, Begun
from banshi.kernel.contract.values import Item, Step, Who
from banshi.kernel.http.document_schemas import ID, optional
from banshi.kernel.runtime.running import Platform
from banshi.kernel.tables.cases import Case
from banshi.kinds.appointment.booking import taking
from banshi.kinds.appointment.models import Booking
from banshi.kinds.appointment.offered import in_booking, slots_of
from banshi.kinds.appointment.representations import details_of
from banshi.kinds.sentences import say, word

SLOT: Mapping[str, Any] = {
    **ID,
    "title": word("Time slot"),
    "description": say("Choose a time that suits you."),
}

WAIT: Mapping[str, Any] = {
    "type": "boolean",
    "title": word("Wait if it is full"),
    "description": say("Where the slot is full, its waiting list will do."),
}


def takes(item: Item) -> Mapping[str, Any]:
    """What goes with the answers. Without a waiting list nobody should be asked whether they would wait."""
    wait = WAIT if item.details.waiting_list else {**WAIT, "deprecated": True}
    return {"slot": {**SLOT, "x-choices": slots_of(item.code)}, "wait": optional(wait), "reuse": optional(REUSE)}


async def begin(platform: Platform, one: Beginning) -> Begun:
    """Book a slot, or whatever else can be had of it."""
    kind, reader = platform.registry.kinds[one.item.kind], Actor(one.principal)
    made: list[Begun] = []
    wish = taking.Wish(
        item=one.item,
        person=one.principal,
        slot_id=one.body["slot"].lower(),
        answers=one.body["answers"],
        language=one.language,
        wait=one.body.get("wait", False),
        reuse=one.body.get("reuse", ()),
    )

    def receipt(booked: taking.Booked) -> Sequence[Any]:
        case, row = booked.case, booked.row
        document = case_document(
            platform,
            case,
            one.language,
            events=booked.events,
            permitted=open_steps(platform, one.item, case, row, reader),
            attachments=booked.attachments,
            details=details_of(platform, one.item, case, row, one.language),
            reader=Who.CITIZEN,
        )
        made[:] = [Begun(kind=kind, case=case, document=document, row=row)]
        return one.receipt(made[0])

    await taking.book(platform, wish, receipt)
    return made[0]


def open_steps(platform: Platform, item: Item, case: Case, row: Booking, reader: Actor) -> list[Step]:
    """What the reader may do with an appointment that is not written yet."""
    who = reader.who(case)
    table = [step for step in item.steps if step.state == case.state and who in step.who]
    return in_booking(platform, item, row, table)
