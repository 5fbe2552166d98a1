"""A server that is killed while cases lose what is personal leaves none half: each is whole, or marked, or done."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from banshi.app import configure
from banshi.foundation.database.opening import open_store
from banshi.kernel.tables.attachments import Attachment
from banshi.kernel.tables.cases import Case, CaseEvent
from tests.journeys.running import CITY, PATIENT, configured, serving
from tests.waiting import until

CASES = 40

#: How many more are done until the server is killed, round by round.
ROUNDS = (2, 15, CASES)


async def fill(folder: Path) -> list[UUID]:
    """Old cases, each with what is personal in its row, its audit and a file."""
    at, files = datetime.now(UTC) - timedelta(days=4000), folder / "data" / "attachments"
    files.mkdir(parents=True, exist_ok=True)
    made = []
    for number in range(CASES):
        case = Case(
            number=f"20150101-{number}",
            item="zone-pass",
            item_version=1,
            kind="application",
            department="traffic",
            state="withdrawn",
            person="wang-4711",
            answers={"plate": "川BD12345"},
            version=2,
            created_at=at,
            updated_at=at,
        )
        file = Attachment(
            person="wang-4711",
            case_id=case.id,
            name="wang-4711.png",
            media_type="image/png",
            size=9,
            sha256="x",
            created_at=at,
        )
        (files / str(file.id)).write_bytes(b"wang-4711")
        rows: list[Any] = [case, file]
        for version in (1, 2):
            entry = CaseEvent(case_id=case.id, version=version, at=at, action="x", state_before="", state="withdrawn")
            entry.actor, entry.actor_id, entry.reason = "citizen", "wang-4711", {"zh-CN": "wang-4711"}
            rows.append(entry)
        for row in rows:
            await row.save()
        made.append(case.id)
    return made


async def are_gone(wanted: int) -> bool:
    return await Case.filter(content="gone").count() >= wanted


async def look(folder: Path) -> dict[str, int]:
    """How many cases are how; fails where one is half."""
    counts = {"kept": 0, "leaving": 0, "gone": 0}
    for case in await Case.all():
        counts[case.content] += 1
        events = await CaseEvent.filter(case_id=case.id)
        traces = str([dict(one) for one in await CaseEvent.filter(case_id=case.id).values()])
        rows = await Attachment.filter(case_id=case.id)
        there = [row for row in rows if (folder / "data" / "attachments" / str(row.id)).is_file()]
        if case.content == "kept":
            assert (case.person, case.answers) == ("wang-4711", {"plate": "川BD12345"})
            assert (len(events), len(rows), len(there)) == (2, 1, 1)
        elif case.content == "gone":
            assert (case.person, case.answers, len(events), len(rows)) == ("", {}, 3, 0)
            assert "wang-4711" not in traces
    return counts


@pytest.mark.long
@pytest.mark.timeout(180)
async def test_killed_at_any_moment_no_case_is_half_and_the_next_start_ends_it(tmp_path: Path, database: str) -> None:
    configured(tmp_path, f'{PATIENT}database = "{database}"', CITY.partition("[plugins.mobile_push]")[0])
    tables = configure(tmp_path / "plugins.toml").tables
    async with open_store(database, tables):
        await fill(tmp_path)
    gone = 0
    for more in ROUNDS:
        wanted = min(CASES, gone + more)
        async with serving(tmp_path, is_ended=False), open_store(database, tables, migrate=False):
            await until(partial(are_gone, wanted), 60)
        async with open_store(database, tables, migrate=False):
            counts = await look(tmp_path)
        assert counts["gone"] >= wanted
        assert counts["leaving"] <= 1
        gone = counts["gone"]
    assert gone == CASES
    assert not list((tmp_path / "data" / "attachments").iterdir())
