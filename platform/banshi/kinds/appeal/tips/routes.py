"""What somebody does who doesn't say who they are: hand a tip in, and come back to it with its code.

The code travels in bodies alone: addresses are kept by proxies and browsers. All of it is below `/v1/tips/`, for which
whatever stands in front keeps no log. Older addresses, and the page's, nginx treats alike.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from aiohttp import web

from banshi.foundation.errors import NotFound
from banshi.kernel.cases import actors, lifecycle
from banshi.kernel.cases.beginning import begin, begin_over_http
from banshi.kernel.cases.modes import offered
from banshi.kernel.cases.submission import around
from banshi.kernel.contract.principals import NOBODY
from banshi.kernel.contract.route_table import Routes
from banshi.kernel.contract.routes import Answer, Audience, Call, Link
from banshi.kernel.contract.values import Item
from banshi.kernel.http.document_schemas import ref
from banshi.kernel.http.responses import reply
from banshi.kernel.tables.cases import Case
from banshi.kinds.appeal.intake import sort_member
from banshi.kinds.appeal.models import TipCode
from banshi.kinds.appeal.problems import UnknownCode
from banshi.kinds.appeal.rules import is_for_unnamed
from banshi.kinds.appeal.tips.codes import hash_of, read_code
from banshi.kinds.appeal.tips.flood import FLOOD, FLOODED
from banshi.kinds.appeal.tips.representations import ACTING, NEW_TIP, READING, TIP, tip_document
from banshi.kinds.sentences import say

ROUTES = Routes("tips", unnamed=True)

#: Nothing on the way keeps an answer with a code or a tip in it.
NOT_KEPT = {"Cache-Control": "no-store"}


def body_schema(item: Item) -> Mapping[str, Any] | None:
    """What a tip looks like; None for an item that takes none."""
    if not is_for_unnamed(item) or item.form is None:
        return None
    return around(item.form.schema, sort_member(item.details.sorts))


_OF_A_CODE = {
    404: Answer("There is no tip of that code (`unknown-code`)."),
    429: Answer("Too many codes that are nobody's.", headers={"Retry-After": "Seconds."}),
}
_CODE = {"code": "$request.body#/code"}
_TIP = Answer(
    "The tip.",
    TIP,
    links=[
        Link("act_on_tip", {"action": "$response.body#/permitted_actions/0/action"}, _CODE),
        Link("read_tip", body=_CODE),
    ],
)
_OWN = {"code": "$response.body#/code"}


@ROUTES.post(
    "/v1/items/{code}/tips",
    Audience.ANYONE,
    {
        201: Answer(
            "It is stored; this is its code.",
            NEW_TIP,
            links=[
                Link("read_tip", body=_OWN),
                Link("act_on_tip", {"action": "$response.body#/tip/permitted_actions/0/action"}, _OWN),
            ],
        ),
        **FLOODED,
    },
    per_item=body_schema,
    deprecated=True,
)
async def tip(call: Call) -> web.StreamResponse:
    """Hand in a tip without a name.

    The answer shows its code.
    """
    item = offered(call.platform, call.path["code"], NOBODY)
    if item is None or body_schema(item) is None:
        raise NotFound(
            say("There is no such item that is taken without a name; look for it in the list of items."),
            see="/v1/items",
        )
    begun = await begin(call.platform, item, None, call.body, call.language, sender=call.request.remote)
    return reply(call, {"code": begun.code, "tip": begun.document}, status=201, headers=NOT_KEPT)


_CASE_ACTION = {"action": "$response.body#/case/permitted_actions/0/action"}
ROUTES.post(
    "/v1/tips/items/{code}/begin",
    Audience.ANYONE,
    {
        201: Answer(
            "It is stored; this is its code.",
            ref("Begun"),
            links=[Link("read_tip", body=_OWN), Link("act_on_tip", _CASE_ACTION, _OWN)],
        ),
        404: Answer("There is no such item."),
        **FLOODED,
    },
    per_item=body_schema,
    operation="begin_unnamed",
    summary="Begin the item without saying who you are.",
)(begin_over_http)


@ROUTES.post("/v1/tips/read", Audience.ANYONE, {200: _TIP, **_OF_A_CODE}, body=READING, linked=is_for_unnamed)
async def read_tip(call: Call) -> web.StreamResponse:
    """Read the tip of a code."""
    actor = await with_code(call)
    case = await actors.find(actor.unnamed, actor)
    return reply(call, await tip_document(call, case, actor), headers=NOT_KEPT)


@ROUTES.post(
    "/v1/tips/actions/{action}",
    Audience.ANYONE,
    {
        200: replace(_TIP, description="The tip after the step."),
        502: Answer("The department's service failed; nothing was changed."),
        504: Answer("The department's service took too long; nothing was changed."),
        **_OF_A_CODE,
    },
    body=ACTING,
)
async def act_on_tip(call: Call) -> web.StreamResponse:
    """Take one of the permitted actions with the tip of a code."""
    actor = await with_code(call)
    case = await lifecycle.act(call.platform, actor.unnamed, call.path["action"], actor, call.body, call.language)
    return reply(call, await tip_document(call, case, actor), headers=NOT_KEPT)


async def with_code(call: Call) -> actors.Actor:
    """Whoever has the code that was sent. Raises InvalidFields, UnknownCode, and TooManyRequests where many guess."""
    since = time.monotonic()
    code = read_code(call.body["code"])
    found = await TipCode.get_or_none(id=hash_of(code))
    if found is None or not await Case.filter(id=found.case_id).exists():
        flood = call.platform[FLOOD]
        await flood.one_wrong_code(flood.sender(call.request), since)
        raise UnknownCode()
    return actors.Actor(unnamed=found.case_id)
