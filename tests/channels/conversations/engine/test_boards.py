"""What anybody reads in a chat without a name: all items, and what is published; and what isn't read there."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import pytest_asyncio

from banshi.kinds.posting.models import PostingRecord
from banshi.testing import TINY_PNG, Door
from conversations import Entrance, File, Joined, Place, Scanned, Unread, Video
from conversations.engine.turn.commands import command_in
from mobile_push.tables.models import Broadcast
from tests.channels.chatting import Chatter
from tests.channels.conversations.offices import claimed, office
from tests.channels.desk.bureau import WORKDAY, Clock, bureau, calls, officer
from tests.mobile_push.broadcasts.alerts.test_alerts_in_force import alert
from tests.town.registers import import_samples

PLACES = ("traffic", "petitions", "criminal", "public_order", "exit_entry")


@pytest.fixture
async def door(tmp_path: Path) -> AsyncIterator[Door]:
    async with office(tmp_path, names=PLACES, plugins={"mobile_push": "mobile_push"}) as opened:
        yield opened


async def notice(door: Door, seq: int, title: str, **changes: Any) -> Broadcast:
    at = int(door.platform.now().timestamp() * 1000) + seq
    texts = {"zh-CN": title, "en": title}
    audience = changes.pop("audience", {"everyone": True})
    row = alert(door, seq, audience, **{"kind": "notice", "title": texts, "published_at": at, **changes})
    if row.kind == "notice":
        row.cap = None
    await row.save()
    return row


async def posting(door: Door, sort: str, title: str, **changes: Any) -> PostingRecord:
    now = door.platform.now()
    values = {
        "item": "lost-and-found",
        "department": "public-order",
        "state": "public",
        "text": "黑色，内有钥匙。",
        "place": "人民公园",
        "day": date(2026, 11, 20),
        "facts": {},
        "photos": [],
        "terms": "",
        "published_at": now,
        "expires_at": now + timedelta(days=9),
    }
    return await PostingRecord.create(case_id=uuid4(), sort=sort, title=title, **values | changes)


async def test_all_items_are_browsed_by_department_and_page_by_page_each_once(door: Door) -> None:
    somebody = Chatter(door, "zh-CN")
    listed = await somebody.send("全部事项")
    departments = (await door.anyone.get("/v1/departments")).ok()["items"]
    assert [one.label for one in listed.buttons] == [one["title"] for one in departments]
    page = await somebody.send("交警支队")
    seen: list[str] = []
    while page.buttons[-1].label == "更多":
        assert len(page.buttons) == 11
        seen += [one.label for one in page.buttons[:-1]]
        page = await somebody.send("更多")
    seen += [one.label for one in page.buttons]
    there = (await door.anyone.get("/v1/items?department=traffic&limit=100")).ok()["items"]
    assert seen == [one["title"] for one in there]
    assert len(seen) > 20
    begun = await somebody.send("1")
    assert seen[len(seen) // 10 * 10] in begun.text


async def test_a_search_that_finds_many_has_a_next_page(door: Door) -> None:
    somebody = Chatter(door, "zh-CN")
    first = await somebody.send("查询")
    assert [one.label for one in first.buttons][-1] == "更多"
    second = await somebody.send("更多")
    assert not {one.label for one in first.buttons[:-1]} & {one.label for one in second.buttons[:-1]}


async def test_a_stranger_reads_announcements_the_newest_first_and_each_whole(door: Door) -> None:
    somebody = Chatter(door, "zh-CN")
    assert "目前没有内容" in (await somebody.send("警方公告")).text
    for number in range(1, 12):
        content = {"zh-CN": "正文" * 1000, "en": "Text"} if number == 11 else None
        await notice(door, number, f"通告{number}号", content=content)
    await notice(door, 12, "只给几个人", audience={"people": {"items": ["zone-pass"], "states": ["approved"]}})
    await notice(door, 13, "还没发布", state="draft")
    page = await somebody.send("通知公告")
    assert [one.label.partition(" · ")[0] for one in page.buttons] == [f"通告{n}号" for n in range(11, 1, -1)] + [
        "更多"
    ]
    read = await somebody.send("1")
    assert read.text.startswith("通告11号")
    assert "正文正文" in read.text
    assert "全文请在市民应用中查看" in read.text
    assert len(read.text) < 2_000
    # What was taken back meanwhile is told so, by the number on the screen.
    await Broadcast.filter(seq=10).update(state="recalled")
    assert "已撤回" in (await somebody.send("2")).text
    assert [one.label.partition(" · ")[0] for one in (await somebody.send("更多")).buttons] == ["通告1号"]
    assert "只给几个人" not in "".join(somebody.said)


async def test_alerts_and_postings_are_read_by_a_word_and_nobody_is_asked_who_they_are(door: Door) -> None:
    somebody = Chatter(door, "zh-CN")
    await notice(door, 1, "暴雨红色预警", kind="alert", body={"zh-CN": "请勿外出。", "en": "Stay in."})
    await posting(door, "found", "捡到钱包")
    await posting(door, "missing-person", "寻找老人")
    await posting(door, "missing-person", "已经找到", state="ended")
    assert [one.label for one in (await somebody.send("微发布")).buttons] == [
        *("通知公告", "预警信息", "招领启事", "寻物启事", "寻人启事")
    ]
    (one,) = (await somebody.send("预警")).buttons
    assert one.label.startswith("暴雨红色预警")
    assert "请勿外出。" in (await somebody.send("1")).text
    (one,) = (await somebody.send("招领启事")).buttons
    told = (await somebody.send(one.says)).text
    assert "黑色，内有钥匙。\n人民公园" in told
    assert "双方都不显示姓名" in told
    (one,) = (await somebody.send("寻人启事")).buttons
    assert one.label.startswith("寻找老人")
    assert "登录" not in "".join(somebody.said)


async def test_where_no_plugin_has_such_a_list_there_is_nothing_and_no_form_is_lost(tmp_path: Path) -> None:
    async with office(tmp_path) as door:
        somebody = Chatter(door, "zh-CN")
        await somebody.is_linked("li", name="李示例")
        asked = await somebody.begin("对公安工作的建议")
        assert await somebody.state() == "asking"
        await somebody.send("取消绑定")
        assert "目前没有内容" in (await somebody.send("公告")).text
        assert asked.text


@pytest.mark.parametrize("word", ["预警", "公告", "全部事项", "寻人启事"])
async def test_at_an_open_question_such_a_word_may_be_the_answer(tmp_path: Path, word: str) -> None:
    assert command_in(word) is not None
    async with office(tmp_path) as door:
        somebody = Chatter(door, "zh-CN")
        await somebody.is_linked("li", name="李示例")
        await somebody.begin("对公安工作的建议")
        for _ in range(9):
            reply = await somebody.send("1")
            if reply.asked is not None and reply.asked.sort == "text":
                break
        assert await somebody.state() == "asking"
        await somebody.send(word)
        assert await somebody.state() == "asking"


async def test_what_is_nobody_s_is_looked_up_by_a_stranger(door: Door) -> None:
    await import_samples(door, "traffic")
    somebody = Chatter(door, "zh-CN")
    await somebody.begin("违法代码查询")
    await somebody.send("1039")
    told = await somebody.send("1")
    assert "100" in told.text
    assert "确认您的身份" not in "".join(somebody.said)


# -- what isn't read --------------------------------------------------------------------------------------------------


async def nothing() -> bytes:
    return TINY_PNG


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shared(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Door]:
    async with office(tmp_path_factory.mktemp("office"), names=PLACES) as opened:
        yield opened


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (Unread(), "读不了这种消息"),
        (Video(), "这里收不了视频"),
        ("[微笑]", "读不了这种消息"),
        ("😀😀", "读不了这种消息"),
        ("看看这个\nhttps://services.city.example/a", "这里不打开链接"),
        (File(nothing, "a.png"), "民警接待时才收"),
        (Place(31.4, 104.6, "集会广场"), "民警接待时才收"),
    ],
)
@pytest.mark.asyncio(loop_scope="module")
async def test_what_says_nothing_by_itself_is_told_with_what_can_be_sent(shared: Door, content: Any, told: str) -> None:
    somebody = Chatter(shared, "zh-CN", told)
    for _ in range(2):
        reply = await somebody.send(content)
        assert told in reply.text
        assert not {one.says for one in reply.buttons} - {"1", "2", "3", "4"}
        assert "集会" not in reply.text


async def test_at_a_question_what_cant_be_read_is_told_and_the_question_comes_again(tmp_path: Path) -> None:
    async with office(tmp_path) as door:
        somebody = Chatter(door, "zh-CN")
        await somebody.is_linked("li", name="李示例")
        asked = await somebody.begin("对公安工作的建议")
        reply = await somebody.send(Video())
        assert reply.text.startswith("这里收不了视频")
        assert reply.text.splitlines()[-1] == asked.text.splitlines()[-1]
        assert await somebody.state() == "asking"


# -- entrances --------------------------------------------------------------------------------------------------------


async def test_a_code_of_somebody_else_is_a_greeting_and_one_of_the_app_that_is_over_is_told_so(door: Door) -> None:
    greeting = (await Chatter(door, "zh-CN", "first").send(Joined())).text
    for number, scene in enumerate(("station12", "0", "123", "last_trade_no_1", "'; DROP TABLE", "x" * 64)):
        assert (await Chatter(door, "zh-CN", f"by-{number}").send(Scanned(scene))).text == greeting
    assert "绑定码" in (await Chatter(door, "zh-CN", "over").send(Scanned("A" * 43))).text


async def test_a_poster_leads_to_its_item_and_to_its_desk(door: Door) -> None:
    first = Chatter(door, "zh-CN", "first")
    title = (await door.anyone.get("/v1/items/road-conditions")).ok()["title"]
    assert title in (await first.send(Entrance("item", "road-conditions"))).text
    assert await first.state() == "asking"
    gone = await Chatter(door, "zh-CN", "second").send(Entrance("item", "gone"))
    assert gone.text == (await Chatter(door, "zh-CN", "third").send(Joined())).text


async def test_a_poster_leads_to_a_desk(tmp_path: Path) -> None:
    async with bureau(tmp_path) as door:
        Clock(door, WORKDAY)
        somebody = Chatter(door, "en")
        assert "Fire duty room: you are number 1" in (await somebody.send(Entrance("desk", "fire"))).text
        assert await somebody.state() == "waiting"
        # Whoever waits goes on waiting, whatever they scan.
        await somebody.send(Entrance("item", "zone-pass"))
        assert await somebody.state() == "waiting"


# -- leaving an officer -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("words", [("cancel", "cancel"), ("back", "menu"), ("菜单", "返回")])
async def test_whoever_sends_a_word_back_twice_leaves_the_officer(tmp_path: Path, words: tuple[str, str]) -> None:
    async with bureau(tmp_path) as door:
        Clock(door, WORKDAY)
        somebody, li = await calls(door, "first"), officer(door, "li")
        place = await claimed(li)
        assert "once more" in (await somebody.send(words[0])).text
        # Anything in between takes it back.
        assert (await somebody.send("No, wait")).text == ""
        assert "once more" in (await somebody.send(words[0])).text
        assert await somebody.state() == "held"
        assert "ended the conversation" in (await somebody.send(words[1])).text
        assert await somebody.state() == "menu"
        assert (await li.get(place)).ok()["state"] == "left"
        (await li.post(f"{place}/answers", {"text": "Are you there?"})).problem(409, "enquiry-over")


async def test_what_cant_be_read_doesn_t_reach_the_officer_and_the_citizen_knows(tmp_path: Path) -> None:
    async with bureau(tmp_path) as door:
        Clock(door, WORKDAY)
        somebody, li = await calls(door, "first"), officer(door, "li")
        await claimed(li)
        told = (await somebody.send(Video())).text
        assert told.endswith("The officer hasn't got this message.")
        assert await somebody.state() == "held"
