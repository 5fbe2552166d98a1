"""Cases and categories whose messages wake no phone: the inbox has them all the same."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from uuid import UUID

from aiohttp import web
from tortoise.backends.base.client import BaseDBAsyncClient

from banshi import Answer, Audience, Call, Conflict, Link, reply
from banshi.sdk.cases import Actor, find_case
from banshi.sdk.documents import ID, Record
from banshi.sdk.http import Routes, page_answer
from mobile_push.inbox.messages import CASE, CATEGORY
from mobile_push.sentences import say
from mobile_push.tables.models import Silence

ROUTES = Routes("push")

#: Cases that one person may have muted at once.
MAX_MUTED = 500

MUTED = Record(case=ID)

_NO_CONTENT = {204: Answer("So it is from now on.")}


@ROUTES.get(
    "/v1/inbox/muted",
    Audience.CITIZEN,
    {200: page_answer(MUTED, Link("unmute_case", {"id": "$response.body#/items/0/case"}))},
)
async def list_muted(call: Call) -> web.StreamResponse:
    """List the cases that the caller has muted."""
    muted = await _about(call.principal.subject, CASE)
    return reply(call, {"items": [{"case": one} for one in muted], "next": None})


@ROUTES.put(
    "/v1/inbox/muted/{id}",
    Audience.CITIZEN,
    {**_NO_CONTENT, 409: Answer("You have muted as many as may be.")},
    summary="Mute a case: its messages wake no phone.",
)
async def mute_case(call: Call) -> web.StreamResponse:
    """Mute a case: its messages wake no phone, and are in the inbox all the same. Again changes nothing."""
    person, case = call.principal.subject, UUID(call.path["id"])
    await find_case(case, Actor(call.principal))
    if await Silence.filter(person=person, about__startswith=CASE).count() >= MAX_MUTED:
        raise Conflict(
            say("You have muted {most} cases, as many as may be; let one speak again first.", most=MAX_MUTED)
        )
    await Silence.bulk_create([Silence(person=person, about=f"{CASE}{case}")], ignore_conflicts=True)
    return web.Response(status=204)


@ROUTES.delete("/v1/inbox/muted/{id}", Audience.CITIZEN, _NO_CONTENT)
async def unmute_case(call: Call) -> web.StreamResponse:
    """Let a case's messages wake the phones again. Again changes nothing."""
    case, actor = UUID(call.path["id"]), Actor(call.principal)
    if not await Silence.filter(person=actor.subject, about=f"{CASE}{case}").delete():
        await find_case(case, actor)
    return web.Response(status=204)


async def silent_categories(person: str) -> Sequence[str]:
    """The categories whose messages wake none of a person's phones."""
    return await _about(person, CATEGORY)


async def set_silent(connection: BaseDBAsyncClient, person: str, categories: Iterable[str]) -> None:
    """Let messages of these categories wake no phone, and those of all others. The row of the person is held."""
    await Silence.filter(person=person, about__startswith=CATEGORY).using_db(connection).delete()
    rows = [Silence(person=person, about=f"{CATEGORY}{one}") for one in sorted(set(categories))]
    await Silence.bulk_create(rows, using_db=connection)


async def _about(person: str, what: str) -> list[str]:
    rows = await Silence.filter(person=person, about__startswith=what).order_by("about")
    return [row.about.removeprefix(what) for row in rows]
