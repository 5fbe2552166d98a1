"""One way to begin and one to go on, for every kind: what a receipt adds is written at once with it, or nothing is."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from tortoise.models import Model

from banshi.foundation.database.writes import Update
from banshi.foundation.errors import Forbidden, NotFound, TokenNotTaken, Unauthenticated
from banshi.kernel.cases.actors import Actor
from banshi.kernel.cases.beginning import begin
from banshi.kernel.cases.lifecycle import act
from banshi.kernel.cases.submission import StaleReceipt
from banshi.kernel.contract.kinds import Begun
from banshi.kernel.contract.principals import Principal, Role
from banshi.kernel.tables.cases import Case, CaseEvent
from banshi.kernel.tables.idempotency import IdempotencyKey
from banshi.kernel.tables.outbox import OutboxRow
from banshi.kinds.appeal.models import AppealRecord, TipCode
from banshi.kinds.appointment.models import Booking
from banshi.kinds.posting.models import PostingRecord
from banshi.kinds.query.models import LookUp, LookUpPerson
from banshi.testing import Door
from tests.town.every_kind import VEHICLE, body_of, open_every_kind

WANG = Principal(subject="wang", name="王小明", resident_id=VEHICLE["owner_id"])
LI = Principal(subject="li", roles=(Role("reviewer", "parks"), Role("approver", "parks")))

#: Every kind, and an appeal of somebody who doesn't say who they are.
KINDS = ("application", "appointment", "appeal", "tip", "posting", "query")

#: All that a beginning may leave. A look-up and its count are there before a register is asked.
TABLES: Sequence[type[Model]] = (
    *(Case, CaseEvent, OutboxRow, Booking, AppealRecord, TipCode, PostingRecord, LookUpPerson, IdempotencyKey),
)


@pytest.fixture
async def desk(tmp_path: Path, database: str) -> AsyncIterator[Door]:
    async with open_every_kind(tmp_path, database) as door:
        yield door


class Note:
    """Another's row, which counts what rests on it: a conversation's, say."""

    def __init__(self, door: Door) -> None:
        self.door = door

    async def write(self, key: str = "note") -> None:
        await self._row(key, status=1).save(using_db=self.door.platform.store.connection)

    def _row(self, key: str, status: int) -> IdempotencyKey:
        now = self.door.platform.now()
        return IdempotencyKey(id=key, fingerprint="", status=status, headers={}, body="", created_at=now, person="")

    def receipt(self, expected: int) -> Any:
        """A row, and an update that holds only while the note has this status."""
        update = Update(IdempotencyKey, {"id": "note", "status": expected}, {"status": expected + 1})
        return lambda _: [self._row("added", status=0), update]

    async def read(self) -> tuple[int, bool]:
        """The note's status, and whether the receipt's row is there."""
        return (await IdempotencyKey.get(id="note")).status, await IdempotencyKey.filter(id="added").exists()


async def counts() -> list[int]:
    return [await table.all().count() for table in TABLES]


async def begun(door: Door, kind: str, receipt: Any = lambda _: ()) -> Begun:
    code, body = await body_of(door, "appeal" if kind == "tip" else kind)
    item, who = door.platform.registry.items[code], None if kind == "tip" else WANG
    return await begin(door.platform, item, who, body, "en", receipt)


@pytest.mark.parametrize("kind", KINDS)
async def test_nothing_begins_where_the_receipt_s_condition_fails(desk: Door, kind: str) -> None:
    note = Note(desk)
    await note.write()
    before = await counts()
    with pytest.raises(StaleReceipt):
        await begun(desk, kind, note.receipt(expected=7))
    assert await counts() == before
    assert await note.read() == (1, False)
    # What was counted before the register was asked stays counted.
    assert [one.found for one in await LookUp.all()] == ([None] if kind == "query" else [])


@pytest.mark.parametrize("kind", KINDS)
async def test_what_begins_and_its_receipt_are_written_at_once(desk: Door, kind: str) -> None:
    note = Note(desk)
    await note.write()
    seen: list[Begun] = []
    made = await begun(desk, kind, lambda one: [*note.receipt(1)(one), *(seen.append(one) or ())])
    assert await note.read() == (2, True)
    assert seen == [made]
    answer = made.answer("en")
    assert answer["kind"] == ("appeal" if kind == "tip" else kind)
    if kind == "query":
        assert (answer["case"], answer["records"]["found"]) == (None, 1)
        assert [one.found for one in await LookUp.all()] == [1]
    else:
        case = await Case.get()
        assert (case.id, case.person) == (made.case.id, "" if kind == "tip" else "wang")
        assert answer["case"]["number"] == case.number
        assert answer["records"] is None
    assert bool(answer["code"]) == (kind == "tip")


#: Of each kind with cases, an action that its citizen takes, and one of staff's.
ACTIONS = {
    "application": ("withdraw", "return"),
    "appointment": ("cancel", "call-off"),
    "appeal": ("withdraw", "return"),
    "tip": ("withdraw", "return"),
    "posting": ("withdraw", "publish"),
}


@pytest.mark.parametrize("side", ["citizen", "staff"])
@pytest.mark.parametrize("kind", ACTIONS)
async def test_a_step_and_its_receipt_are_written_at_once_or_not_at_all(desk: Door, kind: str, side: str) -> None:
    made = await begun(desk, kind)
    await desk.settled()
    note = Note(desk)
    await note.write()
    action = ACTIONS[kind][side == "staff"]
    actor = Actor(LI) if side == "staff" else Actor(unnamed=made.case.id) if kind == "tip" else Actor(WANG)
    body = {"reason": "请补充"} if action in {"return", "call-off"} else {}
    before, case = await counts(), await Case.get()
    with pytest.raises(StaleReceipt):
        await act(desk.platform, case.id, action, actor, body, "en", note.receipt(expected=7))
    assert (await counts(), (await Case.get()).version) == (before, case.version)
    assert await note.read() == (1, False)
    after = await act(desk.platform, case.id, action, actor, body, "en", note.receipt(expected=1))
    assert (await Case.get()).state == after.state
    assert await note.read() == (2, True)


async def test_what_a_receipt_adds_is_what_the_caller_knows_of_the_outcome(desk: Door) -> None:
    told: list[tuple[str, str]] = []
    await begun(desk, "appointment", lambda one: told.append((one.case.state, one.row.state)) or ())
    assert told == [("booked", "taken")]


async def test_a_name_is_asked_for_or_refused_as_the_item_has_it(desk: Door) -> None:
    items, platform = desk.platform.registry.items, desk.platform
    code, body = await body_of(desk, "application")
    with pytest.raises(Unauthenticated):
        await begin(platform, items[code], None, body, "en")
    with pytest.raises(Forbidden):
        await begin(platform, items[code], LI, body, "en")
    with pytest.raises(NotFound):
        await begin(platform, None, WANG, body, "en")
    only = items["ask-parks"]
    object.__setattr__(only.details, "anonymous", "always")
    with pytest.raises(TokenNotTaken):
        await begin(platform, only, WANG, body, "en")
    assert await Case.all().count() == 0
