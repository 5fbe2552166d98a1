"""The room that one person has for files that no case uses. The database settles it.

What a person uploads is added to one number, in the transaction that writes the file's row and only where it still
fits: of any number at once, in any number of processes, no more get in than there is room for. Nothing is taken off it.
A number that has no room left is counted anew from the files that are there, and only then is anybody refused.

What is still on its way is counted in memory, by each process: it ends with the request, and with the process.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime, timedelta

from tortoise.expressions import F
from tortoise.functions import Sum

from banshi.builtin.sentences import say
from banshi.builtin.uploads.models import UploadRoom
from banshi.foundation.database.bulk import delete
from banshi.foundation.database.writes import Stale, Update, Write
from banshi.foundation.errors import TooLarge
from banshi.foundation.keys import Key
from banshi.kernel.runtime.running import Platform
from banshi.kernel.tables.attachments import Attachment

#: Bytes that are coming in, by person.
ON_THEIR_WAY: Key[Counter[str]] = Key("uploads on their way")

#: How long a number is kept that nobody asks for; whoever uploads later is counted anew.
KEPT = timedelta(days=1)

#: Other requests may write between counting and writing so many times.
MAX_ATTEMPTS = 50

NO_ROOM = say("You have uploaded much that no case uses; submit your application first, or wait a day.")


def whose(person: str) -> str:
    return hashlib.blake2b(person.encode(), digest_size=16).hexdigest()


@asynccontextmanager
async def coming(platform: Platform, person: str, size: int) -> AsyncIterator[None]:
    """Hold room for an upload of at most `size` bytes until the block ends, beside all that is there or on its way.

    Raises TooLarge where there is none left.
    """
    there, others = await unused(person), platform[ON_THEIR_WAY]
    if there + others[person] >= platform.settings.attachment_quota:
        raise TooLarge(NO_ROOM)
    others[person] += size
    try:
        yield
    finally:
        others[person] -= size
        if not others[person]:
            del others[person]


async def unused(person: str) -> int:
    """Bytes of this person's files that no case uses."""
    rows = await Attachment.filter(person=person, case_id=None).annotate(total=Sum("size")).values("total")
    return int(rows[0]["total"] or 0) if rows else 0


async def write_within(platform: Platform, file: Attachment, write: Write) -> None:
    """Commit a write that has this new file's row, where there is room for it. Raises TooLarge, and writes nothing."""
    most = platform.settings.attachment_quota - file.size
    fits = Update(UploadRoom, {"id": whose(file.person), "used__lte": most}, {"used": F("used") + file.size})
    for _ in range(MAX_ATTEMPTS):
        try:
            await platform.store.commit(replace(write, updates=[fits, *write.updates]))
        except Stale:
            if not await _counted(platform, file.person, most):
                break
        else:
            return
    raise TooLarge(NO_ROOM)


async def _counted(platform: Platform, person: str, most: int) -> bool:
    """Count anew what somebody has used, and whether at most `most` bytes are."""
    known = await UploadRoom.get_or_none(id=whose(person))
    used, now = await unused(person), _milliseconds(platform.now())
    if known is None:
        await platform.store.commit(Write(unless_there=[UploadRoom(id=whose(person), used=used, counted=now)]))
    else:
        # Whoever uploads or counts meanwhile changes it: then what was found here is not all.
        same = {"id": known.id, "used": known.used, "counted": known.counted}
        anew = Update(UploadRoom, same, {"used": used, "counted": max(now, known.counted + 1)}, rows=None)
        await platform.store.commit(Write([anew]))
    return used <= most


def _milliseconds(at: datetime) -> int:
    return int(at.timestamp() * 1000)


async def remove_old(platform: Platform) -> None:
    """Delete the numbers that are older than `KEPT`."""
    await delete(UploadRoom.filter(counted__lt=_milliseconds(platform.now() - KEPT)))
