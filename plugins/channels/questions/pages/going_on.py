"""What a link to the rest of a form goes on with: whoever gives out such links says it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from banshi import Key, Principal, Update
from banshi.sdk.http import ApiReader


@dataclass(frozen=True, slots=True)
class GoingOn:
    """Somebody who goes on with an item on a page: what they have filled in already is their draft of it."""

    item: str
    person: Principal
    #: Uses the link up, with what hands the rest in.
    used: Update


#: What a link's token goes on with. Raises LinkOver.
GOING_ON: Key[Callable[[str], Awaitable[GoingOn]]] = Key("links to the rest of a form")

#: The API as these pages, and whoever leads to them, read it.
READER: Key[ApiReader] = Key("questions' reader of the API")
