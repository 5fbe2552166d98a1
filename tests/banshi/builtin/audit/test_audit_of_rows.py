"""Whoever rewrites in the tables what a case answers, or whose or of what it is, is found by its newest entry."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from banshi import Principal, Write
from banshi.builtin.audit.key import AuditKey
from banshi.builtin.audit.marks import ROW, row_digest
from banshi.builtin.personal_data.anonymising import anonymise
from banshi.foundation.encryption.ring import new_ring, write_keys
from banshi.kernel.tables.cases import Case, CaseEvent
from banshi.sdk.cases import new_case
from banshi.testing import Door, open_door
from tests.banshi.builtin.audit.chain_reading import sealed, verified
from tests.conftest import good_answers
from tests.places import TRAFFIC


@pytest.fixture(params=["plain", "encrypted"])
async def office(request: pytest.FixtureRequest, database: str, tmp_path: Path, unsealed: None) -> AsyncIterator[Door]:
    """Its personal columns plain or encrypted."""
    settings: dict[str, Any] = {"database": database}
    if request.param == "encrypted":
        write_keys(tmp_path / "ring", new_ring(datetime.now(UTC)))
        settings["personal_keys"] = str(tmp_path / "ring")
    async with open_door(tmp_path, {"traffic": TRAFFIC}, platform=settings) as opened:
        yield opened


async def found(door: Door) -> list[str]:
    return (await verified(door))[0]


async def handed_in(door: Door) -> Case:
    wang = door.citizen("wang", "王小明")
    made = (await wang.post("/v1/items/zone-pass/cases", {"answers": await good_answers(wang)})).created()
    await door.settled()
    await sealed(door)
    return await Case.get(id=made["id"])


#: Columns of a case's row, each with what somebody may write there past the platform.
REWRITTEN: dict[str, Any] = {
    "answers": {"plate": "川A00000"},
    "person": "zhao",
    "person_name": "赵",
    "item": "other-item",
    "kind": "appeal",
}


async def test_a_row_that_was_rewritten_is_found_and_named(office: Door) -> None:
    case = await handed_in(office)
    assert await found(office) == []
    for column in ROW:
        await Case.filter(id=case.id).update(**{column: REWRITTEN[column]})
        (told,) = await found(office)
        words = "its answers, whose it is or of what it is are not as its newest entry"
        assert told.startswith(f"case {case.number}: {words}"), column
        await Case.filter(id=case.id).update(**{column: getattr(case, column)})
        assert await found(office) == [], column


async def test_what_a_citizen_corrects_and_what_staff_decide_is_as_the_newest_entry_has_it(office: Door) -> None:
    wang, li = office.citizen("wang", "王小明"), office.staff("li", "traffic:reviewer", "traffic:approver")
    case = await handed_in(office)
    (await li.post(f"/v1/cases/{case.id}/actions/return", {"reason": "请补照片"})).ok()
    corrected = {"answers": await good_answers(wang, plate="川BD54321")}
    (await wang.post(f"/v1/cases/{case.id}/actions/supplement", corrected)).ok()
    await office.settled()
    assert (await Case.get(id=case.id)).answers["plate"] == "川BD54321"
    assert await found(office) == []
    # The answers from before the correction are an older entry's.
    await Case.filter(id=case.id).update(answers=case.answers)
    assert len(await found(office)) == 1


async def test_neither_the_digest_nor_the_entry_that_has_it_can_be_taken_away(office: Door) -> None:
    case = await handed_in(office)
    for change in ("row_digest = NULL", "row_digest = mark", "salt = NULL"):
        kept = await CaseEvent.filter(case_id=case.id).values("id", "row_digest", "salt")
        await office.platform.store.connection.execute_query(f"UPDATE banshi_case_event SET {change}")  # noqa: S608
        assert any("it is not what was written" in one for one in await found(office)), change
        for row in kept:
            await CaseEvent.filter(id=row.pop("id")).update(**row)
        assert await found(office) == []


async def test_what_was_anonymised_or_filed_by_a_version_before_is_no_finding(office: Door) -> None:
    case = await handed_in(office)
    (await office.citizen("wang").post(f"/v1/cases/{case.id}/actions/withdraw", {})).ok()
    await office.settled()
    assert await anonymise(office.platform, await Case.get(id=case.id))
    await sealed(office)
    assert await found(office) == []
    platform = office.platform
    older, event = new_case(platform, platform.registry.items["zone-pass"], Principal(subject="zhao"), {"plate": "x"})
    # As a version before writes it.
    event.of_case = None
    await platform.store.commit(Write(rows=[older, event]))
    for _ in range(2):
        assert await found(office) == []
        await sealed(office)


def test_equal_answers_leave_digests_that_nobody_can_compare_or_guess_at() -> None:
    """By case, by salt and by key: none of them alone opens it, and what is blanked loses the salt."""
    row = {
        "person": "wang",
        "person_name": "",
        "answers": {"plate": "川A1"},
        "item": "zone-pass",
        "kind": "application",
    }
    one, other = AuditKey(bytes(32)), AuditKey(bytes(31) + b"1")
    digests = {
        row_digest(key, salt, {**row, "id": case}) for key in (one, other) for salt in (b"a", b"b") for case in "12"
    }
    assert len(digests) == 8
