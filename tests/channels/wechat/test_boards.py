"""WeChat's own: codes of the city, kinds of message that can't be read, and every kind of entry below the chat."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from banshi.testing import Door, open_door
from tests.channels.wechat.phones import PETITIONS, Phone, bureau, settings
from wechat import menu
from wechat.sandbox.api.menu import check_button

SCENES = {"station12": {"item": "police-offices"}, "12": {"item": "consult-police"}}
GREETS = "这里可以办理"
NUMBERS = itertools.count()
UNSUPPORTED = "【收到不支持的消息类型，暂无法显示】"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shared(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Door]:
    async with bureau(tmp_path_factory.mktemp("bureau")) as door:
        yield door


@pytest.mark.parametrize("encrypts", [True, False])
async def test_a_poster_s_scene_opens_what_the_settings_say_and_any_other_greets(
    tmp_path: Path, *, encrypts: bool
) -> None:
    async with bureau(tmp_path, scenes=SCENES, **({} if encrypts else {"aes_key": ""})) as door:

        def phone(name: str) -> Phone:
            return Phone(door, openid=f"o{name:0<27}", encrypts=encrypts)

        title = (await door.anyone.get("/v1/items/police-offices")).ok()["title"]
        assert title in await phone("a").event("subscribe", EventKey="qrscene_station12", Ticket="T")
        follower = phone("b")
        assert GREETS in await follower.event("subscribe", EventKey="")
        assert title in await follower.event("SCAN", EventKey="station12", Ticket="T")
        for number, key in enumerate(("qrscene_station13", "qrscene_4294967295", "last_trade_no_4004", "qrscene_")):
            said = await phone(f"c{number}").event("subscribe", EventKey=key, Ticket="T")
            assert GREETS in said
            assert "绑定码" not in said
        assert "绑定码" not in await follower.event("SCAN", EventKey="elsewhere", Ticket="T")
        # A code of the app that is over is still told so.
        assert "绑定码" in await follower.event("SCAN", EventKey="A" * 43, Ticket="T")


@pytest.mark.parametrize(
    "scenes",
    [
        {"a": {}},
        {"a": {"item": "zone-pass", "desk": "fire"}},
        {"a": {"page": "x"}},
        {"": {"item": "zone-pass"}},
        {"x" * 65: {"item": "zone-pass"}},
        {"有": {"item": "zone-pass"}},
        {"a": "zone-pass"},
    ],
)
async def test_a_scene_that_leads_nowhere_is_refused_at_the_start(tmp_path: Path, scenes: Any) -> None:
    plugins: dict[str, Path | str] = {"petitions": PETITIONS, "conversations": "conversations", "wechat": "wechat"}
    with pytest.raises(Exception, match="scenes"):
        async with open_door(tmp_path, plugins, settings=settings(scenes=scenes)):
            pass


async def test_a_scene_of_an_item_that_there_is_not_is_named(tmp_path: Path) -> None:
    with pytest.raises(Exception, match=r"scenes\.hall.*no item 'gone'"):
        async with bureau(tmp_path, scenes={"hall": {"item": "gone"}}):
            pass


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"MsgType": "video", "MediaId": "m", "ThumbMediaId": "t"}, "这里收不了视频"),
        ({"MsgType": "shortvideo", "MediaId": "m", "ThumbMediaId": "t"}, "这里收不了视频"),
        ({"MsgType": "file", "Title": "a.docx", "FileKey": "k", "FileMd5": "m"}, "读不了这种消息"),
        ({"MsgType": "miniprogrampage", "Title": "t", "AppId": "wx1", "PagePath": "p"}, "读不了这种消息"),
        ({"MsgType": "hologram"}, "读不了这种消息"),
        ({"MsgType": "text", "Content": UNSUPPORTED}, "读不了这种消息"),
        ({"MsgType": "text", "Content": "/:rose[微笑]"}, ""),
        ({"MsgType": "link", "Title": "集会游行示威", "Description": "", "Url": "https://a.example/"}, "不打开链接"),
    ],
)
@pytest.mark.asyncio(loop_scope="module")
async def test_what_no_chat_reads_is_told_in_words_and_is_no_search(
    shared: Door, fields: dict[str, str], told: str
) -> None:
    phone = Phone(shared, openid=f"o{next(NUMBERS):027}")
    await phone.event("subscribe", EventKey="")
    said = await phone.sends(**fields)
    assert told in said
    assert said
    assert "申请" not in said


# -- the menu ---------------------------------------------------------------------------------------------------------

KINDS: list[dict[str, Any]] = [
    {
        "title": "微服务",
        "entries": [
            {"title": "全部事项", "says": "全部事项"},
            {"title": "网上大厅", "url": "https://services.city.example/?a=1&b=2"},
            {
                "title": "小程序",
                "miniprogram": {"appid": "wx0123456789abcdef", "pagepath": "pages/index?x=1"},
                "url": "https://services.city.example/",
            },
            {"title": "防骗文章", "article_id": "ABc-12_d"},
        ],
    },
    {"title": "微发布", "url": "https://services.city.example/news"},
    {"title": "人工", "says": "人工"},
]


async def test_an_entry_of_each_kind_is_as_wechat_takes_it(tmp_path: Path) -> None:
    async with bureau(tmp_path) as door:
        made = (await menu.made(door.platform, KINDS)).document["button"]
    for one in made:
        check_button(one, sub=False)
    assert [one.get("type") for one in made] == [None, "view", "click"]
    assert [one["type"] for one in made[0]["sub_button"]] == ["click", "view", "miniprogram", "article_id"]
    assert made[0]["sub_button"][2]["pagepath"] == "pages/index?x=1"
    assert made[0]["sub_button"][1]["url"].endswith("?a=1&b=2")


async def test_boards_that_a_city_hasn_t_are_left_out_and_named(tmp_path: Path) -> None:
    entries = [{"title": "通知公告", "says": "公告"}, {"title": "招领", "says": "招领启事"}]
    async with bureau(tmp_path) as door:
        made = await menu.made(door.platform, [{"title": "微发布", "entries": entries}, KINDS[2]])
    assert made.left_out == ["通知公告 (公告)"]


@pytest.mark.parametrize(
    "entry",
    [
        {"title": "页面", "url": "http://services.city.example/"},
        {"title": "页面", "url": "javascript:alert(1)"},
        {"title": "页面", "url": "https:///a"},
        {"title": "页面", "url": "https://a.example/ b"},
        {"title": "页面", "url": "https://a.example/" + "x" * 1024},
        {"title": "页面", "url": 7},
        {"title": "页面"},
        {"title": "页面", "says": "公告", "url": "https://a.example/"},
        {"title": "页面", "article_id": "a", "says": "公告"},
        {"title": "页面", "says": "字" * 43},
        {"title": "程序", "miniprogram": {"appid": "wx1", "pagepath": "p"}},
        {"title": "程序", "miniprogram": {"appid": "wx1"}, "url": "https://a.example/"},
        {"title": "程序", "miniprogram": "wx1", "url": "https://a.example/"},
        {"title": "字" * 9, "says": "人工"},
        {"says": "人工"},
    ],
)
@pytest.mark.asyncio(loop_scope="module")
async def test_an_entry_that_can_t_be_is_refused_and_nothing_is_pushed(shared: Door, entry: dict[str, Any]) -> None:
    with pytest.raises((ValueError, KeyError)):
        await menu.made(shared.platform, [{"title": "微发布", "entries": [entry]}])
    with pytest.raises((ValueError, KeyError)):
        await menu.made(shared.platform, [entry, KINDS[2]])
