"""What somebody has chosen and others may take meanwhile: a kind offers how it is kept while the rest is filled in."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from banshi.foundation.keys import Key
from banshi.kernel.contract.principals import Principal
from banshi.kernel.contract.values import Item
from banshi.kernel.runtime.running import Platform


@dataclass(frozen=True, slots=True)
class KeptChoice:
    """How a choice is kept that goes with the answers to the items of a kind."""

    kind: str
    #: The member of what begins an item.
    field: str
    #: Keeps it for a while, also for whoever `moves` there from another; until when, None where nothing has to be kept.
    #: Raises why it can't be had.
    keep: Callable[[Platform, Item, Principal, Any, bool], Awaitable[datetime | None]]


KEPT_CHOICES: Key[KeptChoice] = Key("kinds.kept choices")


async def keep_choice(
    platform: Platform, item: Item, person: Principal, field: str, value: Any, *, moves: bool = False
) -> datetime | None:
    """Keep what somebody has chosen for a field that begins an item, where its kind keeps it; until when.

    With `moves` it takes the place of one that they have. Asking again for the same does nothing again. Raises the
    kind's Problem where it can't be had any more.
    """
    for _, one in platform.offered(KEPT_CHOICES):
        if (one.kind, one.field) == (item.kind, field):
            return await one.keep(platform, item, person, value, moves)
    return None
