"""Who hangs up in the middle harms nobody, and whoever sends the same again is answered as if nothing had been."""

from __future__ import annotations

import asyncio
import random
import threading
from collections.abc import AsyncIterator, Awaitable, Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from banshi.builtin.uploads import receiving
from banshi.foundation.files import durable_files
from banshi.testing import TINY_PNG, Door, Reply, open_door
from tests.places import TRAFFIC


@pytest.fixture
async def bare_door(tmp_path: Path, database: str) -> AsyncIterator[Door]:
    async with open_door(tmp_path, {"traffic": TRAFFIC}, platform={"database": database}) as door:
        yield door


async def test_who_hangs_up_at_any_moment_harms_nobody_and_may_try_again_at_once(bare_door: Door, answers: Any) -> None:
    wang, staff = bare_door.citizen("wang"), bare_door.staff("li", "traffic:reviewer", "traffic:approver")
    chance = random.Random(3)
    for number in range(30):
        document = {"answers": await answers(wang)}
        case = await insisting(chance, partial(wang.post, "/v1/items/zone-pass/cases", document, key=f"s-{number}"))
        await bare_door.settled()
        await insisting(chance, partial(staff.post, f"/v1/cases/{case['id']}/actions/approve", key=f"a-{number}"))
    assert len((await wang.get("/v1/cases?limit=100")).ok()["items"]) == 30


async def test_a_file_whose_sender_hung_up_and_sent_it_again_is_there(bare_door: Door) -> None:
    wang, chance = bare_door.citizen("wang"), random.Random(5)
    for number in range(60):
        content = TINY_PNG + bytes([number])
        stored = await insisting(chance, partial(wang.upload, content, key=f"file-{number}"))
        assert (await wang.get(f"/v1/attachments/{stored['id']}")).body == content


async def test_who_hangs_up_while_a_file_gets_its_name_leaves_none_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    named, gone, rename = threading.Event(), threading.Event(), durable_files.rename

    def slowly(draft: Path, file: Path) -> None:
        rename(draft, file)
        named.set()
        gone.wait(10)

    async def chunks() -> AsyncIterator[bytes]:
        yield TINY_PNG

    monkeypatch.setattr(durable_files, "rename", slowly)
    upload = asyncio.create_task(receiving.receive(tmp_path, chunks(), 10_000))
    await asyncio.to_thread(named.wait, 10)
    upload.cancel()
    await asyncio.gather(upload, return_exceptions=True)
    gone.set()
    assert await asyncio.to_thread(lambda: list(tmp_path.iterdir())) == []


async def insisting(chance: random.Random, call: Callable[[], Awaitable[Reply]]) -> Any:
    """Call, hang up within 10 ms, and call again at once until there is an answer."""
    task = asyncio.ensure_future(call())
    await asyncio.sleep(chance.random() * 0.01)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    async with asyncio.timeout(30):
        while (answer := await call()).document.get("code") == "still-running":
            pass
    assert answer.status in {200, 201}, answer
    return answer.document
