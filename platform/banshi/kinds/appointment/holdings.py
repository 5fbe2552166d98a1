"""What appointments hold about a person beside their cases: places that are kept while a form is filled."""

from __future__ import annotations

from collections.abc import Iterable

from banshi.builtin.personal_data.holdings import DataSubject, Holdings, PersonalTable, Retained, by_person
from banshi.kernel.runtime.running import Platform
from banshi.kinds.appointment.models import Booking, Hold
from banshi.kinds.appointment.slots.places import give_up_hold


async def forget(platform: Platform, whom: DataSubject) -> Iterable[Retained]:
    """Give back the places that are held, and forget that they were. Bookings go with their cases."""
    for hold in await Hold.filter(person=whom.subject, live=1):
        await give_up_hold(platform, hold)
    await Hold.filter(person=whom.subject, live=None).delete()
    return ()


HOLDING = Holdings([PersonalTable(model, by_person(model, "person")) for model in (Booking, Hold)], forget)
