"""Cases, categories and kinds of notices whose messages wake no phone: the inbox has them all the same."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from aiohttp import web
from tortoise.backends.base.client import BaseDBAsyncClient
from tortoise.transactions import in_transaction

from banshi import Answer, Audience, Call, Conflict, Link, NotFound, Platform, reply, text_in
from banshi.sdk.cases import Actor, find_case
from banshi.sdk.documents import ID, TEXT, Record
from banshi.sdk.following import notice_kinds
from banshi.sdk.http import Routes, page_answer
from mobile_push.audience.audience import NOTICE
from mobile_push.audience.quiet_hours import quiet_for
from mobile_push.broadcasts.addressing import unknown
from mobile_push.delivery.topics.changes import kept
from mobile_push.inbox.messages import CASE, CATEGORY
from mobile_push.sentences import say
from mobile_push.settings import SLUG
from mobile_push.tables.models import Profile, Silence

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


KIND = Record(code=TEXT, title=TEXT, is_muted={"type": "boolean"})
_CODE: Mapping[str, Any] = {"code": {"type": "string", "maxLength": 32, "pattern": SLUG}}


@ROUTES.get(
    "/v1/me/notice-kinds",
    Audience.CITIZEN,
    {200: page_answer(KIND, Link("mute_notice_kind", {"code": "$response.body#/items/0/code"}))},
)
async def list_notice_kinds(call: Call) -> web.StreamResponse:
    """List the kinds of notices, and which of them the caller has muted. Alerts are none: nobody mutes them."""
    muted = await _about(call.principal.subject, NOTICE)
    items = [
        {"code": code, "title": text_in(one.title, call.language), "is_muted": code in muted}
        for code, one in notice_kinds(call.platform).items()
    ]
    return reply(call, {"items": items, "next": None})


@ROUTES.put("/v1/me/notice-kinds/{code}/muted", Audience.CITIZEN, _NO_CONTENT, path_schemas=_CODE)
async def mute_notice_kind(call: Call) -> web.StreamResponse:
    """Mute a kind: its notices wake no phone and come into no chat, and are in the inbox all the same."""
    return await _mute(call, is_muted=True)


@ROUTES.delete("/v1/me/notice-kinds/{code}/muted", Audience.CITIZEN, _NO_CONTENT, path_schemas=_CODE)
async def unmute_notice_kind(call: Call) -> web.StreamResponse:
    """Let the notices of a kind wake the phones again. Again changes nothing."""
    return await _mute(call, is_muted=False)


async def _mute(call: Call, *, is_muted: bool) -> web.StreamResponse:
    """Raises NotFound for a kind that there isn't, naming those that there are."""
    person, code = call.principal.subject, call.path["code"]
    if code not in (kinds := notice_kinds(call.platform)):
        raise NotFound(unknown(code, kinds))
    row = Silence(person=person, about=f"{NOTICE}{code}")
    async with in_transaction() as connection, kept(call.platform, connection, [person]):
        if is_muted:
            await Silence.bulk_create([row], ignore_conflicts=True, using_db=connection)
        else:
            await Silence.filter(person=person, about=row.about).using_db(connection).delete()
    return web.Response(status=204)


async def wishes(platform: Platform, persons: Collection[str], kind: str) -> Mapping[str, datetime | None]:
    """Who of these isn't to be woken by a notice of that kind now, and until when; None for as long as they wish so."""
    now, found = platform.now(), dict[str, datetime | None]()
    for one in await Profile.filter(person__in=list(persons)):
        if wait := quiet_for(one.quiet_from, one.quiet_until, one.timezone, now):
            found[one.person] = now + timedelta(seconds=wait)
        if not one.notices:
            found[one.person] = None
    muted = Silence.filter(person__in=list(persons), about=f"{NOTICE}{kind}")
    return found | dict.fromkeys([one.person for one in await muted])


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
