"""A chat has a limit: what is beyond is said to be too much, once, and nothing of it is kept."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from banshi.builtin.limits.rates import RATES
from banshi.testing import Door, open_door
from conversations import Left
from conversations.engine import flood
from conversations.tables.models import ChannelConversation, Turn
from desk.tables.models import DeskEvent
from tests.channels.chatting import Chatter
from tests.channels.desk.bureau import DESKS, ENQUIRIES, WORKDAY, Clock, bureau, calls, officer, waiting
from tests.servers.issuer import TRAFFIC

MOST = 5


@asynccontextmanager
async def city(folder: Path, **rates: int) -> AsyncIterator[Door]:
    platform: dict[str, Any] = {"rates": {"burst": MOST, "day": 100, **rates}}
    plugins: dict[str, Path | str] = {"traffic": TRAFFIC, "conversations": "conversations"}
    async with open_door(folder, plugins, platform=platform) as door:
        door.platform[RATES].alone.clock = lambda: 0.0
        yield door


@pytest.mark.parametrize(("language", "told"), [("zh-CN", "发送的消息过多"), ("en", "too much at once")])
async def test_a_flood_is_told_once_and_nothing_of_it_is_kept(tmp_path: Path, language: str, told: str) -> None:
    async with city(tmp_path) as door:
        chatter, other = Chatter(door, language), Chatter(door, language, "another")
        for _ in range(MOST):
            assert (await chatter.send("0")).text
        before = await ChannelConversation.get(contact="somebody")
        replies = [(await chatter.send("x" * 2_000)).text for _ in range(40)]
        assert told in replies[0]
        assert set(replies[1:]) == {""}
        assert await Turn.all().count() == MOST
        after = await ChannelConversation.get(contact="somebody")
        assert (after.version, after.heard_at) == (before.version, before.heard_at)
        # Others aren't held up, and a repeat of what was taken is answered as it was.
        assert (await other.send("0")).text
        first = await chatter.send("0", key="somebody-0")
        assert first.text
        assert first.text != replies[0]


async def test_whoever_is_in_danger_or_leaves_is_heard_however_much_they_wrote(tmp_path: Path) -> None:
    async with city(tmp_path) as door:
        chatter = Chatter(door, "zh-CN")
        for _ in range(MOST + 3):
            await chatter.send("0")
        assert "110" in (await chatter.send("有人拿刀要杀我")).text
        assert await Turn.all().count() == MOST
        await chatter.send(Left())
        assert await chatter.state() == "gone"


async def test_after_a_while_they_are_heard_again_until_the_day_s_are_used_up(tmp_path: Path) -> None:
    """Ten messages for each thing that somebody may create in a day."""
    async with city(tmp_path, burst=1, day=1) as door:
        moment = [0.0]
        door.platform[RATES].alone.clock = lambda: moment[0]
        chatter = Chatter(door, "en")
        for _ in range(flood.MESSAGES_A_THING):
            assert (await chatter.send("0")).text
            moment[0] += 2 * flood.BURST_S
        said = [(await chatter.send("0")).text]
        assert "not read" in said[0]
        for _ in range(20):
            moment[0] += 2 * flood.BURST_S
            said.append((await chatter.send("0")).text)
        assert set(said[1:]) == {""}
        assert await Turn.all().count() == flood.MESSAGES_A_THING
        moment[0] += 2 * flood.DAY_S
        assert (await chatter.send("0")).text


async def test_a_flood_is_one_event_to_the_room_and_its_limit_is_the_desk_s(tmp_path: Path, database: str) -> None:
    own = {"desk": ("desk", {"desks": DESKS, "messages_a_minute": MOST})}
    async with bureau(tmp_path, database, (), beside=own) as door:
        Clock(door, WORKDAY)
        chatter, li = await calls(door, "somebody"), officer(door, "li")
        (enquiry,) = await waiting(li)
        turns, events = await Turn.all().count(), await DeskEvent.all().count()
        door.platform[RATES].alone.clock = lambda: 2.0**40
        for _ in range(230):
            await chatter.send("x")
        assert await Turn.all().count() == turns + MOST
        # That there are words, and that there are too many: of 230 messages.
        assert [one.what for one in await DeskEvent.all().order_by("id").offset(events)] == ["heard", "flood"]
        (await li.post(f"{ENQUIRIES}/{enquiry['id']}/claim")).ok()
        events = await DeskEvent.all().count()
        door.platform[RATES].alone.clock = lambda: 2.0**41
        for _ in range(230):
            await chatter.send("x")
        assert await Turn.all().count() == turns + 2 * MOST
        assert [one.what for one in await DeskEvent.all().order_by("id").offset(events)] == [*["heard"] * MOST, "flood"]
        assert await chatter.state() == "held"
