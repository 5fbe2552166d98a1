"""Nobody gets more of their files in than there is room for, however many come at once; what failed takes no room."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta
from pathlib import Path

import aiohttp
import pytest

from banshi.builtin.personal_data.housekeeping import tidy
from banshi.builtin.uploads.models import UploadRoom
from banshi.builtin.uploads.room import ON_THEIR_WAY, unused
from banshi.foundation.database.store import Store
from banshi.foundation.database.writes import Write
from banshi.foundation.errors import Unavailable
from banshi.kernel.tables.attachments import Attachment
from banshi.testing import TINY_PNG, Door, Person, open_door
from tests.conftest import good_answers
from tests.journeys.running import begun as started
from tests.journeys.running import somebody
from tests.places import ROOT, TRAFFIC
from tests.waiting import until

#: A file that is larger than what surrounds it on the way.
FILE = TINY_PNG + bytes(20_000)
ROOM = 5 * len(FILE) + 1_000


@asynccontextmanager
async def city(folder: Path, database: str) -> AsyncIterator[Door]:
    settings = {"database": database, "attachment_quota": ROOM}
    async with open_door(folder, {"traffic": TRAFFIC}, platform=settings) as door:
        yield door


@pytest.fixture
async def office(tmp_path: Path, database: str) -> AsyncIterator[Door]:
    async with city(tmp_path, database) as door:
        yield door


@asynccontextmanager
async def half_an_upload(person: Person, url: str) -> AsyncIterator[None]:
    """A file that begins to come in and never ends; its sender hangs up with the block."""
    begun = asyncio.Event()

    async def body() -> AsyncIterator[bytes]:
        yield b'--b\r\nContent-Disposition: form-data; name="file"\r\n\r\n' + FILE[:200]
        begun.set()
        await asyncio.Event().wait()

    headers = {
        "Authorization": f"Bearer {person.token}",
        "Content-Type": "multipart/form-data; boundary=b",
        "Content-Length": str(len(FILE) + 200),
    }
    async with aiohttp.ClientSession() as session:
        sending = asyncio.create_task(session.post(f"{url}/v1/attachments", data=body(), headers=headers).__aenter__())
        await begun.wait()
        yield
        sending.cancel()
        await asyncio.gather(sending, return_exceptions=True)


@asynccontextmanager
async def killed_at_the_end(folder: Path) -> AsyncIterator[str]:
    process, url = await started(folder)
    try:
        yield url
    finally:
        process.kill()
        await process.ended()


async def files_of(*doors: Door) -> int:
    """Rows, which have to be as many as there are files."""
    folders = {door.platform.settings.attachments_folder for door in doors}
    rows = await Attachment.all().count()
    assert rows == sum(len(list(folder.iterdir())) for folder in folders)
    return rows


async def test_of_many_uploads_at_once_no_more_get_in_than_there_is_room_for(office: Door) -> None:
    wang = office.citizen("wang")
    answers = await asyncio.gather(*(wang.upload(FILE + bytes([number])) for number in range(40)))
    for answer in answers:
        assert answer.status in {201, 413}, answer.body
    # Of those that were on their way together some may have been refused although the others failed.
    for _ in range(5 - await files_of(office)):
        (await wang.upload(FILE)).created()
    told = (await wang.upload(FILE)).problem(413, "too-large")
    assert "请先提交申请" in told["detail"]
    assert await files_of(office) == 5
    assert await unused("wang") <= ROOM
    (await office.citizen("zhang").upload(FILE)).created()
    assert not office.platform[ON_THEIR_WAY]


async def test_two_servers_of_one_database_let_no_more_in_than_one(tmp_path: Path, database: str) -> None:
    async with AsyncExitStack() as stack:
        doors = [await stack.enter_async_context(city(tmp_path / name, database)) for name in ("one", "two")]
        people = [door.citizen("wang") for door in doors]
        await asyncio.gather(*(person.upload(FILE) for _ in range(20) for person in people))
        assert await files_of(*doors) <= 5
        assert await unused("wang") <= ROOM


async def test_what_cases_use_leaves_room_again_and_so_does_what_was_removed(office: Door) -> None:
    wang = office.citizen("wang")
    for _ in range(3):
        answers = await good_answers(wang)
        (await wang.post("/v1/items/zone-pass/cases", {"answers": answers})).created()
        for _ in range(2):
            (await wang.upload(FILE)).created()
        await Attachment.filter(person="wang", case_id=None).delete()
    assert (await UploadRoom.get()).used > await unused("wang") == 0


async def test_an_upload_that_failed_gives_back_what_it_held(office: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    wang, commit = office.citizen("wang"), Store.commit

    async def away(self: Store, write: Write) -> None:
        if write.rows and isinstance(write.rows[0], Attachment):
            raise Unavailable
        await commit(self, write)

    for _ in range(8):
        (await wang.upload(b"no picture" * 2_000)).problem(415, "unsupported-media-type")
    with monkeypatch.context() as patch:
        patch.setattr(Store, "commit", away)
        for _ in range(8):
            (await wang.upload(FILE)).problem(503, "unavailable")
    for _ in range(5):
        (await wang.upload(FILE)).created()
    (await wang.upload(FILE)).problem(413, "too-large")


async def test_whoever_hangs_up_gives_back_what_was_on_its_way(office: Door) -> None:
    wang = office.citizen("wang")
    async with AsyncExitStack() as stack:
        for _ in range(5):
            await stack.enter_async_context(half_an_upload(wang, office.url))
        await until(lambda: office.platform[ON_THEIR_WAY]["wang"] >= ROOM)
        (await wang.upload(FILE)).problem(413, "too-large")
        (await office.citizen("zhang").upload(FILE)).created()
    await until(lambda: not office.platform[ON_THEIR_WAY])
    (await wang.upload(FILE)).created()


async def test_a_server_that_was_killed_holds_no_room_when_it_is_back(tmp_path: Path, database: str) -> None:
    told = f'[platform]\ndatabase = "{database}"\nattachment_quota = {ROOM}\n'
    told += f'[plugins.traffic]\napi = 1\npath = "{ROOT / "plugins/departments/traffic"}"\n'
    (tmp_path / "plugins.toml").write_text(told, encoding="utf-8")
    async with AsyncExitStack() as stack:
        session = await stack.enter_async_context(aiohttp.ClientSession())
        url = await stack.enter_async_context(killed_at_the_end(tmp_path))
        wang = somebody(tmp_path, session, url, "wang")
        for _ in range(3):
            (await wang.upload(FILE)).created()
        async with AsyncExitStack() as broken_off:
            for _ in range(3):
                await broken_off.enter_async_context(half_an_upload(wang, url))

            async def full() -> bool:
                return (await wang.upload(b"")).status == 413

            await until(full)
            await stack.aclose()
        url = await stack.enter_async_context(killed_at_the_end(tmp_path))
        session = await stack.enter_async_context(aiohttp.ClientSession())
        wang = somebody(tmp_path, session, url, "wang")
        for _ in range(2):
            (await wang.upload(FILE)).created()
        (await wang.upload(FILE)).problem(413, "too-large")


async def test_the_number_leaves_with_its_person_and_after_a_day(office: Door) -> None:
    wang, begun = office.citizen("wang"), office.platform.now()
    (await wang.upload(FILE)).created()
    assert await UploadRoom.all().count() == 1
    assert (await wang.delete("/v1/me")).status < 300
    assert await UploadRoom.all().count() == 0
    (await wang.upload(FILE)).created()
    await tidy(office.platform)
    assert await UploadRoom.all().count() == 1
    office.platform.now = lambda: begun + timedelta(days=1, minutes=1)
    await tidy(office.platform)
    assert await UploadRoom.all().count() == 0
