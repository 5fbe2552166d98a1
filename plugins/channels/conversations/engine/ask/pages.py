"""Links in a chat: to where what it can't carry is filled in, on the operator's pages or ours; and to the sign-in."""

from __future__ import annotations

from banshi.sdk.sign_in import SIGN_IN
from conversations.contacts.offers import OFFERS
from conversations.engine.turn.talk import Talk
from conversations.settings import SETTINGS

NOT_IN_A_GROUP = "Others read along here: for this, write to this account alone."


def page_of(talk: Talk, item: str, *, goes_on: bool = False) -> str:
    """The address of the page for an item; ours is good once where it `goes_on` with somebody's draft."""
    if own := talk.platform[SETTINGS].form_page:
        return own.replace("{item}", item)
    address = f"{talk.platform.settings.address or ''}/v1"
    if talk.principal is None or not goes_on:
        return f"{address}/tips/forms/{item}"
    token, row = talk.platform[OFFERS].for_rest(talk.row.id, talk.principal.subject, item, talk.platform.now())
    talk.beside.append(row)
    return f"{address}/conversations/rest/{token}"


def sign_in_link(talk: Talk) -> None:
    """Say the link to the sign-in, where there is one: it is good once and for this contact."""
    address = talk.platform.settings.address
    if talk.received.group:
        talk.say(NOT_IN_A_GROUP)
    elif address and talk.platform[SIGN_IN].host:
        token, offer = talk.platform[OFFERS].for_contact(talk.row.id, talk.platform.now())
        talk.beside.append(offer)
        place = f"{address}/v1/conversations/sign-in/{token}"
        talk.say("Sign in here within ten minutes, and come back: {link}", link=place)
