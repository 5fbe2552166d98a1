"""A yes for what a chat that was bound lately does in somebody's name, where that tells of them or binds them."""

from __future__ import annotations

from collections.abc import Sequence

import orjson

from banshi import Update
from conversations.contacts.bound import has_app
from conversations.contacts.offers import OFFERS
from conversations.engine.ask.filling import Filling
from conversations.engine.ask.pages import sign_in_link
from conversations.identity.confirmations import asked_before, asking, is_new
from conversations.outbound.sender import outlet_of
from conversations.tables.models import Confirmation


async def granted(now: Filling) -> Sequence[Update] | None:
    """What uses their yes up, nothing where none is needed; None where it is waited for, and how is said."""
    talk, link, dialogue = now.talk, now.talk.link, now.dialogue
    item = talk.platform.registry.items.get(dialogue.item)
    listed = any("x-choices" in one for one in now.schema["properties"].values())
    # It looks a person up, changes a case, or takes one of the places that the API lists.
    tells_or_binds = dialogue.case or listed or getattr(item and item.details, "personal", False)
    if link is None or not is_new(talk.platform, link) or not tells_or_binds:
        return ()
    whole = [dialogue.item, dialogue.case, dialogue.action, dialogue.answers]
    digest = talk.platform[OFFERS].hashed("confirmation", orjson.dumps(whole, option=orjson.OPT_SORT_KEYS).decode())
    asked = await asked_before(talk.platform, link, digest)
    if asked is not None and asked.is_granted:
        return [Update(Confirmation, {"id": asked.id, "used_at": None}, {"used_at": talk.platform.now()})]
    reads_us = await has_app(talk.platform, link.person)
    if link.is_proved and not reads_us:
        # They have signed in in the browser of this very contact: nobody's link was handed on.
        return ()
    if asked is not None and asked.answered_at is not None:
        talk.say("You have said no to this in the app.")
        return None
    if asked is None:
        about = {"title": dialogue.title[:255], "item": dialogue.item, "action": dialogue.action}
        rows = await asking(talk.platform, talk.row, link, digest, **about)
        if not rows:
            talk.say("You were asked for your yes too often within an hour. Try again later.")
            return None
        talk.beside += rows
    talk.say("This chat was bound only lately. Say yes to this in the city's app first, then send the same here again.")
    if not reads_us and talk.row.account in outlet_of(talk.platform, talk.row.account).own_browser:
        talk.say("Where you have no app, sign in once more, and send the same here again.")
        sign_in_link(talk)
    return None
