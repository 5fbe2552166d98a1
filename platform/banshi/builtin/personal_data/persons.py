"""Forgetting a person who asks for it: what the law lets go goes at once, the rest is named and leaves by itself."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from tortoise.expressions import Subquery

from banshi.builtin.audit.commands import whose_key
from banshi.builtin.audit.key import read_key
from banshi.builtin.audit.models import CaseReading, OperatorCommand
from banshi.builtin.passes.models import Scan
from banshi.builtin.personal_data.anonymising import anonymise
from banshi.builtin.personal_data.holdings import (
    HOLDINGS,
    DataSubject,
    Holdings,
    PersonalTable,
    Retained,
    by_case,
    by_person,
)
from banshi.builtin.personal_data.housekeeping import remove_unused
from banshi.builtin.personal_data.promises import forget_messages
from banshi.builtin.personal_data.retention import ends_of
from banshi.builtin.sentences import say
from banshi.builtin.uploads.models import UploadRoom
from banshi.builtin.uploads.room import whose
from banshi.foundation.database.bulk import ROWS_PER_STATEMENT
from banshi.foundation.database.writes import Update, Write
from banshi.kernel.contract.values import Texts
from banshi.kernel.runtime.running import Platform
from banshi.kernel.tables.attachments import Attachment
from banshi.kernel.tables.cases import GOING, KEPT, Case, CaseEvent
from banshi.kernel.tables.idempotency import IdempotencyKey
from banshi.kernel.tables.passes import Pass

#: Cases that are emptied while their person waits. Of more the rest is marked, and goes with the next round of upkeep.
CASES_AT_ONCE = 100

#: Numbers of cases that an answer names for one reason.
MAX_CASES_NAMED = 100

WHY: dict[str, Texts] = {
    "open": say("It is not over yet; once it is, it is kept for its time."),
    "retention": say("It is over and has to be kept for some time; then what is personal in it leaves by itself."),
    "leaving": say("It is leaving, within the hour or as soon as work on it that is under way is done."),
}


async def _scans(_: Platform, whom: DataSubject) -> Sequence[Any]:
    passes = Subquery(Pass.filter(case__person=whom.subject).values("number"))
    return list(await Scan.filter(number__in=passes).order_by("id").values_list("id", flat=True))


async def _commands(platform: Platform, whom: DataSubject) -> Sequence[Any]:
    key = await asyncio.to_thread(read_key, platform.settings.keys_folder)
    rows = OperatorCommand.filter(whose=whose_key(key, whom.subject))
    return list(await rows.order_by("id").values_list("id", flat=True))


#: What makes a change of an entry show.
SEALING = ("salt", "mark", "row_digest", "redacted", "seal")

#: What the kernel holds itself.
KERNEL = Holdings(
    (
        PersonalTable(Case, by_person(Case, "person")),
        PersonalTable(CaseEvent, by_case(CaseEvent), hidden=("actor_id", "details.hands", *SEALING)),
        PersonalTable(CaseReading, by_case(CaseReading), hidden=("reader", "mark", "seal")),
        PersonalTable(OperatorCommand, _commands, hidden=("operator", "about", "whose", "mark", "seal")),
        PersonalTable(Attachment, by_person(Attachment, "person")),
        PersonalTable(Pass, by_case(Pass)),
        PersonalTable(Scan, _scans, hidden=("officer",)),
        PersonalTable(IdempotencyKey, by_person(IdempotencyKey, "person")),
    )
)


def holdings_of(platform: Platform) -> list[tuple[str, Holdings]]:
    """What is held about people, each with whose it is."""
    return [("banshi", KERNEL), *platform.registry.offered(HOLDINGS)]


async def forget_person(platform: Platform, whom: DataSubject) -> list[Retained]:
    """Forget a person as far as may be; what is kept, and why. Called again it forgets what has come since."""
    kept = await _forget_cases(platform, whom.subject)
    while files := await Attachment.filter(person=whom.subject, case_id=None).limit(ROWS_PER_STATEMENT):
        await remove_unused(platform, files)
    await UploadRoom.filter(id=whose(whom.subject)).delete()
    for _, holding in platform.registry.offered(HOLDINGS):
        kept += list(await holding.forget(platform, whom)) if holding.forget else []
    await forget_messages(platform.store, whom.subject)
    await IdempotencyKey.filter(person=whom.subject).delete()
    return kept


async def _forget_cases(platform: Platform, subject: str) -> list[Retained]:
    now, due = platform.now(), list[Case]()
    kept: dict[str, list[tuple[str, datetime | None]]] = {"open": [], "retention": [], "leaving": []}
    theirs: Any = await Case.filter(person=subject).order_by("id").values_list("id", flat=True)
    for begin in range(0, len(theirs), ROWS_PER_STATEMENT):
        cases = await Case.filter(id__in=list(theirs[begin : begin + ROWS_PER_STATEMENT])).order_by("id")
        ends = await ends_of(platform, cases)
        for case in cases:
            end = ends[case.id]
            if end is None:
                kept["open"].append((case.number, None))
            elif end.on_request > now:
                kept["retention"].append((case.number, end.by_itself))
            else:
                due.append(case)
    for case in due[:CASES_AT_ONCE]:
        if not await anonymise(platform, case):
            kept["leaving"].append((case.number, None))
    for begin in range(CASES_AT_ONCE, len(due), CASES_AT_ONCE):
        batch = due[begin : begin + CASES_AT_ONCE]
        await platform.store.commit(Write(updates=[_mark(case) for case in batch]))
        kept["leaving"] += [(case.number, None) for case in batch]
    return [_told(reason, which) for reason, which in kept.items() if which]


def _mark(case: Case) -> Update:
    """Whoever has moved it meanwhile has it kept."""
    guard = {"id": case.id, "version": case.version, "content": KEPT}
    return Update(Case, guard, {"content": GOING, "version": case.version + 1}, rows=None)


def _told(reason: str, which: Iterable[tuple[str, datetime | None]]) -> Retained:
    names = [name for name, _ in which]
    ends = [until for _, until in which if until]
    return Retained("case", reason, WHY[reason], len(names), max(ends, default=None), tuple(names[:MAX_CASES_NAMED]))
