"""What a link to the rest of a form goes on with: an item, for whoever is bound to the contact that has the link."""

from __future__ import annotations

from functools import partial

from aiohttp import web

from banshi import Call, Update
from banshi.sdk.sign_in import ATTEMPT_LIFE_S, SIGN_IN
from conversations.identity import opened
from conversations.identity.links import person_of
from conversations.identity.sign_in import BACK, COOKIE, offered
from conversations.tables.models import ChannelConversation, ContactLink, LinkOffer
from questions.pages.frame import LinkOver
from questions.pages.going_on import GoingOn


async def going_on(call: Call, token: str) -> GoingOn:
    """For whom and with what, as long as they are bound to the contact. Raises LinkOver."""
    way = f"rest/{token}"
    offer, row = await offered(call, way)
    link = await ContactLink.get_or_none(conversation_id=row.id, person=offer.person, ended_at=None)
    if link is None:
        raise LinkOver
    used = Update(LinkOffer, {"id": offer.id, "used_at": None}, {"used_at": call.now})
    is_shown = opened.has_shown(call, way) or not (opened.can_show(call, row) or call.platform[SIGN_IN].host)
    lead = None if is_shown else partial(_lead, call, row, way)
    return GoingOn(offer.known["item"], person_of(link, row.account), used, lead)


async def _lead(call: Call, row: ChannelConversation, way: str) -> web.Response:
    """To the chat's provider, where it can say in this browser who has opened the link; else to the sign-in."""
    if led := opened.leading(call, row, way):
        return led
    attempt = await call.platform[SIGN_IN].begin(call.address + BACK, way)
    answer = web.Response(status=302, headers={"Location": attempt.address, "Cache-Control": "no-store"})
    COOKIE.put(call, answer, attempt.kept, ATTEMPT_LIFE_S)
    return answer
