"""A place that is kept while its form is filled: by whoever asks over HTTP, or in a conversation."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from uuid_utils.compat import uuid7

from banshi.kernel.cases.kept_choices import KeptChoice
from banshi.kernel.cases.modes import is_open_to
from banshi.kernel.contract.principals import Principal
from banshi.kernel.contract.values import Item
from banshi.kernel.runtime.running import Platform
from banshi.kinds.appointment.booking import problems, taking
from banshi.kinds.appointment.models import Hold


def new_hold(platform: Platform, item: Item, person: Principal, slot_id: str) -> Hold:
    """The row of a place that is kept from now on."""
    until = platform.now() + timedelta(minutes=item.details.hold_minutes)
    return Hold(id=uuid7(), item=item.code, person=person.subject, slot_id=slot_id.lower(), expires_at=until)


async def keep(platform: Platform, item: Item, person: Principal, slot_id: Any, moves: bool) -> datetime | None:
    """Keep a place of a slot for somebody, in exchange for the one that they kept before; until when.

    One that they keep there already stays as it is, so asking twice does nothing again. None where nothing is kept as
    a draw decides. Raises SlotFull, and whatever else would speak against booking it.
    """
    if not is_open_to(item, person):
        raise problems.NotBookable()
    kept = await taking.held(platform, item, person.subject, slot_id)
    if kept is None:
        kept = new_hold(platform, item, person, slot_id)
        try:
            await taking.hold(platform, kept, (), moves=moves)
        except problems.SlotDrawn:
            return None
    return kept.expires_at


KEPT = KeptChoice(kind="appointment", field="slot", keep=keep)
