"""What appointments hold about a person beside their cases (places kept while a form is filled), and keep of a case."""

from __future__ import annotations

from collections.abc import Iterable

from banshi.builtin.personal_data.holdings import DataSubject, Holdings, PersonalTable, Retained, by_person
from banshi.foundation.database.writes import Stale, Update, Write
from banshi.kernel.runtime.running import Platform
from banshi.kernel.tables.cases import Case
from banshi.kinds.appointment.models import Booking, Hold
from banshi.kinds.appointment.slots import places


async def forget(platform: Platform, case: Case) -> None:
    """Give back what the booking has of its slot, in one transaction with its end; then delete it."""
    await _end(platform, case)
    await Booking.filter(case_id=case.id, state="over").delete()


async def anonymise(platform: Platform, case: Case) -> None:
    """Take out whose it was. Slot, place, its number in a draw and whether they came stay."""
    await _end(platform, case)
    # The code is unique, and led to the case from the counter.
    await Booking.filter(case_id=case.id, state="over").update(person="", code=case.id.hex)


async def _end(platform: Platform, case: Case) -> None:
    booking = await Booking.get_or_none(case_id=case.id)
    if booking is not None and booking.state != "over":
        ended = places.over(booking)
        # Only as it was read: another process may have given the same place back already.
        guard = Update(Booking, {"id": booking.id, "state": booking.state, "slot_id": booking.slot_id}, ended.values)
        try:
            await platform.store.commit(Write(updates=[guard, *places.leave(booking)]))
        except Stale:
            await _end(platform, case)


async def forget_person(platform: Platform, whom: DataSubject) -> Iterable[Retained]:
    """Give back the places that are held, and forget that they were. Bookings go with their cases."""
    for hold in await Hold.filter(person=whom.subject, live=1):
        await places.give_up_hold(platform, hold)
    await Hold.filter(person=whom.subject, live=None).delete()
    return ()


HOLDING = Holdings([PersonalTable(model, by_person(model, "person")) for model in (Booking, Hold)], forget_person)
