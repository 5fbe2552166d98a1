"""Who hangs up in the middle harms nobody, and whoever sends the same again is answered as if nothing had been."""

from __future__ import annotations

import asyncio
import random
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from banshi.testing import TINY_PNG, Door, Reply, open_door
from tests.conftest import TRAFFIC
from tests.waiting import until


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


async def test_a_server_that_starts_leaves_what_another_is_receiving_and_clears_what_a_dead_one_left(
    tmp_path: Path, database: str
) -> None:
    plugins: dict[str, Path | str] = {"traffic": TRAFFIC}
    go_on, start = asyncio.Event(), b'--b\r\nContent-Disposition: form-data; name="file"; filename="p.png"\r\n\r\n'

    async def slowly() -> AsyncIterator[bytes]:
        yield start + TINY_PNG
        await go_on.wait()
        yield b"the end\r\n--b--\r\n"

    async with open_door(tmp_path, plugins, platform={"database": database}) as door:
        folder, wang = door.platform.settings.attachments_folder, door.citizen("wang")
        headers = {"Content-Type": "multipart/form-data; boundary=b"}
        upload = asyncio.create_task(wang.call("POST", "/v1/attachments", data=slowly(), headers=headers))
        await until(lambda: list(folder.glob("*.part")))
        dead = folder / f"{uuid.uuid4()}.part"
        dead.write_bytes(b"half")
        async with open_door(tmp_path, plugins, platform={"database": database}):
            assert not dead.exists()
            go_on.set()
            stored = (await upload).created()
            assert (await wang.get(stored["links"]["self"])).body == TINY_PNG + b"the end"
        assert list(folder.glob("*.part")) == []


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
