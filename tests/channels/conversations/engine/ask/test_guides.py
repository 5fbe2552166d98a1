"""An item's guide in a chat: what it takes, by a word."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

import pytest

from banshi.testing import Door
from conversations.engine.turn.commands import command_in
from tests.channels.chatting import Chatter
from tests.channels.conversations.offices import office


async def read_all(folder: Path, language: str, code: str) -> tuple[str, Any]:
    """What the word and the item's title are answered with, and the guide as the API has it."""
    async with bureau(folder) as door:
        headers = {"Accept-Language": language}
        guide = (await door.anyone.get(f"/v1/items/{code}", headers=headers)).ok()
        word = {"zh-CN": "指南 ", "en": "Guide "}[language]
        return (await Chatter(door, language).send(word + guide["title"])).text, guide


def bureau(folder: Path) -> AbstractAsyncContextManager[Door]:
    return office(folder, names=["exit_entry"])


@pytest.mark.parametrize(
    ("language", "fee", "time"),
    [("zh-CN", "收费：不收费", "承诺时限：3个工作日"), ("en", "Fee: none", "Done within: 3 working days")],
)
async def test_the_word_and_a_title_read_all_that_an_item_takes(
    language: str, fee: str, time: str, tmp_path: Path
) -> None:
    text, guide = await read_all(tmp_path, language, "criminal-record-inquiry-organisation-foreigner")
    wanted = [guide["title"], guide["summary"], *guide["conditions"], *guide["process"]]
    wanted += [one["title"] for one in guide["materials"]]
    wanted += [one[name] for one in guide["places"] for name in ("title", "address", "hours", "phone")]
    assert [one for one in wanted if one not in text] == []
    assert fee in text.splitlines()
    assert time in text.splitlines()


async def test_a_fee_is_told_in_yuan_and_with_its_note(tmp_path: Path) -> None:
    text, guide = await read_all(tmp_path, "zh-CN", "passport-first")
    assert guide["fee"]["amount"] > 0
    (line,) = [one for one in text.splitlines() if one.startswith("收费：")]
    assert f"{guide['fee']['amount'] / 100:g}元" in line
    assert guide["fee"]["note"] is None or guide["fee"]["note"] in line


async def test_of_several_that_are_found_one_is_chosen_by_its_number(tmp_path: Path) -> None:
    async with bureau(tmp_path) as door:
        chatter = Chatter(door, "zh-CN")
        listed = await chatter.send("护照办事指南")
        assert len(listed.buttons) > 1
        second = await chatter.send("2")
        assert listed.buttons[1].label in second.text.splitlines()
        assert "申请材料：" in second.text
        assert await chatter.state() == "menu"


async def test_in_the_middle_of_a_form_it_is_read_and_the_question_is_asked_again(tmp_path: Path) -> None:
    async with bureau(tmp_path) as door:
        chatter = Chatter(door, "zh-CN")
        await chatter.is_linked("li", name="李示例")
        asked = await chatter.begin(await title_of(door, "passport-first"))
        assert await chatter.state() == "asking"
        assert "回复“指南”" in asked.text
        read = await chatter.send("指南")
        assert "申请材料：" in read.text
        assert read.text.endswith(asked.text.splitlines()[-1])
        assert await chatter.state() == "asking"


async def title_of(door: Door, code: str) -> str:
    return str((await door.anyone.get(f"/v1/items/{code}", headers={"Accept-Language": "zh-CN"})).ok()["title"])


async def test_what_is_not_found_is_said_and_the_word_alone_asks_what_it_is_about(tmp_path: Path) -> None:
    async with bureau(tmp_path) as door:
        chatter = Chatter(door, "zh-CN")
        assert "没有找到" in (await chatter.send("指南 啊啊啊哦哦")).text
        assert "例如“指南 护照”" in (await chatter.send("指南")).text


@pytest.mark.parametrize(
    ("text", "about"),
    [
        ("指南", ""),
        ("办事指南", ""),
        ("指南：护照", "护照"),
        ("护照的办事指南", "护照"),
        ("Guide to passport", "passport"),
        ("guide", ""),
    ],
)
def test_the_word_is_understood_in_front_and_behind(text: str, about: str) -> None:
    assert command_in(text) == ("guide", about)


@pytest.mark.parametrize("text", ["guided tour", "I lost my guide", "怎么办护照"])
def test_other_words_are_no_guide(text: str) -> None:
    assert command_in(text) is None


def test_going_on_is_no_wish_to_be_told() -> None:
    assert [command_in(one) for one in ("继续吧", "继续一下")] == [("continue", "")] * 2
    assert command_in("继续发路况") == ("unmute", "路况")
