"""A first message is searched, however short; danger comes first, small talk is answered, and a guess is no offer."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from banshi import LANGUAGES
from banshi.testing import Door
from conversations.engine.turn import commands, small_talk
from conversations.tables.models import ChannelConversation
from tests.channels.chatting import Chatter
from tests.channels.desk.bureau import bureau

QUESTION = "公安业务咨询"


async def asked(chatter: Chatter) -> None:
    """At the question of a form that takes any words."""
    await chatter.is_linked("wang", name="王小明")
    await chatter.begin(QUESTION)
    await chatter.send("1")
    assert await chatter.state() == "asking"


async def answers(chatter: Chatter) -> str:
    (dialogue,) = (await ChannelConversation.get(contact=chatter.contact)).memory["dialogues"]
    return str(dialogue["answers"])


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shared(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Door]:
    async with bureau(tmp_path_factory.mktemp("bureau")) as door:
        yield door


DANGER = {"想死": "12356", "报警": "110", "煤气漏了": "开窗", "baojing": "110", "喝农药了": "120"}


async def test_danger_in_a_first_message_gets_a_number_and_neither_greeting_nor_item(tmp_path: Path) -> None:
    async with bureau(tmp_path, desks=[]) as door:
        for said, first in DANGER.items():
            chatter = Chatter(door, "zh-CN", said)
            reply = await chatter.send(said)
            assert first in reply.text.splitlines()[0]
            assert "您好" not in reply.text
            assert reply.buttons == ()
            assert await chatter.state() == "menu"


@pytest.mark.parametrize("said", ["信访", "投诉", "tousu", "xin fang"])
@pytest.mark.asyncio(loop_scope="module")
async def test_two_characters_and_pinyin_are_enough_for_a_first_message(shared: Door, said: str) -> None:
    assert "是下面哪一项" in (await Chatter(shared, "zh-CN", said).send(said)).text


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("谢谢", "不客气"),
        ("你好", "您好"),
        ("您好，在吗？", "在的"),
        ("你是真人还是AI", "自动服务"),
        ("再见", "再见"),
        ("我心情不好", "12356"),
        ("我是聋人，打不了电话", "12110"),
        ("你们玩我呢", "对不起"),
        ("讲个笑话吧", "不会"),
        ("nihao", "您好"),
    ],
)
@pytest.mark.asyncio(loop_scope="module")
async def test_small_talk_is_answered_and_lists_no_item(shared: Door, said: str, told: str) -> None:
    chatter = Chatter(shared, "zh-CN", said)
    for _ in range(2):
        reply = await chatter.send(said)
        assert told in reply.text.splitlines()[0]
        assert "是下面哪一项" not in reply.text


async def test_small_talk_at_a_question_is_answered_and_the_question_comes_again(tmp_path: Path) -> None:
    async with bureau(tmp_path, desks=[]) as door:
        chatter = Chatter(door, "zh-CN")
        await asked(chatter)
        for said, told in (("谢谢", "不客气"), ("你是机器人吗", "我是自动服务")):
            reply = await chatter.send(said)
            assert reply.text.startswith(told)
            assert reply.text.splitlines()[-1] == "标题"
            assert said not in await answers(chatter)


@pytest.mark.parametrize("said", ["工资被拖欠", "6", "qqqq qqqq"])
@pytest.mark.asyncio(loop_scope="module")
async def test_where_nothing_likely_is_found_whom_to_ask_is_told_and_no_item_is_offered(
    shared: Door, said: str
) -> None:
    reply = await Chatter(shared, "zh-CN", said).send(said)
    assert "没有看懂" in reply.text
    assert "12345" in reply.text
    assert [button.label for button in reply.buttons][:2] == ["我的办件", "人工服务"]


async def test_a_cry_at_a_question_is_not_its_answer_and_the_dialogue_waits_where_it_was(tmp_path: Path) -> None:
    async with bureau(tmp_path, desks=[]) as door:
        chatter = Chatter(door, "zh-CN")
        await asked(chatter)
        for _ in range(2):
            reply = await chatter.send("我家着火了")
            assert "119" in reply.text.splitlines()[0]
            assert "继续" in reply.text.splitlines()[-1]
            assert await chatter.state() == "asking"
            assert "着火" not in await answers(chatter)
        assert (await chatter.send("继续")).text.splitlines()[-1] == "标题"


async def test_what_only_sounded_like_a_cry_is_the_answer_once_that_is_said(tmp_path: Path) -> None:
    async with bureau(tmp_path, desks=[]) as door:
        chatter = Chatter(door, "zh-CN")
        await asked(chatter)
        await chatter.send("我家着火了")
        await chatter.send("这是答案")
        assert "我家着火了" in await answers(chatter)


async def test_whoever_waits_for_an_officer_is_told_whom_to_call_as_well(tmp_path: Path) -> None:
    async with bureau(tmp_path) as door:
        chatter = Chatter(door, "zh-CN")
        await chatter.send("人工")
        await chatter.send("1")
        assert await chatter.state() == "waiting"
        assert "110" in (await chatter.send("他又打我")).text.splitlines()[0]
        assert await chatter.state() == "waiting"


def test_every_kind_of_small_talk_is_said_in_both_languages_and_can_be_met() -> None:
    for name, kind in small_talk.KINDS.items():
        assert all(kind[language] for language in LANGUAGES), name
        assert kind.get("words") or kind.get("parts"), name


@pytest.mark.parametrize("language", [*LANGUAGES, "xx"])
def test_every_command_has_a_word_to_write_in_any_language_of_the_city(language: str) -> None:
    for name in commands._DATA["commands"]:
        found = commands.command_in(commands.word_for(name, language))
        assert found is not None
        assert found[0] in {name, "cancel"}
