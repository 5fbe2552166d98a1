"""Two officers in two processes claim everything at once: one has each, the other is told who, nobody answers twice."""

from __future__ import annotations

import asyncio
import os
from collections import Counter
from dataclasses import dataclass
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

import pytest
from uuid_utils.compat import uuid7

from banshi import Write
from conversations.engine.turn.memory import Memory
from conversations.tables.models import ChannelConversation, Said
from desk import DESK
from desk.tables.models import DeskEvent, Enquiry
from tests.channels.desk_race import raced
from tests.channels.desks import SERVING, bureau
from tests.channels.rival import rival
from tests.commands import FORKED

#: 1,000 in the long form.
MANY = 1_000 if os.environ.get("BANSHI_TEST_LONG") else 100


@dataclass
class Rival:
    """One of the two, in a process of its own."""

    process: BaseProcess
    line: Connection

    async def heard(self) -> Any:
        assert await asyncio.to_thread(self.line.poll, 540.0), "it says nothing"
        return self.line.recv()


def begun(folder: Path, database: str, name: str) -> Rival:
    ours, theirs = FORKED.Pipe()
    with theirs:
        process = FORKED.Process(target=rival, args=(folder, database, name, theirs), daemon=True)
        process.start()
    return Rival(process, ours)


async def results(one: Rival, ids: list[str]) -> list[tuple[str, int, str, int]]:
    one.line.send(ids)
    told: list[tuple[str, int, str, int]] = await one.heard()
    await asyncio.to_thread(one.process.join)
    assert one.process.exitcode == 0
    return told


@pytest.mark.timeout(600)
async def test_eight_who_claim_hand_over_take_over_and_reassign_at_two_servers_leave_one_holder(
    tmp_path: Path, postgres: str
) -> None:
    """In short; `benchmarks/claims.py` goes on for 2,000 rounds."""
    told = await raced(tmp_path, postgres, 2_000 if os.environ.get("BANSHI_TEST_LONG") else 40)
    assert {"claim", "transfer", "take-over", "held-by-other"} <= told.keys()


async def test_of_two_processes_that_claim_all_at_once_one_has_each_and_the_other_is_told_who(
    tmp_path: Path, database: str
) -> None:
    # Nobody goes round: it may be a Sunday.
    async with bureau(tmp_path, database, duty=SERVING) as door:
        now, ids = door.platform.now(), []
        for number in range(MANY):
            row = ChannelConversation(
                id=uuid7(),
                account="console:here",
                contact=f"contact-{number}",
                state="waiting",
                memory=Memory().stored(),
                begun_at=now,
                heard_at=now,
            )
            desk = door.platform[DESK]
            enquiry, rows = desk.ask("conversation", row.id, desk.desks[0], "")
            await door.platform.store.commit(Write(rows=[row, *rows]))
            ids.append(str(enquiry.id))
    rivals = [begun(tmp_path, database, name) for name in ("li", "wang")]
    try:
        assert [await one.heard() for one in rivals] == ["ready", "ready"]
        told = await asyncio.gather(*(results(one, ids) for one in rivals))
    finally:
        for one in rivals:
            one.process.kill()
            one.process.join()
    for ours, theirs in zip(*map(sorted, told), strict=True):
        assert ours[0] == theirs[0]
        assert sorted([ours[1], theirs[1]]) == [200, 409]
        assert ours[2] == theirs[2] != ""
        assert sorted([ours[3], theirs[3]]) == [201, 409]
    async with bureau(tmp_path, database, duty=SERVING):
        assert await DeskEvent.filter(what="claimed").count() == await Said.all().count() == MANY
        assert await Enquiry.filter(state="held").count() == MANY
        assert Counter(await Enquiry.all().values_list("officer", flat=True)).keys() <= {"li", "wang"}
