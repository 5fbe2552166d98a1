"""The phone that holds a dynamic pass: taking it, and what it needs to show it."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from banshi.builtin.openapi.schemas.passes import HELD_PASS
from banshi.builtin.passes import holder, ledger
from banshi.builtin.passes.binding import bind
from banshi.builtin.passes.wire import shown
from banshi.builtin.passes.wire.addressed import code_of
from banshi.builtin.sentences import say
from banshi.foundation.errors import Conflict, FieldProblem, InvalidFields, NotFound
from banshi.kernel.cases import actors
from banshi.kernel.contract.route_table import Routes
from banshi.kernel.contract.routes import Answer, Audience, Call
from banshi.kernel.http.document_schemas import Record, ref
from banshi.kernel.http.responses import reply
from banshi.kernel.runtime.running import Platform
from banshi.kernel.tables.cases import KEPT, Case
from banshi.kernel.tables.passes import Pass

ROUTES = Routes("passes")

_COORDINATE = {"type": "string", "minLength": 43, "maxLength": 43, "description": "32 bytes in base64url."}

PHONE = Record(
    key={
        "type": "object",
        "description": "The public half of a key that the phone made for this pass, as JWK (RFC 7517).",
        "required": ["kty", "crv", "x", "y"],
        "properties": {"kty": {"const": "EC"}, "crv": {"const": "P-256"}, "x": _COORDINATE, "y": _COORDINATE},
    }
).form()

PRIVATE = say("This is the private half, which has to stay in the phone; make a new key, and send its public half.")

PATH = "/v1/cases/{id}/pass/phone"
HELD = Answer("The phone that holds it, and the text that it signs.", ref("HeldPass"))


@ROUTES.put(
    PATH,
    Audience.CITIZEN,
    {
        200: HELD,
        409: Answer("The pass is over, or was moved too often."),
        503: Answer("It can't be signed now; come back after Retry-After."),
    },
    body=PHONE,
)
async def take_pass_to_phone(call: Call) -> web.StreamResponse:
    """Let this phone hold the case's dynamic pass, and no other."""
    key = call.body["key"]
    if "d" in key:
        raise InvalidFields([FieldProblem("/key/d", PRIVATE, "private")])
    try:
        point = holder.of_jwk(key)
    except ValueError:
        raise InvalidFields([FieldProblem("/key", say("This phone's key can't be used."), "key")]) from None
    case, record = await _dynamic(call)
    if case.content != KEPT:
        raise Conflict(say("The case is closed and its personal data is being deleted. Apply again."))
    return reply(call, _document(call.platform, await bind(call.platform, case, record, point)))


@ROUTES.get(PATH, Audience.CITIZEN, {200: HELD})
async def show_phone_of_pass(call: Call) -> web.StreamResponse:
    """Show which phone holds the case's dynamic pass, and what it has to sign."""
    _, record = await _dynamic(call)
    if not record.phone:
        raise NotFound(say("No phone holds this pass yet; add it to a phone first."))
    return reply(call, _document(call.platform, record))


async def _dynamic(call: Call) -> tuple[Case, Pass]:
    case = await actors.find(call.path["id"], actors.Actor(call.principal))
    record = await ledger.of_case(case)
    if record is None or record.phone is None:
        raise NotFound(say("There is no pass for this case that a phone has to hold."))
    return case, record


def _document(platform: Platform, record: Pass) -> dict[str, Any]:
    key = holder.as_jwk(bytes.fromhex(record.phone or ""))
    address = code_of(platform, "").removesuffix("#") or None
    return HELD_PASS.of(platform, record, key=key, sign_every=shown.EVERY_S, address=address)
