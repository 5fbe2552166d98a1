"""Somebody who was forgotten is in no row, no file and no line of the log of a real server."""

from __future__ import annotations

import asyncio
import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from tortoise.expressions import F

from banshi.app import configure
from banshi.builtin.identity.development import development_token
from banshi.foundation.database.opening import open_store
from banshi.kernel.loading.settings import PRAGMAS
from banshi.kernel.tables.cases import Case, CaseEvent
from banshi.testing import TINY_PNG, Person
from tests.conftest import good_answers
from tests.journeys.privacy.test_tip_leaves_no_trace import Place, everything, found_in
from tests.places import ROOT
from tests.processes import commands
from tests.waiting import until

#: Made up: the subject, the ID number, the phone's token, a phone, a file's name. Names and plates are not Latin, and
#: are looked for as they are stored.
LATIN = ("trace-wang-4711", "11010519491231002X", "trace-phone-0815", "13812345678", "trace-file.png")
CHINESE = ("王迹迹", "川BD47110", "迹迹配送")


async def started(folder: Path) -> tuple[commands.Process, str]:
    log = folder / "everything.log"
    before = len(log.read_bytes()) if log.exists() else 0
    with log.open("ab") as out:
        process = commands.begin(folder, "serve", "--port", "0", stdout=out, stderr=out)
    while not (found := re.search(rb"Banshi serves on (\S+)", log.read_bytes()[before:])):
        assert process.returncode is None, log.read_text()
        await asyncio.sleep(0.05)
    return process, found[1].decode()


async def lived(wang: Person) -> str:
    """A phone, a wish, an upload, a look at what is held, and two cases that end; the id of one."""
    phone = {"provider": "stream", "token": LATIN[2], "platform": "android"}
    (await wang.post("/v1/devices", phone, key="phone")).created()
    wished = {"topics": [], "departments": ["traffic"], "quiet_hours": None, "notices": True}
    (await wang.put("/v1/preferences", wished)).ok()
    (await wang.upload(TINY_PNG, LATIN[4], key="upload")).created()
    link = ""
    for name in ("one", "two"):
        driver = {"name": CHINESE[0], "phone": LATIN[3]}
        given = await good_answers(wang, plate=CHINESE[1], driver=driver, purpose=CHINESE[2])
        case = (await wang.post("/v1/items/zone-pass/cases", {"answers": given}, key=name)).created()
        link = case["links"]["self"]
        for _ in range(200):
            if (await wang.get(link)).ok()["state"] == "accepted":
                break
            await asyncio.sleep(0.05)
        (await wang.post(f"{link}/actions/withdraw", {}, key=f"{name}-2")).ok()
    for _ in range(200):
        # Accepted twice: silent are one's own steps.
        if len((await wang.get("/v1/inbox")).ok()["items"]) == 2:
            break
        await asyncio.sleep(0.05)
    (await wang.get("/v1/me/data")).ok()
    return link


def hits(data: dict[str, bytes]) -> set[tuple[str, str]]:
    chinese = {
        (name, word)
        for word in CHINESE
        for name, content in data.items()
        if any(way in content for way in (word.encode(), ascii(word)[1:-1].encode()))
    }
    return found_in(data, LATIN) | chinese


@pytest.mark.long
@pytest.mark.timeout(180)
async def test_nothing_of_somebody_who_was_forgotten_is_left(tmp_path: Path, database: str) -> None:
    if database.startswith("sqlite"):
        database = f"{database.partition('?')[0]}?{PRAGMAS}"
    text = f'[platform]\ndatabase = "{database}"\nlog_level = "debug"\nretention = {{ least = {{ default = 1 }} }}\n'
    text += f'[plugins.traffic]\napi = 1\npath = "{ROOT / "plugins/departments/traffic"}"\n'
    (tmp_path / "plugins.toml").write_text(text + '[plugins.mobile_push]\napi = 1\npackage = "mobile_push"\n')
    settings = configure(tmp_path / "plugins.toml").configuration.settings
    token = development_token(settings, LATIN[0], name=CHINESE[0], resident_id=LATIN[1])

    async def ended(process: commands.Process) -> None:
        process.terminate()
        assert await process.ended(30) == 0

    processes: list[commands.Process] = []
    try:
        async with aiohttp.ClientSession() as session:
            process, url = await started(tmp_path)
            processes.append(process)
            await lived(Person(session, url, token))
            await ended(process)
            place = Place(tmp_path, url, tmp_path / "everything.log", settings)
            before: Any = hits(await everything(place, database))
            assert {word for _, word in before} >= {*CHINESE, *LATIN} - {LATIN[1]}
            async with open_store(database, configure(tmp_path / "plugins.toml").tables):
                rows = await Case.all()
                assert len(rows) == 2
                for row in rows:
                    at = row.updated_at - timedelta(days=2)
                    await Case.filter(id=row.id).update(updated_at=at, version=F("version"))
                    await CaseEvent.filter(case_id=row.id).update(at=at)
            process, url = await started(tmp_path)
            processes.append(process)
            person = Person(session, url, token)

            async def is_forgotten() -> bool:
                # A case that the server's own tidying has begun with is gone within the hour.
                return (await person.delete("/v1/me")).ok() == {"kept": []}

            await until(is_forgotten)
            metrics = (await Person(session, url, None).get("/metrics")).body
            await ended(process)
    finally:
        for process in processes:
            process.close()
    data = {**await everything(place, database), "/metrics": metrics}
    assert "banshi_case" in data, "what is counted is there"
    assert hits(data) == set()
