"""Two officers in two processes claim everything at once: one has each, the other is told who, nobody answers twice."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

from uuid_utils.compat import uuid7

from banshi import Write
from conversations.desk.queue import joining
from conversations.engine.turn.memory import Memory
from conversations.tables.models import ChannelConversation, DeskEvent, Enquiry, Said
from tests.channels.desks import SERVING, bureau

ROOT = Path(__file__).resolve().parents[2]
#: 1,000 in the long form.
MANY = 1_000 if os.environ.get("BANSHI_TEST_LONG") else 100


def begun(folder: Path, database: str, name: str) -> subprocess.Popen[str]:
    command = [sys.executable, str(ROOT / "tests" / "channels" / "rival.py"), str(folder), database, name]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), *sys.path])}
    return subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT, env=environment
    )


def results(rival: subprocess.Popen[str], ids: list[str]) -> list[list[str]]:
    out, _ = rival.communicate(json.dumps(ids) + "\n", timeout=540)
    assert rival.returncode == 0
    return list(json.loads(out.splitlines()[-1]))


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
            enquiry, event = joining(row.id, "reception", now)
            await door.platform.store.commit(Write(rows=[row, enquiry, event]))
            ids.append(str(enquiry.id))
    rivals = [begun(tmp_path, database, name) for name in ("li", "wang")]
    try:
        for rival in rivals:
            assert rival.stdout is not None
            while "ready" not in await asyncio.to_thread(rival.stdout.readline):
                assert rival.poll() is None
        told = await asyncio.gather(*(asyncio.to_thread(results, rival, ids) for rival in rivals))
    finally:
        for rival in rivals:
            rival.kill()
            rival.wait()
    for ours, theirs in zip(*map(sorted, told), strict=True):
        assert ours[0] == theirs[0]
        assert sorted([ours[1], theirs[1]]) == [200, 409]
        assert ours[2] == theirs[2] != ""
        assert sorted([ours[3], theirs[3]]) == [201, 409]
    async with bureau(tmp_path, database, duty=SERVING):
        assert await DeskEvent.filter(what="claimed").count() == await Said.all().count() == MANY
        assert await Enquiry.filter(state="held").count() == MANY
        assert Counter(await Enquiry.all().values_list("officer", flat=True)).keys() <= {"li", "wang"}
