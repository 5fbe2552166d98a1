"""A draft's verbs: nobody judges it, and nobody but its citizen reads it."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from datetime import timedelta
from typing import Any

from aiohttp import web
from tortoise.exceptions import IntegrityError

from banshi.builtin.drafts.ending import key_of, oldest
from banshi.builtin.drafts.models import Draft
from banshi.builtin.sentences import say
from banshi.foundation.database.bulk import delete
from banshi.foundation.database.writes import Stale, Update, Write
from banshi.foundation.errors import NotFound, TooLarge
from banshi.kernel.cases.modes import offered
from banshi.kernel.contract.principals import Principal
from banshi.kernel.contract.route_table import Routes
from banshi.kernel.contract.routes import Answer, Audience, Call, Link
from banshi.kernel.http.document_schemas import LINKS, MOMENT, Record, named, ref
from banshi.kernel.http.pages import page_of
from banshi.kernel.http.responses import PAGE_PARAMETERS, Page, encode, in_utc, page_answer, reply
from banshi.kernel.runtime.running import Platform

ROUTES = Routes("drafts")
PATH = "/v1/items/{code}/draft"

#: Bytes of one draft's answers as JSON, and drafts of one person.
MAX_DRAFT_BYTES = 65_536
MAX_DRAFTS = 50

TOO_LARGE = say("This is too much for a draft; hand it in instead.")
TOO_MANY = say("You have too many drafts; delete one first.")

BODY = Record(answers={"type": "object", "description": "The answers so far, right or wrong."}).form()
DRAFT = Record(answers={"type": "object"}, saved_at=MOMENT, until={**MOMENT, "description": "From then on it is gone."})
OFFERED = "`draft`: what was filled in. `item`: the guide, as long as there is one for them."
SHOW = Link("draft", {"code": "$request.path.code"})

#: A draft among others: nothing of its answers, which nobody reads before they are asked for.
LISTED = Record(
    item=ref("Reference"), saved_at=MOMENT, until=DRAFT["properties"]["until"], links={**LINKS, "description": OFFERED}
)


@ROUTES.put(PATH, Audience.CITIZEN, {200: Answer("It is kept.", DRAFT, links=[SHOW])}, body=BODY)
async def save_draft(call: Call) -> web.StreamResponse:
    """Keep what is filled in so far, in place of what was kept before.

    Nothing in it is judged. Files that it names stay as long as an upload does that no case uses.
    """
    draft = await save(call.platform, call.principal, call.path["code"], call.body["answers"])
    return reply(call, _document(call.platform, draft), headers={"Cache-Control": "no-store"})


async def save(platform: Platform, principal: Principal, code: str, answers: Any, *beside: Update) -> Draft:
    """Keep a person's answers to an item, in place of what was kept before; `beside` is written with it.

    Raises NotFound, TooLarge, and Stale for what stands beside.
    """
    item, person = offered(platform, code, principal), principal.subject
    if item is None or item.form is None:
        raise NotFound(say("There is no such item with a form; look for it in the list of items."), see="/v1/items")
    if len(encode(answers)) > MAX_DRAFT_BYTES:
        raise TooLarge(TOO_LARGE, limit=MAX_DRAFT_BYTES)
    draft = Draft(id=key_of(person, code), person=person, item=code, answers=answers, saved_at=platform.now())
    others = Draft.filter(person=person, saved_at__gte=oldest(platform)).exclude(id=draft.id)
    if await others.count() >= MAX_DRAFTS:
        raise TooLarge(TOO_MANY, limit=MAX_DRAFTS)
    await _save(platform, draft, beside)
    return draft


async def find(platform: Platform, person: str, code: str) -> Draft | None:
    """What a person has filled in for an item, as long as it is kept."""
    return await Draft.get_or_none(id=key_of(person, code), saved_at__gte=oldest(platform))


@ROUTES.get(
    PATH,
    Audience.CITIZEN,
    {200: Answer("What was filled in.", DRAFT), 404: Answer("There is none.")},
    operation="draft",
    linked=lambda item: item.form is not None,
)
async def show_draft(call: Call) -> web.StreamResponse:
    """Show what was filled in before."""
    draft = await find(call.platform, call.principal.subject, call.path["code"])
    if draft is None:
        raise NotFound(say("There is no draft of yours for that item."))
    return reply(call, _document(call.platform, draft), headers={"Cache-Control": "no-store"})


async def drop(person: str, code: str) -> None:
    """Forget it, whether or not there is one."""
    await Draft.filter(id=key_of(person, code)).delete()


@ROUTES.delete(PATH, Audience.CITIZEN, {204: Answer("It is gone.")})
async def delete_draft(call: Call) -> web.StreamResponse:
    """Delete it, whether or not there is one."""
    await drop(call.principal.subject, call.path["code"])
    return web.Response(status=204)


@ROUTES.get(
    "/v1/me/drafts",
    Audience.CITIZEN,
    {200: page_answer(LISTED, Link("draft", {"code": "$response.body#/items/0/item/code"}))},
    parameters=PAGE_PARAMETERS,
)
async def list_my_drafts(call: Call) -> web.StreamResponse:
    """List the caller's drafts, the last one saved first, without their answers."""
    own = Draft.filter(person=call.principal.subject, saved_at__gte=oldest(call.platform))
    drafts, after = await page_of(call, own.only("id", "item", "saved_at"), {"-saved_at": in_utc, "-id": _key})
    return reply(call, Page([_listed(call, one) for one in drafts], after).document())


async def remove_old(platform: Platform) -> None:
    await delete(Draft.filter(saved_at__lt=oldest(platform)))


async def _save(platform: Platform, draft: Draft, beside: Sequence[Update]) -> None:
    """Write it over what is there; of two phones that save at once the later one's stays."""
    values = {"answers": draft.answers, "saved_at": draft.saved_at}
    while True:
        try:
            return await platform.store.commit(Write(updates=[*beside, Update(Draft, {"id": draft.id}, values)]))
        except Stale:
            with suppress(IntegrityError):  # the other phone's was the first
                return await platform.store.commit(Write(beside, [draft]))


def _key(text: str) -> str:
    """A draft's id in a cursor. Raises ValueError."""
    return bytes.fromhex(text).hex()


def _listed(call: Call, draft: Draft) -> dict[str, Any]:
    code, known = draft.item, call.platform.registry.items.of(draft.item)
    links = {"draft": PATH.replace("{code}", code)}
    if offered(call.platform, code, call.principal) is not None:
        links["item"] = f"/v1/items/{code}"
    item = named(code, known.title if known else None, call.language)
    return LISTED.of(call.platform, draft, item=item, until=_until(call.platform, draft), links=links)


def _document(platform: Platform, draft: Draft) -> dict[str, Any]:
    return DRAFT.of(platform, draft, answers=draft.answers, until=_until(platform, draft))


def _until(platform: Platform, draft: Draft) -> str | None:
    return platform.moment(draft.saved_at + timedelta(days=platform.settings.draft_days))
