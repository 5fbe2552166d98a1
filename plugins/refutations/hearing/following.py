"""Following all, and asking to be told what becomes of one: each by one press, and ended by one."""

from __future__ import annotations

from aiohttp import web

from banshi import Answer, Audience, Call, Conflict, NotFound, Write, reply
from banshi.sdk.documents import TEXT, Record, array
from banshi.sdk.http import Routes
from refutations.reading.published import GONE, public
from refutations.sentences import say
from refutations.tables.models import Hearer, muted

_ID = {"type": "string", "pattern": "^(all|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12})$"}
ROUTES = Routes("refutations", path_schemas={"id": _ID})

#: Whoever follows all is told of each; records that one person may wait for at once.
ALL, MAX_FOLLOWED = "all", 200
SO_IT_IS = {204: Answer("So it is from now on.")}


def _about(call: Call) -> str:
    return call.path["id"].replace(ALL, "")


@ROUTES.get("/v1/refutations/followed", Audience.CITIZEN, {200: Answer("`all`, and ids.", Record(items=array(TEXT)))})
async def list_followed_refutations(call: Call) -> web.StreamResponse:
    """List what one is told of: all, and those that one has asked about."""
    rows = await Hearer.filter(person=call.principal.subject).order_by("at", "id")
    return reply(call, {"items": [row.about or ALL for row in rows if not row.about.startswith("-")]})


@ROUTES.put("/v1/refutations/followed/{id}", Audience.CITIZEN, {**SO_IT_IS, 410: GONE})
async def follow_refutation(call: Call) -> web.StreamResponse:
    """Be told of all that is published, or of what becomes of one. Again changes nothing."""
    person = call.principal.subject
    if _about(call):
        await public(call)
    if await Hearer.filter(person=person).count() >= MAX_FOLLOWED:
        raise Conflict(say("You wait for {most} answers, as many as may be; let one go first.", most=MAX_FOLLOWED))
    await Hearer.filter(person=person, about=muted(_about(call))).delete()
    row = Hearer(person=person, about=_about(call), at=call.now)
    await call.platform.store.commit(Write(unless_there=[row]))
    return web.Response(status=204)


@ROUTES.delete("/v1/refutations/followed/{id}", Audience.CITIZEN, SO_IT_IS)
async def unfollow_refutation(call: Call) -> web.StreamResponse:
    """Be told of it no more."""
    if not await Hearer.filter(person=call.principal.subject, about=_about(call)).delete():
        raise NotFound
    if _about(call):
        # Whoever has asked in words that fit would otherwise wait again for its next edition.
        no_more = Hearer(person=call.principal.subject, about=muted(_about(call)), at=call.now)
        await call.platform.store.commit(Write(unless_there=[no_more]))
    return web.Response(status=204)
