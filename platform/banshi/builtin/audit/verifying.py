"""Reading the whole audit against its chain: every entry, every seal, and whether each case has all of its entries.

In pages, so that millions of entries take no more memory than some thousands, and beside a platform that is running:
what is sealed or leaves meanwhile is no finding.
"""

from __future__ import annotations

import hmac
from collections import Counter
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from banshi.builtin.audit.chain import NOTHING, Sealed, hash_of, pin_of, unpacked
from banshi.builtin.audit.key import AuditKey
from banshi.builtin.audit.leaving import AGE, aged_until, steps_of
from banshi.builtin.audit.marks import proof_of_removal, row_digest
from banshi.builtin.audit.models import AuditRemoval, AuditSeal
from banshi.builtin.audit.stored_rows import FIRST_NUMBER, TRAILS, rows_between, rows_unsealed, steps_of_cases
from banshi.foundation.database.store import Store
from banshi.kernel.contract.items import TEST
from banshi.kernel.tables.cases import LEAVING, Case

#: How long after the first seal entries without a mark may still come: while machines are upgraded one by one.
SETTLING_TIME = timedelta(days=1)

#: Seals that are read at once.
SEALS_AT_ONCE = 32

UNMARKED = "it came without the platform's mark: something else has written it"


@dataclass(slots=True)
class AuditFinding:
    """Something that is not as it was left."""

    what: str
    seal: int | None = None
    #: The row's id, the case's, and the case's number where there is still such a case.
    entry: str | None = None
    case_id: Any = None
    case: str | None = None

    def __str__(self) -> str:
        named = [f"seal {self.seal}"] * (self.seal is not None)
        named += [f"entry {self.entry}"] * (self.entry is not None)
        if self.case or self.case_id:
            named.append(f"case {self.case or f'{self.case_id}, which is gone'}")
        return f"{', '.join(named) or 'the chain'}: {self.what}"


@dataclass(slots=True)
class Tally:
    """What was read."""

    entries: int = 0
    seals: int = 0
    unsealed: int = 0
    #: Of the entries those that were sealed as they were found, and those whose personal content was blanked.
    found: int = 0
    blanked: int = 0
    #: Entries that left, by cause.
    left: Counter[str] = field(default_factory=Counter)
    findings: int = 0
    #: The newest seal that was read, to be kept elsewhere.
    pin: str = ""


class Verification:
    """One reading. `since` is the number of the seal that it begins with, `against` one that was kept elsewhere."""

    def __init__(
        self, store: Store, key: AuditKey, now: datetime, *, since: int = 1, against: tuple[int, str] | None = None
    ) -> None:
        self.tally = Tally()
        self._store, self._key, self._now, self._since, self._against = store, key, now, since, against
        self._settled = datetime.max.replace(tzinfo=UTC)
        #: Number and hash of the seal that was read last.
        self._last, self._hash = since - 1, NOTHING

    async def findings(self) -> AsyncIterator[AuditFinding]:
        """Everything that is wrong, as it is found."""
        async for found in self._all():
            for one in await self._named(found):
                self.tally.findings += 1
                yield one

    async def _all(self) -> AsyncIterator[list[AuditFinding]]:
        yield await self._begin()
        async for found in self._chain():
            yield found
        async for rows in rows_unsealed(self._store):
            yield [one for row in rows for one in self._waiting(row)]
        # What was sealed while this was reading.
        async for found in self._chain():
            yield found
        async for found in self._strays():
            yield found
        if self._against and self._against[0] > self._last:
            told = (
                f"it is not there, the chain ends with {self._last}: its end was cut off, or an older backup restored"
            )
            yield [AuditFinding(told, self._against[0])]
        if self._since == 1:
            # Each step of a case has its entry, which says its state: what was deleted unsealed is missed here.
            async for rows in steps_of_cases(self._store):
                for row in rows:
                    if wrong := _fault_in_case(row) or self._fault_in_row(row):
                        yield [AuditFinding(wrong, case=row["number"])]

    async def _begin(self) -> list[AuditFinding]:
        first = await AuditSeal.all().order_by("number").first()
        if first is not None:
            self._settled = min(first.at, datetime.max.replace(tzinfo=UTC) - SETTLING_TIME) + SETTLING_TIME
        if self._since > 1:
            before = await AuditSeal.get_or_none(number=self._since - 1)
            if before is None:
                return [AuditFinding("it is not there, so nothing tells what the seal after it follows", self._last)]
            self._hash = before.hash
        return []

    # -- the chain -------------------------------------------------------------------------------------------------

    async def _chain(self) -> AsyncIterator[list[AuditFinding]]:
        while seals := await AuditSeal.filter(number__gt=self._last).order_by("number").limit(SEALS_AT_ONCE):
            before, expected = self._last, dict[int, dict[UUID, Sealed]]()
            for seal in seals:
                missing = seal.number - self._last - 1
                if missing:
                    yield [AuditFinding(f"{missing} before it are not there", seal.number)]
                yield list(self._judge(seal))
                expected[seal.number] = {one.id: one for one in unpacked(seal.entries)}
                self._last, self._hash = seal.number, seal.hash
            known = {seal.number: seal for seal in seals}
            async for row in rows_between(self._store, before, self._last):
                of = known.get(row["seal"])
                found = self._sealed(of, expected[of.number].pop(row["id"], None), row) if of else [self._stray(row)]
                yield list(found)
            for seal in seals:
                yield await self._absent(seal, list(expected[seal.number].values()))

    def _judge(self, seal: AuditSeal) -> Iterator[AuditFinding]:
        """The seal by itself, and whether it follows the one before."""
        self.tally.seals += 1
        self.tally.pin = pin_of(seal)
        digest = hash_of(seal)
        if digest.hex() != seal.hash:
            yield AuditFinding("it is not what was sealed", seal.number)
        if seal.kid != self._key.kid:
            told = f"key {seal.kid} signed it, and audit.key on this machine is {self._key.kid}"
            yield AuditFinding(told, seal.number)
        elif not self._key.has_signed(digest, seal.signature):
            yield AuditFinding("the platform has not signed it", seal.number)
        if seal.previous != self._hash:
            yield AuditFinding("it does not follow the seal before it", seal.number)
        if self._against and self._against[0] == seal.number and self._against[1] != seal.hash:
            told = "it is not the one that was kept: the chain was written anew, or is another platform's"
            yield AuditFinding(told, seal.number)

    # -- entries ---------------------------------------------------------------------------------------------------

    def _sealed(self, seal: AuditSeal, expected: Sealed | None, row: dict[str, Any]) -> Iterator[AuditFinding]:
        self.tally.entries += 1
        self.tally.blanked += row["redacted"] is not None
        about = {"seal": seal.number, "entry": str(row["id"]), "case_id": row["case_id"]}
        if expected is None:
            yield AuditFinding("it says that this seal has it, which it has not: it was made up or moved", **about)
        elif expected.mark != row["mark"]:
            yield AuditFinding("its mark is not the one that was sealed", **about)
        if told := self._fault(row):
            yield AuditFinding(told, **about)
        if expected is not None and expected.found:
            self.tally.found += 1
            if seal.at > self._settled:
                yield AuditFinding(UNMARKED, **about)

    def _waiting(self, row: dict[str, Any]) -> Iterator[AuditFinding]:
        """An entry that is not sealed yet."""
        self.tally.entries += 1
        self.tally.unsealed += 1
        self.tally.blanked += row["redacted"] is not None
        told = self._fault(row)
        if row["mark"] is None:
            told = UNMARKED if self._now > self._settled else None
        if told:
            yield AuditFinding(told, entry=str(row["id"]), case_id=row["case_id"])

    def _fault(self, row: dict[str, Any]) -> str | None:
        told: str | None = row["trail"].fault(self._key, row)
        return told

    async def _absent(self, seal: AuditSeal, entries: Sequence[Sealed]) -> list[AuditFinding]:
        """Entries that the seal has, and of which no row says so."""
        if not entries:
            return []
        ids = [one.id for one in entries]
        left = {row.id: row for row in await AuditRemoval.filter(id__in=ids)}
        present, found = set[UUID](), []
        for trail in TRAILS:
            there: Any = await trail.model.filter(id__in=ids).values_list("id", flat=True)
            present.update(there)
        aged = await aged_until(self._key) if any(one.flag for one in entries) else 0
        for one in entries:
            about = {"seal": seal.number, "entry": str(one.id), "case_id": one.case_id}
            note = left.get(one.id)
            if one.flag and one.id not in present and seal.number <= aged:
                self.tally.left[AGE] += 1
                continue
            if one.id in present:
                found.append(AuditFinding("its row names another seal, or none", **about))
            elif note is None:
                found.append(AuditFinding("it was deleted", **about))
            elif note.proof != proof_of_removal(self._key, note.id, note.at, note.cause):
                found.append(AuditFinding("it was deleted, and the note that it left is not the platform's", **about))
            else:
                self.tally.left[note.cause] += 1
        return found

    async def _strays(self) -> AsyncIterator[list[AuditFinding]]:
        """Entries that name seals which are not there, behind the last and before the first."""
        made: dict[Any, bool] = {}
        async for row in rows_between(self._store, self._last):
            number = row["seal"]
            if number not in made:
                made[number] = isinstance(number, int) and await AuditSeal.filter(number=number).exists()
            # One that was made in this moment is the next reading's.
            if not made[number]:
                yield [self._stray(row)]
        if self._since == 1:
            async for row in rows_between(self._store, FIRST_NUMBER, 0):
                yield [self._stray(row)]

    def _stray(self, row: dict[str, Any]) -> AuditFinding:
        self.tally.entries += 1
        told = "it names this seal, which is not there"
        return AuditFinding(told, row["seal"], str(row["id"]), row["case_id"])

    # -- cases -----------------------------------------------------------------------------------------------------

    def _fault_in_row(self, row: Mapping[str, Any]) -> str | None:
        """What is wrong with what a case's row says, as far as its newest entry has a digest of it."""
        # One whose salt has gone is of a case that was anonymised. That of a version before has no digest.
        if row["row_digest"] is None or row["salt"] is None:
            return None
        try:
            right = hmac.compare_digest(row["row_digest"], row_digest(self._key, row["salt"], row))
        except (TypeError, ValueError, OverflowError):
            right = False
        return None if right else "its answers, whose it is or of what it is are not as its newest entry has them"

    async def _named(self, found: list[AuditFinding]) -> list[AuditFinding]:
        """With the numbers of the cases."""
        if ids := {one.case_id for one in found if isinstance(one.case_id, UUID)}:
            numbers: Any = await Case.filter(id__in=list(ids)).values_list("id", "number")
            known = dict(numbers)
            for one in found:
                one.case = one.case or known.get(one.case_id)
        return found


def _fault_in_case(row: Mapping[str, Any]) -> str | None:
    """What is wrong with a case beside its entries, if anything."""
    steps = steps_of(row["version"], row["state"], row["content"])
    if not row["steps"] == row["newest"] == steps:
        return f"it has {row['steps']} of the {steps} entries that its steps have made"
    if row["state"] == LEAVING and row["mode"] != TEST and row["person"]:
        return "it is leaving, and is neither a test case nor a tip"
    if row["state"] not in {row["told"], LEAVING}:
        return f"its state is {row['state']}, and its newest entry says {row['told']}"
    return None
