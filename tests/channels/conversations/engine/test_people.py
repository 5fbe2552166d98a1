"""People as they are, written by hand in people.toml: each ends well, filed, answered, asked again or with a person."""

from __future__ import annotations

import json
import tomllib
from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from banshi.kernel.tables.cases import Case
from banshi.testing import Door
from conversations import Content, File, Place, Voice
from tests.channels.chatting import Chatter
from tests.clients.made_up_city import open_city
from tests.plugins import filling
from tests.plugins.test_departments import snapshot

PEOPLE = tomllib.loads(Path(__file__).with_name("people.toml").read_text("utf-8"))["person"]
#: An hour at which the offices are closed.
EVENING = 20
#: The state in which a conversation is at such an end.
STATES = {
    "filed": {"menu"},
    "answered": {"menu"},
    "link": {"menu"},
    "menu": {"menu"},
    "person": {"idle", "menu", "asking", "leaving-word"},
    "asked": {"idle", "menu", "asking", "linking"},
}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def city(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Door]:
    async with open_city(tmp_path_factory.mktemp("city")) as door:
        now = datetime.now(door.platform.settings.timezone)
        # They write in the evening: none of tomorrow's appointments is too near to be cancelled (test_own_cases has all
        # hours).
        ahead = timedelta(hours=(EVENING - now.hour) % 24)
        door.platform.now = lambda: datetime.now(UTC) + ahead
        yield door


async def picture() -> bytes:
    return snapshot()


def content_of(line: str) -> Content | str:
    match line.split(" ", 1):
        case ["@photo"]:
            return File(picture, "photo.jpg")
        case ["@place"]:
            return Place(31.4675, 104.679, "人民路口")
        case ["@voice", *words]:
            return Voice(*words)
    return line


@pytest.mark.parametrize("person", PEOPLE, ids=[one["who"] for one in PEOPLE])
@pytest.mark.asyncio(loop_scope="module")
async def test_everybody_ends_well_who(person: Mapping[str, Any], city: Door) -> None:
    chatter = Chatter(city, person.get("language", ""), contact=person["who"])
    subject = f"p-{person['who']}"
    if person.get("linked", True):
        await chatter.is_linked(subject, name="李示例", resident_id=filling.NUMBER)
    begun = city.platform.now
    replies = []
    try:
        for line in person["says"]:
            if line.startswith("@wait"):
                later = city.platform.now() + timedelta(days=1)
                city.platform.now = lambda later=later: later  # type: ignore[misc]
                continue
            replies.append((await chatter.send(content_of(line))).text)
    finally:
        city.platform.now = begun
    talk = "\n".join(chatter.said)
    assert await chatter.state() in STATES[person["ends"]], talk
    for words in person.get("reads", ()):
        assert any(words in one for one in replies), talk
    await _has_ended(person, subject, replies[-1], talk)


async def _has_ended(person: Mapping[str, Any], subject: str, last: str, talk: str) -> None:
    cases = await Case.filter(person=subject)
    match person["ends"]:
        case "filed":
            (case,) = cases
            assert case.item == person["item"], talk
            told = json.loads(json.dumps(case.answers))
            assert {name: told.get(name) for name in person.get("answers", {})} == person.get("answers", {}), talk
        case "answered":
            assert ":" in last, talk
            assert not cases
        case "person":
            assert "110" in last or "12389" in last or any(sign.isdigit() for sign in last), talk
        case "link":
            assert "/v1/tips/forms/" in last, talk
        case _:
            assert not cases, talk
            assert last
