"""What a link to the rest of a form goes on with: whoever gives out such links says it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from aiohttp import web

from banshi import Call, Key, Principal, Update


@dataclass(frozen=True, slots=True)
class GoingOn:
    """Somebody who goes on with an item on a page: what they have filled in already is their draft of it."""

    item: str
    person: Principal
    #: Uses the link up, with what hands the rest in.
    used: Update
    #: On to where whoever has opened the link shows that it is theirs; None where they have, or nobody can say it.
    lead: Callable[[], Awaitable[web.Response]] | None = None


#: What a link's token goes on with in the browser that calls. Raises LinkOver.
GOING_ON: Key[Callable[[Call, str], Awaitable[GoingOn]]] = Key("links to the rest of a form")
