"""Cases that are written as fast as the store takes them, without all else that a submission is."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

from tortoise.backends.base.executor import EXECUTOR_CACHE

from banshi.app import configure, open_platform
from banshi.foundation.database.writes import Write
from banshi.kernel.cases.submission import new_case
from banshi.kernel.contract.principals import Principal
from banshi.kernel.tables.outbox import OutboxRow
from tests.town.zone_pass import WITHOUT_FILES

#: Writes under way, and cases in a database that is filled, which all are one citizen's.
AT_ONCE, CASES, CITIZEN = 64, 400, "citizen-0"


async def created(platform: Any, count: int, answers: dict[str, Any], *, people: int) -> None:
    """So many cases of zone passes by as many people in turn, each one write of case, entry and promise."""
    item, left = platform.registry.items["zone-pass"], iter(range(count))

    async def some() -> None:
        for number in left:
            person = Principal(subject=f"person-{number % people}", name="王小明")
            case, event = new_case(platform, item, person, answers)
            # Nobody takes it up: the engine's work is measured elsewhere.
            promise = OutboxRow(consumer="benchmark", topic="none", payload={"case": str(case.id)}, dedup=str(case.id))
            await platform.store.commit(Write(rows=[case, event, promise]))

    await asyncio.gather(*(some() for _ in range(AT_ONCE)))


async def filled(file: Path) -> list[str]:
    """The ids of cases that all are one citizen's."""
    async with open_platform(configure(file)) as platform:
        item, ids = platform.registry.items["zone-pass"], []
        for _ in range(CASES):
            case, event = new_case(platform, item, Principal(subject=CITIZEN, name="王小明"), WITHOUT_FILES)
            await platform.store.commit(Write(rows=[case, event]))
            ids.append(str(case.id))
    # Tortoise keeps the text of its INSERTs by table; no real process talks to both databases.
    EXECUTOR_CACHE.clear()
    return ids
