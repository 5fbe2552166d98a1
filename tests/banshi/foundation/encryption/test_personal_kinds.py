"""What people write to offices and to each other is in no table as they wrote it, whatever the kind of item."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from banshi.foundation.database import opening
from banshi.kernel.tables.cases import Case
from tests.banshi.kinds.posting.test_postings_contact import begin, texts, write
from tests.harness.encrypted import ring_in
from tests.plugins import open311_city
from tests.processes.children.sitecustomize import RING, context_with_ring
from tests.readers.tables import tables_that_show
from tests.town.parts import UNNAMED, appeals, postings
from tests.town.town import open_town

pytestmark = pytest.mark.sqlite


@pytest.fixture(autouse=True)
def _encrypted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(RING, str(ring_in(tmp_path)))
    monkeypatch.setattr(opening, "Context", context_with_ring())


async def test_an_appeal_with_letters_an_answer_and_a_rating(tmp_path: Path) -> None:
    words = {
        "asked": "TRACE路灯",
        "letter": "TRACE信件",
        "answer": "TRACE答复",
        "rating": "TRACE评价",
        "who": "trace-li",
    }
    async with open_town(tmp_path, appeals(UNNAMED)) as offices:
        li, chen = offices.door.citizen(words["who"], "TRACE李"), offices.reviewer("trace-chen")
        link = await offices.asked(li, words["asked"])
        await offices.door.settled()
        (await offices.act(chen, link, "assign", category="roads")).ok()
        (await offices.act(li, link, "write", text=words["letter"])).ok()
        (await offices.act(chen, link, "answer", text=words["answer"])).ok()
        await offices.rated(li, link, 5, words["rating"])
        shown = str(await offices.shown(li, link))
        assert all(word in shown for name, word in words.items() if name != "who")
        assert await tables_that_show(offices.door, *words.values(), "TRACE李", "trace-chen") == set()


async def test_two_people_who_write_about_a_posting_and_a_report(tmp_path: Path) -> None:
    async with open_town(tmp_path, postings()) as offices:
        li, sun = offices.door.citizen("trace-li", name="TRACE李"), offices.door.citizen("trace-sun", name="TRACE孙")
        posting = await offices.published(li)
        link = (await begin(sun, posting, "TRACE捡到")).created()["links"]["self"]
        (await write(li, link, "TRACE颜色")).created()
        (await li.post(f"{link}/reports", {"reason": "TRACE要钱"})).created()
        assert [text for _, text in await texts(sun, link)] == ["TRACE捡到", "TRACE颜色"]
        moderator = offices.moderator("trace-wang")
        (reported,) = (await moderator.get("/v1/reported-conversations")).ok()["items"]
        assert "TRACE要钱" in str(reported)
        words = ("trace-li", "trace-sun", "TRACE李", "TRACE孙", "TRACE捡到", "TRACE颜色", "TRACE要钱")
        await offices.door.settled()
        assert await tables_that_show(offices.door, *words) == set()


async def test_whom_an_open311_report_is_from(tmp_path: Path) -> None:
    contact: dict[str, Any] = {"first_name": "TRACE-Ann", "email": "trace@example.org", "phone": "13900004711"}
    async with open311_city.open_city(tmp_path) as city:
        key = await open311_city.key_of(city, "open311:streets")
        number = await open311_city.made(city, key, description="TRACE-hole", **contact)
        await city.settled()
        assert (await Case.get(number=number)).answers
        assert await tables_that_show(city, "TRACE-Ann", "TRACE-hole", "trace@example.org", "13900004711") == set()
