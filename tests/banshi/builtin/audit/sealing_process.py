"""A process of a deployment that writes cases without a pause and seals, in small seals, as soon as it leads."""

from __future__ import annotations

import asyncio
from pathlib import Path

from banshi import Principal, Write
from banshi.builtin.audit import chain, keeping
from banshi.builtin.leading import leader_election as leader
from banshi.foundation.database.writes import Update
from banshi.kernel.tables.cases import Case, CaseEvent
from banshi.sdk.cases import new_case
from banshi.testing import Door, open_door


async def written(door: Door, cases: int = 1, *, item: str = "zone-pass", steps: int = 2) -> list[Case]:
    """So many cases, each with a first step and others that say something of a person."""
    platform, made = door.platform, []
    for number in range(cases):
        person = Principal(subject=f"wang-{number}")
        case, event = new_case(platform, platform.registry.items[item], person, {"plate": "川B12345"})
        await platform.store.commit(Write(rows=[case, event]))
        for version in range(2, steps + 1):
            await step(door, case, version)
        made.append(case)
    return made


async def step(door: Door, case: Case, version: int) -> CaseEvent:
    entry = CaseEvent(
        case_id=case.id,
        version=version,
        at=door.platform.now(),
        action="return",
        state_before="submitted",
        state="returned",
        actor="staff",
        actor_id="chen",
        reason={"zh-CN": "照片看不清", "en": "The photo is blurred"},
        details={"fields": ["/plate"], "share": 1e3, "more": [1.5, -0.0, 2.0**60]},
    )
    guard = Update(Case, {"id": case.id, "version": version - 1}, {"version": version, "state": "returned"})
    await door.platform.store.commit(Write(updates=[guard], rows=[entry]))
    return entry


def write_and_seal(folder: Path, traffic: Path, database: str, name: str) -> None:
    """It counts in a file of its name how many cases it has written while it led."""
    leader.LEASE_S, leader.RENEWAL_INTERVAL_S, leader.LOOK_INTERVAL_S = 1.0, 0.1, 0.01
    chain.MAX_SEAL_ENTRIES, keeping.ROUND_S = 5, 0.001
    asyncio.run(_written_without_end(folder, traffic, database, name))


async def _written_without_end(folder: Path, traffic: Path, database: str, name: str) -> None:
    async with open_door(folder, {"traffic": traffic}, platform={"database": database}) as door:
        led, note = 0, (folder / name).write_text
        while True:
            await written(door)
            led += door.platform[leader.LEADER].leads
            note(f"{led}.", encoding="ascii")
