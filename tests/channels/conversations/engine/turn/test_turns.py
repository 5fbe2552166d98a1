"""An inbound message is taken once: what was acknowledged is kept, and a repeat does nothing again."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
import pytest_asyncio

from banshi import Unavailable
from banshi.kernel.tables.attachments import Attachment
from banshi.kernel.tables.cases import Case
from banshi.testing import Door
from conversations import CONVERSATIONS, Conversations, File, Left, Place, Received, Voice
from conversations.engine.ask import uploading
from conversations.engine.turn.memory import Memory
from conversations.engine.turn.states import ALWAYS, FIRST, TABLE
from conversations.engine.turn.talk import Talk
from conversations.engine.turns import _new
from conversations.tables.models import ChannelConversation, Turn
from tests.channels.chatting import Chatter, Phone
from tests.channels.conversations.offices import nothing_written, office
from tests.plugins import filling
from tests.plugins.test_departments import snapshot


async def before_the_end(chatter: Chatter) -> None:
    """Up to the word that hands a suggestion in."""
    await chatter.is_linked("li", name="李示例", resident_id=filling.NUMBER)
    guide = (await chatter.door.anyone.get("/v1/items/suggest-police")).ok()
    answers = filling.filled(guide["form"], (f"00000000-0000-4000-8000-{count:012}" for count in itertools.count()))
    reply = await chatter.begin(guide["title"])
    await chatter.fill(reply, {"answers": answers})
    assert await chatter.state() == "confirming"


def test_every_state_is_reached_and_left() -> None:
    reached = {FIRST, *TABLE.values(), *ALWAYS.values()}
    assert reached == {state for state, _ in TABLE}


async def test_a_repeat_is_answered_the_same_and_hands_nothing_in_again(tmp_path: Path) -> None:
    async with office(tmp_path) as door:
        chatter = Chatter(door, "zh-CN")
        await before_the_end(chatter)
        first, *again = await asyncio.gather(*(chatter.send("1", key="the-last") for _ in range(3)))
        assert "办件编号" in first.text
        later = await chatter.send("1", key="the-last")
        assert [one.text for one in (*again, later)] == [first.text] * 3
        assert await Case.all().count() == 1
        assert await Turn.filter(key="the-last").count() == 1


async def test_of_two_processes_that_get_the_same_message_one_hands_it_in_and_both_answer_the_same(
    tmp_path: Path,
) -> None:
    async with office(tmp_path) as door:
        chatter = Chatter(door, "zh-CN")
        await before_the_end(chatter)
        # What another process has of its own: the locks.
        here, there = door.platform[CONVERSATIONS], Conversations(door.platform)
        replies = []
        for _ in range(3):
            door.platform.put(CONVERSATIONS, here)
            one = asyncio.ensure_future(chatter.send("1", key="the-last"))
            await asyncio.sleep(0)
            door.platform.put(CONVERSATIONS, there)
            replies += await asyncio.gather(one, chatter.send("1", key="the-last"))
        assert len({one.text for one in replies}) == 1
        assert await Case.all().count() == 1


async def test_two_messages_in_one_millisecond_are_two_turns_and_neither_is_lost(tmp_path: Path) -> None:
    async with office(tmp_path) as door:
        here, there = door.platform[CONVERSATIONS], Conversations(door.platform)
        chatter, at = Chatter(door, "zh-CN"), door.platform.now()
        door.platform.now = lambda: at
        first = asyncio.ensure_future(chatter.send("路灯坏了"))
        await asyncio.sleep(0)
        door.platform.put(CONVERSATIONS, there)
        await asyncio.gather(first, chatter.send("人工"))
        door.platform.put(CONVERSATIONS, here)
        row = await ChannelConversation.get(contact="somebody")
        assert row.version == 2
        assert sorted([turn.heard["text"] for turn in await Turn.all()]) == ["人工", "路灯坏了"]


async def test_other_words_under_the_same_id_are_another_message(tmp_path: Path) -> None:
    async with office(tmp_path) as door:
        chatter = Chatter(door, "zh-CN")
        first = await chatter.send("进度", key="7")
        other = await chatter.send("人工", key="7")
        assert first.text != other.text
        assert (await chatter.send("进度", key="7")).text == first.text
        assert await Turn.filter(key="7").count() == 2


async def test_ids_of_a_provider_that_are_very_long_are_told_apart_and_repeats_known(tmp_path: Path) -> None:
    async with office(tmp_path) as door:
        chatter = Chatter(door, "zh-CN")
        one, other = "k" * 5_000 + "1", "k" * 5_000 + "2"
        first = await chatter.send("进度", key=one)
        assert (await chatter.send("进度", key=one)).text == first.text
        await chatter.send("进度", key=other)
        assert await Turn.all().count() == 2


HOSTILE = {
    "nothing": "",
    "a megabyte": "字" * 350_000,
    "emoji": "👮🏽‍♀️🚓💥" * 20,
    "right to left": "\u202eمرحبا\u202c كيف",
    "nothing that is seen": "\u200b\u200d\ufeff",
    "NUL": "a\0b",
    "half a pair": "\ud83d",
    "markup": "<script>alert(1)</script>{{7*7}}",
    "SQL": "'; DROP TABLE conversations_turn; --",
    "no words": "   \n\t ",
    "digits of another script": "١٢٣",
}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shared(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Door]:
    async with office(tmp_path_factory.mktemp("office")) as door:
        yield door


@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.asyncio(loop_scope="module")
async def test_whatever_is_written_is_answered_in_words_and_the_form_goes_on(name: str, shared: Door) -> None:
    chatter, text = Chatter(shared, "zh-CN", name), HOSTILE[name]
    assert (await chatter.send(text)).text
    await before_the_end(chatter)
    reply = await chatter.send(text)
    assert reply.text
    assert await chatter.state() in ("confirming", "asking")
    assert await Case.all().count() == 0


async def test_what_no_form_asks_for_is_answered_and_changes_nothing(tmp_path: Path) -> None:
    async def picture() -> bytes:
        return snapshot()

    async with office(tmp_path) as door:
        chatter = Chatter(door, "zh-CN")
        await chatter.send("0")
        for content in (File(picture), Place(39.9, 116.4), Voice(), Voice("路灯坏了")):
            assert (await chatter.send(content)).text
        assert await chatter.state() == "menu"


async def test_whoever_leaves_and_comes_back_is_greeted_and_finds_what_they_were_at(tmp_path: Path) -> None:
    async with office(tmp_path) as door:
        chatter = Chatter(door, "zh-CN")
        await before_the_end(chatter)
        await chatter.send(Left())
        assert await chatter.state() == "gone"
        tomorrow = door.platform.now() + timedelta(days=1)
        door.platform.now = lambda: tomorrow
        reply = await chatter.send("你好")
        assert any("继续办理" in one.label for one in reply.buttons)
        await chatter.send("继续")
        assert "办件编号" in (await chatter.send("1")).text


async def test_a_message_while_the_database_is_away_is_taken_when_it_comes_again(tmp_path: Path) -> None:
    async with office(tmp_path) as door:
        chatter = Chatter(door, "zh-CN")
        await before_the_end(chatter)
        with nothing_written(door, Unavailable()), pytest.raises(Unavailable):
            await chatter.send("1", key="the-last")
        assert "办件编号" in (await chatter.send("1", key="the-last")).text
        assert await Case.all().count() == 1


async def test_a_file_of_a_stranger_is_nobodys_and_is_not_kept(tmp_path: Path) -> None:
    """One that any stranger could hand in, and that would take the room of all of them."""

    async def picture() -> bytes:
        return snapshot()

    async with office(tmp_path) as door:
        received = Received(key="1", contact="stranger", content=File(picture), at=door.platform.now())
        row = _new(Phone().name, received.contact, received.at)
        talk = Talk(door.platform, row, is_new=True, received=received, memory=Memory.of(row.memory))
        assert await uploading.stored(talk, File(picture), picture) is None
        assert "身份" in talk.reply.text
        assert await Attachment.all().count() == 0
