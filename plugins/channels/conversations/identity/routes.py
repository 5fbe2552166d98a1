"""What the signed-in app asks for: digits and a QR code that bind a contact, and the contacts that are bound."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from aiohttp import web

from banshi import Answer, Audience, Call, NotFound, Update, Write, reply
from banshi.sdk.documents import ID, MOMENT, TEXT, Record
from banshi.sdk.http import PAGE_PARAMETERS, Page, Routes, in_utc, page_answer, page_of
from conversations.contacts.offers import DIGITS, OFFERS
from conversations.figures.counting import write
from conversations.identity.links import ending
from conversations.sentences import say
from conversations.tables.models import ContactLink, LinkOffer

ROUTES = Routes("conversations")

CODE = Record(digits={"type": "string", "pattern": f"^[0-9]{{{DIGITS}}}$"}, token=TEXT, expires_at=MOMENT)
LINK = Record(id=ID, account=TEXT, way={"enum": ["sign-in", "app", "digits"]}, linked_at=MOMENT)


@ROUTES.post("/v1/conversations/codes", Audience.CITIZEN, {201: Answer("Both, of which one can be used.", CODE)})
async def make_contact_code(call: Call) -> web.StreamResponse:
    """Take digits and a QR code by which a chat learns who you are.

    The digits are typed into the chat; the token goes into a QR code of channels that can scan one. They are good
    for five minutes and once, and those that you took before no more.
    """
    digits, token, row = call.platform[OFFERS].for_person(call.principal, call.now)
    before = Update(LinkOffer, {"person": call.principal.subject, "used_at": None}, {"used_at": call.now}, rows=None)
    await call.platform.store.commit(Write([before], [row]))
    shown = {"digits": digits, "token": token, "expires_at": call.platform.moment(row.ends_at)}
    return reply(call, shown, status=201, headers={"Cache-Control": "no-store"})


@ROUTES.get("/v1/conversations/links", Audience.CITIZEN, {200: page_answer(LINK)}, parameters=PAGE_PARAMETERS)
async def list_contact_links(call: Call) -> web.StreamResponse:
    """List the chats that know who you are, the newest first."""
    own = ContactLink.filter(person=call.principal.subject, ended_at=None).prefetch_related("conversation")
    rows, after = await page_of(call, own, {"-linked_at": in_utc, "-id": UUID})
    return reply(call, Page([_shown(call, row) for row in rows], after).document())


@ROUTES.get("/v1/conversations/links/{id}", Audience.CITIZEN, {200: Answer("How it knows you.", LINK)})
async def show_bound_contact(call: Call) -> web.StreamResponse:
    """Show one of them: what the message of a new one leads to."""
    return reply(call, _shown(call, await _found(call)))


@ROUTES.delete("/v1/conversations/links/{id}", Audience.CITIZEN, {204: Answer("It knows you no more.")})
async def end_contact_link(call: Call) -> web.StreamResponse:
    """Let a chat know you no more. What you had begun there is gone with its next message."""
    link = await _found(call)
    ended = ending(call.platform, link.conversation.account, link, None)
    await write(call.platform, link.conversation_id, ended, is_bound=True)
    return web.Response(status=204)


async def _found(call: Call) -> ContactLink:
    own = {"id": UUID(call.path["id"]), "person": call.principal.subject, "ended_at": None}
    link = await ContactLink.filter(**own).prefetch_related("conversation").first()
    if link is None:
        raise NotFound(say("No chat is bound to you by this; look at your list."), see="/v1/conversations/links")
    return link


def _shown(call: Call, row: ContactLink) -> dict[str, Any]:
    return LINK.of(call.platform, row, account=row.conversation.account)
