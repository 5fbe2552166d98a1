"""Where what a chat can't carry is filled in: the operator's own pages, or one bare page of ours."""

from __future__ import annotations

from conversations.engine.talk import Talk


def page_of(talk: Talk, item: str) -> str:
    """The address of the page for an item."""
    return f"{talk.platform.settings.address or ''}/v1/items/{item}"
