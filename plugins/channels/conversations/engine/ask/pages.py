"""Where what a chat can't carry is filled in: on the operator's own pages, or on a bare one of ours."""

from __future__ import annotations

from conversations.engine.turn.talk import Talk
from conversations.identity.offers import OFFERS
from conversations.settings import SETTINGS


def page_of(talk: Talk, item: str, *, goes_on: bool = False) -> str:
    """The address of the page for an item; ours is good once where it `goes_on` with somebody's draft."""
    if own := talk.platform[SETTINGS].form_page:
        return own.replace("{item}", item)
    address = f"{talk.platform.settings.address or ''}/v1/conversations"
    if talk.principal is None or not goes_on:
        return f"{address}/forms/{item}"
    token, row = talk.platform[OFFERS].for_rest(talk.row.id, talk.principal.subject, item, talk.platform.now())
    talk.beside.append(row)
    return f"{address}/rest/{token}"
