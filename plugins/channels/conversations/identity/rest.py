"""What a link to the rest of a form goes on with: an item, for whoever is bound to the contact that has the link."""

from __future__ import annotations

from banshi import Platform, Principal, Update
from conversations.identity.offers import OFFERS
from conversations.tables.models import ContactLink, LinkOffer
from questions.pages.frame import LinkOver
from questions.pages.going_on import GoingOn


async def going_on(platform: Platform, token: str) -> GoingOn:
    """For whom and with what, as long as they are bound to the contact. Raises LinkOver."""
    now = platform.now()
    offer = await platform[OFFERS].of("rest", token, now)
    link = offer and await ContactLink.get_or_none(
        conversation_id=offer.conversation_id, person=offer.person, ended_at=None
    )
    if not offer or not link:
        raise LinkOver
    used = Update(LinkOffer, {"id": offer.id, "used_at": None}, {"used_at": now})
    return GoingOn(offer.known["item"], Principal(subject=offer.person, **link.known), used)
