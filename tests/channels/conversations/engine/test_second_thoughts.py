"""People who err, change their minds and ask back: what is filed is what they meant, and nothing else."""

from __future__ import annotations

import json
import tomllib
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from banshi.kernel.tables.cases import Case
from banshi.testing import Door
from tests.channels.chatting import Chatter
from tests.clients.made_up_city import open_city
from tests.plugins import filling

TABLE = tomllib.loads(Path(__file__).with_name("second_thoughts.toml").read_text("utf-8"))
ROWS = list(enumerate(TABLE["row"]))


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def city(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Door]:
    async with open_city(tmp_path_factory.mktemp("city")) as door:
        yield door


@pytest.mark.parametrize(("number", "row"), ROWS, ids=[f"{one['at']}: {one['says'][0]}" for _, one in ROWS])
@pytest.mark.asyncio(loop_scope="module")
async def test_what_is_filed_is_what_they_meant(number: int, row: Mapping[str, Any], city: Door) -> None:
    person = f"thinker-{number}"
    chatter = Chatter(city, "zh-CN", contact=person)
    await chatter.is_linked(person, name="李示例", resident_id=filling.NUMBER)
    replies = [(await chatter.send(line)).text for line in (*TABLE["at"][row["at"]], *row["says"])]
    talk = "\n".join(chatter.said)
    missing = [words for words in row.get("reads", ()) if not any(words in one for one in replies)]
    assert missing == [], talk
    assert all(filling.NUMBER not in one for one in replies), talk
    cases = await Case.filter(person=person)
    if row["filed"] == "none":
        assert cases == [], talk
        return
    (case,) = cases
    told = json.loads(json.dumps(case.answers))
    assert {name: told.get(name) for name in row["filed"]} == row["filed"], talk


def test_the_table_has_as_many_people_as_it_has_to() -> None:
    assert len(ROWS) >= 60
