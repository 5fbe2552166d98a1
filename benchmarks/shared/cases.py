"""Cases that are written as fast as the store takes them, without all else that a submission is."""

from __future__ import annotations

import asyncio
from typing import Any

from banshi.foundation.database.writes import Write
from banshi.kernel.cases.submission import new_case
from banshi.kernel.contract.principals import Principal
from banshi.kernel.tables.outbox import OutboxRow

#: Writes under way.
AT_ONCE = 64


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
