"""Who is signed in, as their token says it: what a client greets somebody with, and what they have to prove yet."""

from __future__ import annotations

from datetime import UTC, datetime

from aiohttp import web

from banshi.builtin.identity.access import role_document
from banshi.kernel.contract.route_table import Routes
from banshi.kernel.contract.routes import Answer, Audience, Call
from banshi.kernel.http.document_schemas import LINKS, MAYBE_MOMENT, MAYBE_TEXT, TEXT, Record, Schema, array, maybe, ref
from banshi.kernel.http.responses import reply

ROUTES = Routes("me")

#: The end of the calendar, which a token of a development key may lie behind.
LATEST = datetime(9999, 1, 1, tzinfo=UTC).timestamp()

_YES: Schema = {"type": "boolean"}

ME = Record(
    name={**MAYBE_TEXT, "description": "As the identity provider says it; null where it says none."},
    verified={
        **Record(document=_YES, phone=_YES),
        "description": "Whether the identity provider has seen a document of theirs, and a telephone.",
    },
    staff={**_YES, "description": "Whether they are a member of staff: whoever has a role."},
    roles=array(Record(role=TEXT, role_title=TEXT, department=ref("Reference"), unit=maybe(ref("Reference")))),
    until={**MAYBE_MOMENT, "description": "When the token ends; null for whoever has come without one, by a chat."},
    development={**_YES, "description": "Nothing is real here: tokens of `banshi token` are taken, or faults shown."},
    links=LINKS,
)


#: Where each finds what is theirs.
LED_TO = (
    (Audience.CITIZEN, "cases", "/v1/cases"),
    (Audience.CITIZEN, "drafts", "/v1/me/drafts"),
    (Audience.CITIZEN, "passes", "/v1/me/passes"),
    (Audience.CITIZEN, "data", "/v1/me/data"),
    (Audience.STAFF, "worklist", "/v1/worklist"),
)


@ROUTES.get("/v1/me", Audience.PERSON, {200: Answer("Who it is.", ME)})
async def show_me(call: Call) -> web.StreamResponse:
    """Show who is signed in.

    It is what the token says, without its numbers and its subject.
    """
    who, settings = call.principal, call.platform.settings
    ends = datetime.fromtimestamp(min(who.expires_at, LATEST), UTC) if who.expires_at else None
    document = {
        "name": who.name or None,
        "verified": {"document": bool(who.resident_id), "phone": bool(who.phone)},
        "staff": who.is_staff,
        "roles": [role_document(call, one.name, one.department, one.unit) for one in who.roles],
        "until": call.platform.moment(ends),
        "development": settings.development or settings.identity is None,
        "links": {name: path for audience, name, path in LED_TO if audience.admits(who)},
    }
    return reply(call, document)
