"""What listeners hear of conversations: that something happened, and nothing that leads to anybody."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from banshi.sdk.events import event_types
from banshi.testing import Door, open_door
from conversations.holdings import tidy
from conversations.tables.models import ChannelConversation, ContactLink
from tests.banshi.kernel.outbox.test_events import EAR
from tests.channels.chatting import Chatter, Phone
from tests.channels.conversations.engine.turn.test_turns import before_the_end
from tests.channels.conversations.figures.test_figures import ITEM, asked
from tests.channels.desk.bureau import DEPARTMENTS, DESKS, WORKDAY, Clock

PREFIX = "banshi.conversation."


@pytest.fixture
async def city(tmp_path: Path) -> AsyncIterator[Door]:
    (tmp_path / "ear").mkdir()
    (tmp_path / "ear" / "__init__.py").write_text(EAR, encoding="utf-8")
    departments: dict[str, Path | str] = {name: DEPARTMENTS / name for name in ("petitions", "fire")}
    plugins = {"ear": tmp_path / "ear", **departments, "conversations": "conversations"}
    async with open_door(tmp_path, plugins, settings={"conversations": {"desks": DESKS}}) as door:
        yield door


async def heard(door: Door) -> list[Any]:
    """Those of conversations, in their order."""
    import importlib

    await door.settled()
    await asyncio.sleep(0)
    events = importlib.import_module("banshi_plugins.ear").HEARD
    return sorted((one for one in events if one.type.startswith(PREFIX)), key=lambda one: str(one.id))


async def actions(door: Door) -> list[str]:
    return [one.type.removeprefix(PREFIX) for one in await heard(door)]


async def test_what_happens_is_told_once_with_an_id_that_leads_nowhere(city: Door) -> None:
    chatter = Chatter(city, "zh-CN", "contact-1234")
    await before_the_end(chatter)
    for _ in range(3):
        await chatter.send("1", key="the-last")
    await chatter.send("解绑")
    events = await heard(city)
    assert [one.type.removeprefix(PREFIX) for one in events] == ["begun", "filed", "unlinked"]
    assert [(one.department, one.item) for one in events] == [("petitions", ITEM)] * 2 + [("", "")]
    assert {one.type for one in events} <= event_types(city.platform.registry)
    assert len({one.subject for one in events}) == 1
    row = await ChannelConversation.get(contact="contact-1234")
    link = await ContactLink.get(conversation_id=row.id)
    told = str([asdict(one) for one in events])
    for personal in ("contact-1234", str(row.id), row.id.hex, str(link.id), "'li'", "李示例"):
        assert personal not in told, personal
    assert events[1].data == {"account": Phone.name, "item": ITEM, "action": "filed", "pointer": None}


async def test_who_stops_or_wants_a_person_is_told_of_with_the_question(city: Door) -> None:
    clock = Clock(city, WORKDAY)
    await (await asked(city, "first")).send("取消")
    await (await asked(city, "second")).send("人工")
    await asked(city, "third")
    clock.on(days=8)
    await tidy(city.platform)
    events = [one for one in await heard(city) if one.data["action"] in ("left", "person")]
    # The second waits for a person still, and their item is forgotten with the rest.
    assert sorted(one.data["action"] for one in events) == ["left", "left", "left", "person"]
    assert {one.data["pointer"] for one in events} == {events[0].data["pointer"]}
    assert str(events[0].data["pointer"]).startswith("/answers/")
    assert len({one.subject for one in events}) == 3


async def test_a_contact_that_is_bound_and_let_go_by_the_app_is_told_of(city: Door) -> None:
    li, chatter = city.citizen("li"), Chatter(city, "zh-CN")
    await chatter.send("0")
    code = (await li.post("/v1/conversations/codes")).created()
    await chatter.is_theirs(code["digits"])
    (link,) = (await li.get("/v1/conversations/links")).ok()["items"]
    for _ in range(2):
        await li.delete(f"/v1/conversations/links/{link['id']}")
    assert await actions(city) == ["linked", "unlinked"]


async def test_nothing_of_an_item_is_told_of_a_contact_that_is_bound_to_nobody(city: Door) -> None:
    Clock(city, WORKDAY)
    stranger = Chatter(city, "zh-CN", "stranger")
    await stranger.begin((await city.anyone.get(f"/v1/items/{ITEM}")).ok()["title"])
    await stranger.send("取消")
    assert await actions(city) == []
    await stranger.send("人工")
    assert [(one.data["action"], one.item) for one in await heard(city)] == [("person", "")]
