"""What a chat that was bound lately is to do in a citizen's name: their app lists it, and says yes or no."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from datetime import timedelta
from typing import Any
from uuid import UUID

from aiohttp import web
from tortoise.expressions import Subquery
from tortoise.models import Model
from tortoise.queryset import QuerySet
from uuid_utils.compat import uuid7

from banshi import Answer, Audience, Call, Conflict, NotFound, Platform, Stale, Update, Write, reply
from banshi.sdk.documents import ID, MOMENT, TEXT, Record
from banshi.sdk.http import PAGE_PARAMETERS, Page, Routes, in_utc, page_answer, page_of
from conversations.identity import telling
from conversations.sentences import say
from conversations.settings import SETTINGS
from conversations.tables.models import ChannelConversation, Confirmation, ContactLink

#: How long a question waits for its answer, and a yes for what it is for.
CONFIRMATION_LIFE = timedelta(hours=1)

#: Questions to one citizen in that time: nobody is made tired of them until they say yes.
MAX_ASKED = 5

ROUTES = Routes("conversations")

CONFIRMATION = Record(
    id=ID,
    account=TEXT,
    title={**TEXT, "description": "What the chat wants to do, as it shows it there."},
    item=TEXT,
    action={**TEXT, "description": "The action on a case; empty where the item is begun."},
    state={"enum": ["waiting", "granted", "refused"]},
    asked_at=MOMENT,
    expires_at=MOMENT,
)
ANSWER_BODY = Record(answer={"enum": ["yes", "no"]}).form()
_SHOWN = Answer("What it wants.", CONFIRMATION)


def is_new(platform: Platform, link: ContactLink) -> bool:
    """Whether a chat was bound so lately that what it does in somebody's name waits for their yes."""
    return platform.now() - (link.since or link.linked_at) < timedelta(hours=platform[SETTINGS].confirm_hours)


async def asked_before(platform: Platform, link: ContactLink, digest: str) -> Confirmation | None:
    """The question that was asked of just that since they have the chat, and is still good."""
    own = Confirmation.filter(conversation_id=link.conversation_id, person=link.person, digest=digest, used_at=None)
    own = own.filter(asked_at__gte=link.since or link.linked_at)
    return await own.filter(ends_at__gt=platform.now()).order_by("-asked_at").first()


async def asking(
    platform: Platform, row: ChannelConversation, link: ContactLink, digest: str, **what: str
) -> Sequence[Model]:
    """The question with what tells its citizen, as rows; none where they were asked too often."""
    now = platform.now()
    if await Confirmation.filter(person=link.person, asked_at__gt=now - CONFIRMATION_LIFE).count() >= MAX_ASKED:
        return ()
    about: Any = {"conversation_id": row.id, "person": link.person, "digest": digest, **what}
    wish = Confirmation(id=uuid7(), asked_at=now, ends_at=now + CONFIRMATION_LIFE, **about)
    return [wish, *telling.asked(platform, row.account, link, wish)]


@ROUTES.get(
    "/v1/conversations/confirmations", Audience.CITIZEN, {200: page_answer(CONFIRMATION)}, parameters=PAGE_PARAMETERS
)
async def list_chat_confirmations(call: Call) -> web.StreamResponse:
    """List what chats that were bound lately want to do in your name, the newest first."""
    rows, after = await page_of(call, _own(call), {"-asked_at": in_utc, "-id": UUID})
    return reply(call, Page([_shown(call, row) for row in rows], after).document())


@ROUTES.get("/v1/conversations/confirmations/{id}", Audience.CITIZEN, {200: _SHOWN})
async def show_chat_confirmation(call: Call) -> web.StreamResponse:
    """Show one of them."""
    return reply(call, _shown(call, await _found(call)))


@ROUTES.post("/v1/conversations/confirmations/{id}/answer", Audience.CITIZEN, {200: _SHOWN}, body=ANSWER_BODY)
async def answer_chat_confirmation(call: Call) -> web.StreamResponse:
    """Say yes, and the chat may do that once, within an hour; or no. What was answered stays so."""
    wish, is_granted = await _found(call), call.body["answer"] == "yes"
    if wish.answered_at is None:
        given = {"answered_at": call.now, "is_granted": is_granted, "ends_at": call.now + CONFIRMATION_LIFE}
        answered = Update(Confirmation, {"id": wish.id, "answered_at": None}, given)
        with suppress(Stale):  # another phone of theirs was quicker: what it said stands
            await call.platform.store.commit(Write([answered]))
        wish = await _found(call)
    if wish.is_granted != is_granted:
        raise Conflict(say("You have answered this differently before: write in the chat again, and it asks anew."))
    return reply(call, _shown(call, wish))


def _own(call: Call) -> QuerySet[Confirmation]:
    """Those that aren't over, of chats that are still bound to the caller."""
    person = call.principal.subject
    own = Confirmation.filter(person=person, used_at=None, ends_at__gt=call.now)
    bound = ContactLink.filter(person=person, ended_at=None)
    return own.filter(conversation_id__in=Subquery(bound.values("conversation_id"))).prefetch_related("conversation")


async def _found(call: Call) -> Confirmation:
    wish = await _own(call).filter(id=UUID(call.path["id"])).first()
    if wish is None:
        told = say("No chat asks for this, or not any more; look at your list.")
        raise NotFound(told, see="/v1/conversations/confirmations")
    return wish


def _shown(call: Call, row: Confirmation) -> dict[str, Any]:
    state = "waiting" if row.answered_at is None else "granted" if row.is_granted else "refused"
    given: dict[str, Any] = {"state": state, "account": row.conversation.account}
    return CONFIRMATION.of(call.platform, row, **given, expires_at=call.platform.moment(row.ends_at))
