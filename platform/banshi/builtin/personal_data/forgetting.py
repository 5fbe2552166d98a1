"""What is made up leaves: a test case goes some days after it came to be, with all that hangs on it.

First the case is marked, so that nobody moves it any more; then everything that names it goes, and itself last. A round
that is cut short is taken up by the next one. Nothing here touches a case of another mode.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

import structlog

from banshi.builtin.audit.leaving import Unproven, entries_of, leave_each, remove_case
from banshi.builtin.passes import binding
from banshi.builtin.passes.models import Scan
from banshi.builtin.personal_data.promises import forget_promises
from banshi.foundation.encryption.fields import current_ring
from banshi.foundation.keys import Key
from banshi.kernel.contract.items import TEST
from banshi.kernel.runtime.running import Platform
from banshi.kernel.tables.attachments import Attachment
from banshi.kernel.tables.cases import LEAVING, Case, CaseEvent
from banshi.kernel.tables.idempotency import IdempotencyKey
from banshi.kernel.tables.passes import Pass

log = structlog.get_logger("banshi.forgetting")

#: Cases that are looked at in one step.
ROWS_AT_ONCE = 100

#: A stored answer is from the moment of a step: written so long before or after it at most.
ANSWER_BEFORE, ANSWER_AFTER = timedelta(minutes=1), timedelta(minutes=10)

#: Deletes what a plugin keeps of a case in tables and files of its own. It may be called again, and finds less then.
Forget = Callable[["Platform", Case], Awaitable[None]]

#: Plugins that keep something of cases offer here how it is forgotten.
FORGET_CASE: Key[Forget] = Key("forget a case")


async def forget_test_cases(platform: Platform) -> int:
    """One round; how many left."""
    before = platform.now() - timedelta(days=platform.settings.test_case_days)

    async def leave(case: Case) -> bool:
        # As it is now: many may have left since it was read.
        again = await Case.get_or_none(id=case.id, mode=TEST)
        return again is not None and await forget(platform, again, before)

    old = Case.filter(mode=TEST, created_at__lt=before)
    if gone := await leave_each(old, "id", leave, log, "test case"):
        log.info("test cases left", cases=gone)
    return gone


async def forget(platform: Platform, case: Case, before: datetime | None = None) -> bool:
    """Delete a test case and all that names it; False where it can't go yet.

    Raises Unproven where its audit doesn't say that it is one, and that it came to be before that moment.
    """
    if case.mode != TEST:
        return False
    # As long as its pass could be shown, the status list has to say that it is none.
    if await Pass.filter(case_id=case.id, expires_at__gt=platform.now()).exists():
        return False
    events = await entries_of(platform, case)
    if before is not None and events[0].at >= before:
        raise Unproven(f"it came to be at {events[0].at.isoformat()}")
    still = Case.filter(id=case.id, version=case.version, mode=TEST)
    if case.state != LEAVING and not await still.update(state=LEAVING, version=case.version + 1):
        return False
    if not await forget_around(platform, case, events, FORGET_CASE):
        return False
    await Pass.filter(case_id=case.id).delete()
    await Case.filter(person=case.person, renews=case.id).update(renews=None)
    await remove_case(platform, case.id, "test")
    return True


async def forget_around(platform: Platform, case: Case, events: Sequence[CaseEvent], plugins: Key[Forget]) -> bool:
    """Delete what there is of a case beside itself, its audit and its passes; what plugins have, by what they offer.

    False where a worker has some of it in hand.
    """
    numbers: Any = await Pass.filter(case_id=case.id).values_list("number", flat=True)
    told = binding.promises(platform, numbers)
    if not await forget_promises(platform.store, case.id, [event.id for event in events], told):
        return False
    for _, forgotten in platform.registry.offered(plugins):
        await forgotten(platform, case)
    await forget_files(platform, case)
    await forget_answers(case, events)
    await Scan.filter(number__in=list(numbers)).delete()
    return True


async def forget_files(platform: Platform, case: Case) -> None:
    """Delete a case's files. The bytes go first: whoever is killed in between finds the row again."""
    for file in await Attachment.filter(case_id=case.id):
        path = platform.settings.attachments_folder / str(file.id)
        await asyncio.to_thread(path.unlink, missing_ok=True)
        await Attachment.filter(id=file.id).delete()


async def forget_answers(case: Case, events: Sequence[CaseEvent]) -> None:
    """The answers to its creation and its steps that are kept for who asks again: they hold the whole case."""
    for event in events:
        around = IdempotencyKey.filter(created_at__gte=event.at - ANSWER_BEFORE, created_at__lt=event.at + ANSWER_AFTER)
        if current_ring() is None:
            await around.filter(body__contains=str(case.id)).delete()
            continue
        # No statement finds what is sealed.
        after = ""
        while rows := await around.filter(id__gt=after).order_by("id").limit(ROWS_AT_ONCE).values_list("id", "body"):
            theirs = [identity for identity, body in rows if str(case.id) in body]
            await IdempotencyKey.filter(id__in=theirs).delete()
            after = str(rows[-1][0])
