"""Who is at a desk: online, away, full or gone; how many each may hold; and whether what waits is given out."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from banshi import Answer, Audience, Call, FieldProblem, InvalidFields, Platform, Update, Write, reply
from banshi.sdk.documents import MOMENT, TEXT, Record, array
from banshi.sdk.http import Routes
from desk.giving import desks_by_turn
from desk.officers import STATES, Seated, seated, seen
from desk.places import LEAD, OFFICER, WORDS, Desk, put
from desk.routes.enquiries import own_desk
from desk.routes.handling import NOT_SEEN
from desk.routes.keeping import COUNT, OF_DESK
from desk.tables.models import DeskRule, DeskSeat

ROUTES = Routes("desk")

#: How many one officer may hold at most.
MAX_HELD = 1_000

FLAG = {"type": "boolean"}
PRESENT = Record(
    id=TEXT, name=TEXT,
    state={"enum": list(STATES), "description": "`full` holds as many as may be, `gone` was there lately."},
    since={**MOMENT, "description": "Since when they have been there."},
    holds=COUNT,
    most={"type": ["integer", "null"], "description": "How many they may hold; null for any number."},
)  # fmt: skip
ROOM = Record(officers=array(PRESENT), by_turn={**FLAG, "description": "Whether what waits is given out by turn."})
HERE = {200: Answer("Who is there.", ROOM)}
LIMIT_BODY = Record(
    officer={**WORDS, "maxLength": 255},
    most={"type": ["integer", "null"], "minimum": 1, "maximum": MAX_HELD, "description": "null: the desk's number."},
).form()
TURNS_BODY = Record(by_turn={"type": ["boolean", "null"], "description": "null: as the settings have it."}).form()


def present(platform: Platform, one: Seated) -> dict[str, Any]:
    who = {"id": one.seat.officer, "name": one.seat.officer_name, "since": platform.moment(one.seat.since)}
    return {**who, "state": one.state, "holds": one.holds, "most": one.most}


async def _shown(call: Call, desk: Desk) -> web.StreamResponse:
    platform = call.platform
    shown = [present(platform, one) for one in await seated(platform, [desk])]
    by_turn = desk.code in await desks_by_turn([desk])
    return reply(call, {"officers": sorted(shown, key=lambda one: one["id"]), "by_turn": by_turn})


@ROUTES.get("/v1/desk/desks/{desk}/officers", Audience.STAFF, HERE, path_schemas=OF_DESK)
async def list_desk_officers(call: Call) -> web.StreamResponse:
    """List who is at a desk of yours or was there in the last days, and how many conversations each holds."""
    return await _shown(call, own_desk(call, call.path["desk"]))


@ROUTES.put(
    "/v1/desk/desks/{desk}/presence",
    Audience.STAFF,
    HERE,
    body=Record(away={**FLAG, "description": "Until you say otherwise nothing is given out to you."}).form(),
    path_schemas=OF_DESK,
)
async def set_desk_presence(call: Call) -> web.StreamResponse:
    """Say that you are away from a desk at which you sit, or back."""
    desk = own_desk(call, call.path["desk"], OFFICER)
    await seen(call, [desk])
    own = {"desk": desk.code, "officer": call.principal.subject}
    await call.platform.store.commit(Write([Update(DeskSeat, own, {"away": call.body["away"]})]))
    return await _shown(call, desk)


@ROUTES.put("/v1/desk/desks/{desk}/limits", Audience.STAFF, HERE, body=LIMIT_BODY, path_schemas=OF_DESK)
async def set_desk_limit(call: Call) -> web.StreamResponse:
    """Set how many conversations one officer of a desk that you lead may hold at once; what they hold they keep."""
    desk, officer = own_desk(call, call.path["desk"], LEAD), call.body["officer"]
    if not await DeskSeat.exists(desk=desk.code, officer=officer):
        raise InvalidFields([FieldProblem("/officer", NOT_SEEN, "not-of-the-desk")])
    own = {"desk": desk.code, "officer": officer}
    await call.platform.store.commit(Write([Update(DeskSeat, own, {"most": call.body["most"]}, rows=None)]))
    return await _shown(call, desk)


@ROUTES.put("/v1/desk/desks/{desk}/turns", Audience.STAFF, HERE, body=TURNS_BODY, path_schemas=OF_DESK)
async def set_desk_turns(call: Call) -> web.StreamResponse:
    """Have the conversations of a desk that you lead given out by turn to who is there, or claimed, or as it is set."""
    desk = own_desk(call, call.path["desk"], LEAD)
    await put(call.platform, DeskRule, {"desk": desk.code}, {"by_turn": call.body["by_turn"]})
    return await _shown(call, desk)
