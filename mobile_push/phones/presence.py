"""That a phone is still there. It is forgotten once it has not been seen for long (`upkeep.py`)."""

from __future__ import annotations

from datetime import timedelta

from banshi import Call, Parameter
from banshi.sdk.documents import ID
from mobile_push.tables.models import Device

#: A phone that reads all day is written down once.
NOTED_EVERY = timedelta(days=1)

DEVICE = Parameter("device", ID, "The id under which this phone is registered: it then counts as seen.")


async def note_presence(call: Call) -> None:
    """Write down that the caller's phone, if it says which, is there: a read by key, and once a day a write.

    A phone that isn't the caller's is no error: one that was forgotten reads its inbox all the same.
    """
    if (identity := call.query.get(DEVICE.name)) is None:
        return
    unseen = Device.filter(id=identity.lower(), person=call.principal.subject, seen_at__lt=call.now - NOTED_EVERY)
    if await unseen.exists():
        await unseen.update(seen_at=call.now)
