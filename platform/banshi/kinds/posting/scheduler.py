"""What goes on beside the requests: postings that end soon or are over, pairs, and what nobody needs any more.

Nothing is wrong while this is late: what has run out is shown to nobody, and can't be extended. Several processes do
this at once; each step is conditional, so it happens once.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from uuid import UUID

import structlog

from banshi.builtin.leading.leader_election import led
from banshi.builtin.leading.rounds import HOUR_S, in_turn, looking_at, move
from banshi.foundation.background import working
from banshi.foundation.files.durable_files import written
from banshi.foundation.keys import Key
from banshi.kernel.http.pages import pages
from banshi.kernel.runtime.process_role import CASE
from banshi.kernel.runtime.running import Platform
from banshi.kernel.tables.attachments import Attachment
from banshi.kinds.posting.models import Conversation, ConversationMessage, PostingRecord
from banshi.kinds.posting.publishing.matching import match_new
from banshi.kinds.posting.publishing.publication import folder

log = structlog.get_logger("banshi.postings")

#: Seconds between two looks whether anything is due, between two rounds all the same, and rows that one takes on.
LOOK_EVERY_S, ROUND_S, ROWS_AT_ONCE = 5.0, 30.0, 200

#: The first moment at which something is to be done, and at which the newest was published; each by an index.
FIRST_DUE = "SELECT MIN(due_at) FROM posting"
NEWEST = "SELECT MAX(published_at) FROM posting WHERE state = 'public'"

#: How long photos and conversations of what is over are kept, and files whose posting was never stored.
KEPT_AFTER_END, UNUSED_FILE_S = timedelta(days=30), 86_400.0


async def end_or_remind(platform: Platform) -> None:
    """End what is over, and tell those whose posting ends soon, once for each end."""
    now = platform.now()
    async for rows in pages(PostingRecord.filter(due_at__lte=now), "case_id", size=ROWS_AT_ONCE):
        for row in rows:
            await move(platform, row.case_id, "expire" if row.expires_at and row.expires_at <= now else "remind")


async def clear_photos(platform: Platform) -> None:
    """Remove the photos of what has been over for a while, and those of what was never stored."""
    place = folder(platform)
    for name in await asyncio.to_thread(_old_files, place, time.time() - UNUSED_FILE_S):
        if not await _is_needed(platform, name):
            await asyncio.to_thread((place / name).unlink, missing_ok=True)


async def forget_conversations(platform: Platform) -> None:
    """Delete what was written about postings that have been over for a while, but what staff still have to read."""
    before = platform.now() - KEPT_AFTER_END
    async for rows in pages(Conversation.filter(created_at__lt=before), "id", size=ROWS_AT_ONCE):
        over = PostingRecord.filter(case_id__in=list({row.case_id for row in rows}), ended_at__lt=before)
        ended = set(await over.values_list("case_id", flat=True))
        gone = [row.id for row in rows if row.case_id in ended and not _waits(row, before)]
        if gone:
            await ConversationMessage.filter(conversation_id__in=gone).delete()
            await Conversation.filter(id__in=gone).delete()


def _waits(row: Conversation, before: datetime) -> bool:
    """Whether a report of it was not reviewed yet, or only lately."""
    return row.reported_at is not None and (row.reviewed_at is None or row.reviewed_at >= before)


def _old_files(place: Path, before: float) -> list[str]:
    if not place.is_dir():
        return []
    return [file.name for file in place.iterdir() if written(file) < before]


async def _is_needed(platform: Platform, name: str) -> bool:
    try:
        row = await Attachment.get_or_none(id=UUID(name))
    except ValueError:
        return False  # half written, when the machine stopped
    if row is None or row.case_id is None:
        return False
    posting = await PostingRecord.get_or_none(case_id=row.case_id)
    return posting is not None and (posting.ended_at is None or posting.ended_at > platform.now() - KEPT_AFTER_END)


#: What one round does, in this order.
ROUND: tuple[Callable[[Platform], Awaitable[None]], ...] = (end_or_remind, match_new)


async def look(platform: Platform) -> None:
    """One round."""
    await in_turn(platform, ROUND, log, "postings: work failed")


KEEPER: Key[None] = Key("postings' keeper")


@asynccontextmanager
async def open_scheduler(platform: Platform) -> AsyncIterator[None]:
    """The running work of postings."""
    due, pulse, works = asyncio.Event(), platform.store.pulse, list[Callable[[], Awaitable[None]]]()
    if CASE in platform.duty.lanes:
        pulse.past("postings", FIRST_DUE, due.set, lambda: platform.now(), LOOK_EVERY_S)
        pulse.changes("the newest posting", NEWEST, due.set, LOOK_EVERY_S)
        works.append(looking_at(platform, PostingRecord, ROUND_S, look, due))
    for work, failed in (
        (clear_photos, "postings: photos could not be cleared"),
        (forget_conversations, "postings: nothing could be forgotten"),
    ):
        works.append(partial(led, platform, HOUR_S, partial(work, platform), failed))
    async with working("banshi-postings", *works):
        yield
