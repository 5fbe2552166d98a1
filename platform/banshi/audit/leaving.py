"""What may leave the audit without breaking its chain: what an entry says of a person, and whole entries."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tortoise.transactions import in_transaction

from banshi.audit.keeping import AUDIT
from banshi.audit.marks import HASH, PERSONAL, as_read, commitment_of, fault_in, proof_of_blanking, proof_of_removal
from banshi.cases import GOING, LEAVING
from banshi.models import AuditRemoval, Case, CaseEvent
from banshi.store import Update

if TYPE_CHECKING:
    from collections.abc import Mapping

    from banshi.runtime import Platform


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
    commitment = entry.redacted[:HASH] if entry.redacted else commitment_of(entry.salt or b"", before)
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


async def remove_case(platform: Platform, case_id: Any, cause: str) -> None:
    """Delete a case that leaves as a whole with its entries, and note of those that were sealed that they left.

    All at once: as long as there is a case, all of its entries are there.
    """
    key, now = platform[AUDIT], platform.now()
    async with in_transaction() as connection:
        of_case = CaseEvent.filter(case_id=case_id).using_db(connection)
        # Held, so that none is sealed between the note and its end.
        sealed = [entry.id for entry in await of_case.select_for_update() if entry.seal is not None]
        for one in sealed:
            proof = proof_of_removal(key, one, now, cause)
            await AuditRemoval.create(id=one, at=now, cause=cause, proof=proof, using_db=connection)
        await of_case.delete()
        if not await Case.filter(id=case_id, state=LEAVING).using_db(connection).delete():
            raise Unproven("it is not leaving any more")
