"""What may leave the audit without breaking its chain: what an entry says of a person, and whole entries."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID

from structlog.typing import FilteringBoundLogger
from tortoise.queryset import QuerySet
from tortoise.transactions import in_transaction

from banshi.builtin.audit.keeping import AUDIT
from banshi.builtin.audit.key import AuditKey
from banshi.builtin.audit.marks import (
    HASH_BYTES,
    PERSONAL,
    as_read,
    commitment_of,
    fault_in,
    proof_of_blanking,
    proof_of_removal,
)
from banshi.builtin.audit.models import AuditRemoval, AuditSeal, CaseReading, OperatorCommand
from banshi.foundation.database.bulk import delete
from banshi.foundation.database.writes import Update
from banshi.foundation.logs import place_of
from banshi.kernel.http.pages import pages
from banshi.kernel.runtime.running import Platform
from banshi.kernel.tables.cases import GOING, LEAVING, Case, CaseEvent

#: Why readings leave; and the last id that such a note may have, which is the number of a seal.
AGE, LAST_NUMBER = "age", 2**63 - 1

#: Cases that are looked at in one step.
CASES_AT_ONCE = 100


class Unproven(Exception):
    """A case that its own audit doesn't let go."""


def blanking(platform: Platform, entry: CaseEvent, values: Mapping[str, Any]) -> Update:
    """The update that puts `values` in place of what an entry says of a person: `actor_id`, `reason`, `details`.

    It is conditional on the entry being as it was read; of what was there only a hash stays, whose salt goes too.
    """
    before = vars(entry)
    after = {name: before[name] for name in PERSONAL} | as_read(values)
    where: dict[str, Any] = {"id": entry.id, "seal": entry.seal, "actor_id": entry.actor_id}
    if entry.mark is None:
        return Update(CaseEvent, where, dict(values))
    commitment = entry.redacted[:HASH_BYTES] if entry.redacted else commitment_of(entry.salt or b"", before)
    proof = proof_of_blanking(platform[AUDIT], entry.mark, commitment, after)
    return Update(CaseEvent, where, {**values, "salt": None, "redacted": commitment + proof})


def steps_of(version: int, state: str, content: str) -> int:
    """How many entries a case has: its version less what marked it as leaving, or as being anonymised."""
    return version - (state == LEAVING) - (content == GOING)


async def entries_of(platform: Platform, case: Case) -> list[CaseEvent]:
    """All entries of a case that is to leave as a whole, in order; with them everything goes that could tell of it.

    Raises Unproven where one is missing or not as the platform wrote it, or the case isn't of the state and the mode
    that they tell of: somebody else has changed it, so that the platform deletes it.
    """
    steps = steps_of(case.version, case.state, case.content)
    entries = await CaseEvent.filter(case_id=case.id, version__lte=steps).order_by("version")
    if not entries or [one.version for one in entries] != list(range(1, steps + 1)):
        raise Unproven(f"it has {len(entries)} of the {steps} entries that its steps have made")
    for one in entries:
        # What a version before the chain has written is marked with the first seals.
        unmarked = "it has no mark" if one.mark is None else None
        if told := unmarked or fault_in(platform[AUDIT], {**vars(one), "mode": case.mode}):
            raise Unproven(f"entry {one.id}: {told}")
    if case.state not in {entries[-1].state, LEAVING}:
        raise Unproven(f"its state is {case.state}, and its newest entry says {entries[-1].state}")
    return entries


async def leave_each(
    cases: QuerySet[Case], key: str, leave: Callable[[Case], Awaitable[bool]], log: FilteringBoundLogger, what: str
) -> int:
    """Have each of these cases leave, in the order of `key`; how many did.

    One that can't leave keeps no other, and is tried again in the next round.
    """
    gone = 0
    async for found in pages(cases, key, size=CASES_AT_ONCE):
        for case in found:
            try:
                gone += await leave(case)
            except Unproven as error:
                log.error(f"a {what} is not as its audit has it; it is left alone", case=str(case.id), why=str(error))
            except Exception as error:
                about = {"case": str(case.id), "error": type(error).__name__, "where": place_of(error)}
                log.error(f"a {what} could not leave; it is tried again", **about)
    return gone


async def remove_case(platform: Platform, case_id: Any, cause: str) -> None:
    """Delete a case that leaves as a whole with its entries, and note of those that were sealed that they left.

    All at once: as long as there is a case, all of its entries are there.
    """
    key, now = platform[AUDIT], platform.now()
    async with in_transaction() as connection:
        of_case = CaseEvent.filter(case_id=case_id).using_db(connection)
        # Held, so that none is sealed between the note and its end.
        sealed = [entry.id for entry in await of_case.select_for_update() if entry.seal is not None]
        read = CaseReading.filter(case_id=case_id).using_db(connection)
        sealed += [entry.id for entry in await read.select_for_update() if entry.seal is not None]
        for one in sealed:
            proof = proof_of_removal(key, one, now, cause)
            await AuditRemoval.create(id=one, at=now, cause=cause, proof=proof, using_db=connection)
        await read.delete()
        await of_case.delete()
        if not await Case.filter(id=case_id, state=LEAVING).using_db(connection).delete():
            raise Unproven("it is not leaving any more")


async def forget_old_readings(platform: Platform) -> None:
    """Delete who has read or run what once nobody is shown it any more, as look-ups are; a note says up to which seal.

    By their seals, whose times are signed: a row's own time may be anything that somebody has written there.
    """
    before = platform.now() - timedelta(days=platform.settings.look_up_days)
    newest = await AuditSeal.filter(at__lt=before).order_by("-number").first()
    if newest is None:
        return
    old = [model.filter(seal__lte=newest.number) for model in (CaseReading, OperatorCommand)]
    if not any([await rows.exists() for rows in old]):
        return
    key, now, note = platform[AUDIT], platform.now(), UUID(int=newest.number)
    async with in_transaction() as connection:
        notes = AuditRemoval.filter(id__lte=UUID(int=LAST_NUMBER)).using_db(connection)
        # One is enough: the last one says the most.
        await notes.delete()
        proof = proof_of_removal(key, note, now, AGE)
        await AuditRemoval.create(id=note, at=now, cause=AGE, proof=proof, using_db=connection)
    for rows in old:
        await delete(rows)


async def aged_until(key: AuditKey) -> int:
    """The number of the last seal whose readings may be gone for their age; 0 for none."""
    noted = await AuditRemoval.filter(id__lte=UUID(int=LAST_NUMBER)).order_by("-id").first()
    if noted is None or noted.proof != proof_of_removal(key, noted.id, noted.at, noted.cause) or noted.cause != AGE:
        return 0
    return noted.id.int
