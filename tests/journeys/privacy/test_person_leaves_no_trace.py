"""Somebody who was forgotten is in no row, no file and no line of the log of a real server."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from tortoise.expressions import F

from banshi.app import configure
from banshi.foundation.database.opening import open_store
from banshi.kernel.loading.settings import PRAGMAS
from banshi.kernel.tables.cases import Case, CaseEvent
from banshi.testing import TINY_PNG, Person
from tests.conftest import good_answers
from tests.journeys.privacy.test_tip_leaves_no_trace import Place, everything, found_in
from tests.journeys.running import configured, serving, somebody
from tests.waiting import until

#: Made up: the subject, the ID number, the phone's token, a phone, a file's name. Names and plates are not Latin, and
#: are looked for as they are stored.
LATIN = ("trace-wang-4711", "11010519491231002X", "trace-phone-0815", "13812345678", "trace-file.png")
CHINESE = ("王迹迹", "川BD47110", "迹迹配送")
WANG = {"subject": LATIN[0], "name": CHINESE[0], "resident_id": LATIN[1]}


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
        await until(partial(is_accepted, wang, link))
        (await wang.post(f"{link}/actions/withdraw", {}, key=f"{name}-2")).ok()

    async def have_come() -> Any:
        # Accepted twice: silent are one's own steps.
        return len((await wang.get("/v1/inbox")).ok()["items"]) == 2

    await until(have_come)
    (await wang.get("/v1/me/data")).ok()
    return link


async def is_accepted(wang: Person, link: str) -> Any:
    return (await wang.get(link)).ok()["state"] == "accepted"


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
    platform = f'database = "{database}"\nlog_level = "debug"\nretention = {{ least = {{ default = 1 }} }}'
    configured(tmp_path, platform)
    async with aiohttp.ClientSession() as session:
        async with serving(tmp_path) as url:
            await lived(somebody(tmp_path, session, url, **WANG))
        configuration = configure(tmp_path / "plugins.toml")
        place = Place(tmp_path, url, tmp_path / "everything.log", configuration.configuration.settings)
        before: Any = hits(await everything(place, database))
        assert {word for _, word in before} >= {*CHINESE, *LATIN} - {LATIN[1]}
        async with open_store(database, configuration.tables):
            rows = await Case.all()
            assert len(rows) == 2
            for row in rows:
                at = row.updated_at - timedelta(days=2)
                await Case.filter(id=row.id).update(updated_at=at, version=F("version"))
                await CaseEvent.filter(case_id=row.id).update(at=at)
        async with serving(tmp_path) as url:
            person = somebody(tmp_path, session, url, **WANG)

            async def is_forgotten() -> Any:
                # A case that the server's own tidying has begun with is gone within the hour.
                return (await person.delete("/v1/me")).ok() == {"kept": []}

            await until(is_forgotten)
            metrics = (await Person(session, url, None).get("/metrics")).body
    data = {**await everything(place, database), "/metrics": metrics}
    assert "banshi_case" in data, "what is counted is there"
    assert hits(data) == set()
