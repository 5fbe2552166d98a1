"""Where people say they are at home in a chat, and that alerts and notices reach those alone whom they concern."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, nullcontext
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from banshi.testing import Door, open_door
from conversations.engine.ask.pages import NOT_IN_A_GROUP
from conversations.outbound import alerts
from conversations.outbound.alerts import Alerts
from conversations.sentences import say
from conversations.tables.models import ChannelConversation, Home, Said
from mobile_push.tables.models import Broadcast
from qq.sandbox.server import QqSandbox
from tests.channels.chatting import Chatter
from tests.channels.qq.phones import bot_of
from tests.channels.strangers.judge import LOCAL, nothing_waits
from tests.channels.wechat.phones import account_at
from tests.channels.weibo.test_weibo import account_of
from tests.mobile_push.broadcasts.alerts.test_alerts_in_force import alert
from tests.town.registers import DEPARTMENTS
from tests.waiting import until
from wechat.sandbox.account import Account, Keys
from wechat.sandbox.control import WeChatSandbox
from weibo.sandbox.server import WeiboSandbox

CITY, XIHU, BINJIANG, NINGBO = "330100", "330106", "330108", "330200"
#: Names of districts that are none's besides.
NAMES = ("滨江区", "拱墅区", "余杭区", "临平区", "钱塘区")


@pytest.fixture(autouse=True)
def no_rounds_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(alerts, "rounds", lambda *_: nullcontext())


@asynccontextmanager
async def city(folder: Path, database: str, plugins: Any = (), **settings: Any) -> AsyncIterator[Door]:
    named: dict[str, Path | str] = {"petitions": DEPARTMENTS / "petitions"}
    named |= {"mobile_push": "mobile_push", "conversations": "conversations"}
    named |= plugins if isinstance(plugins, dict) else {name: name for name in plugins}
    own = {"conversations": {"division": CITY}, **settings}
    async with open_door(folder, named, settings=own, platform={"database": database, **LOCAL}) as door:
        yield door


async def published(door: Door, seq: int, kind: str, *divisions: str) -> Broadcast:
    """An alert or a notice for these divisions; a notice for everyone, where there are none."""
    row = alert(door, seq, {"divisions": list(divisions)} if divisions else {"everyone": True})
    row.kind, row.published_at = kind, int(door.platform.now().timestamp() * 1000)
    area = {"area_desc": "甲", "geocode": [{"value_name": "GB/T 2260", "value": one} for one in divisions]}
    row.cap = {**row.cap, "info": [{**row.cap["info"][0], "area": [area]}]} if kind == "alert" else None
    await row.save()
    return row


async def codes() -> set[str]:
    return {row.division for row in await Home.all()}


async def test_a_citizen_says_their_districts_in_own_words_changes_them_and_forgets_them(
    tmp_path: Path, database: str
) -> None:
    async with city(tmp_path, database) as door:
        wang = Chatter(door, "zh-CN")
        assert "登录绑定" in (await wang.send("我的区县")).text
        await wang.is_linked("wang", name="王示例")
        assert "还没有说过" in (await wang.send("我的区县")).text
        # Several have that name, of another one only one in the city; and of a city the district is asked.
        assert len((await wang.send("鼓楼区")).buttons) > 2
        assert "浙江省杭州市西湖区" in (await wang.send("西湖区")).text
        assert "浙江省杭州市上城区" in (await wang.send("杭州市")).text
        assert await codes() == {XIHU}
        # What is in force there is said at once; what is no district is looked for as ever.
        await published(door, 7, "alert", BINJIANG)
        told = (await wang.send("我住在滨江区")).text
        assert "正在生效的预警：7" in told
        assert await codes() == {XIHU, BINJIANG}
        assert "是哪一个？请" not in (await wang.send("我住在这里的路灯坏了")).text
        held = (await door.citizen("wang").get("/v1/me/data")).ok()["held"]["conversations"]["conversations_home"]
        assert {(one["division"], one["person"]) for one in held} == {(XIHU, "wang"), (BINJIANG, "wang")}
        for name in NAMES:
            told = (await wang.send(f"我住在{name}")).text
        assert ("已经有5个" in told, await Home.all().count()) == (True, 5)
        await wang.send("my district")
        await wang.send("1")
        told = (await wang.send("西湖区")).text
        assert ("杭州市西湖区" in told, "杭州市滨江区" in told) == (False, True)
        # Whoever has the contact later is at home elsewhere, and a group nowhere.
        await wang.is_linked("li")
        assert "还没有说过" in (await wang.send("我的区县")).text
        group = Chatter(door, "zh-CN", contact="g-1", group=True)
        for words in ("我的区县", "我住在滨江区"):
            assert (await group.send(words)).text == say(NOT_IN_A_GROUP)["zh-CN"]
        (await door.citizen("wang").delete("/v1/me")).ok()
        assert await codes() == set()


async def test_whoever_unbinds_the_chat_is_at_home_nowhere_within_the_hour(tmp_path: Path, database: str) -> None:
    from conversations.holdings import tidy

    async with city(tmp_path, database) as door:
        wang = Chatter(door, "zh-CN")
        await wang.is_linked("wang")
        await wang.send("我住在滨江区")
        await tidy(door.platform)
        assert await codes() == {BINJIANG}
        await wang.send("解绑")
        await tidy(door.platform)
        assert await codes() == set()


@asynccontextmanager
async def every_channel(
    folder: Path, database: str, more: Mapping[str, Path | str] = {}
) -> AsyncIterator[tuple[Door, dict[tuple[str, str], Any]]]:
    """A city on WeChat, QQ and Weibo: by channel and home, somebody who has said that, or nothing."""
    async with AsyncExitStack() as stack:
        wechat = await stack.enter_async_context(WeChatSandbox("http://127.0.0.1:9", account=Account(Keys(), "safe")))
        qq = await stack.enter_async_context(QqSandbox("http://127.0.0.1:9"))
        weibo = await stack.enter_async_context(WeiboSandbox("http://127.0.0.1:9"))
        settings = {
            "wechat": {"accounts": {"city": account_at(wechat)}},
            "qq": {"bots": {"city": bot_of(qq)}},
            "weibo": {"accounts": {"city": account_of(weibo)}},
        }
        plugins = {**{name: name for name in settings}, **more}
        door = await stack.enter_async_context(city(folder, database, plugins, **settings))
        people: dict[tuple[str, str], Any] = {}
        for name, sandbox in (("wechat", wechat), ("qq", qq), ("weibo", weibo)):
            sandbox.callbacks.to = f"{door.url}/v1/{name}/city"
            for home in ("", XIHU, BINJIANG, NINGBO):
                phone = people[name, home] = sandbox.phone(f"{name}{home}")
                await phone.follows()
                person = f"{name}-{home}"
                for words in (
                    (await door.citizen(person, person).post("/v1/conversations/codes")).created()["digits"],
                    "1",
                ):
                    await phone.says(words)
        await until(nothing_waits)
        for name, home in people:
            if home:
                row = await ChannelConversation.filter(account__startswith=name).order_by("id")
                conversation = row[("", XIHU, BINJIANG, NINGBO).index(home)].id
                await Home.create(conversation_id=conversation, person=f"{name}-{home}", division=home)
        yield door, people


async def test_what_is_for_a_place_reaches_exactly_those_at_home_there_on_every_channel(
    tmp_path: Path, database: str
) -> None:
    async with every_channel(tmp_path, database) as (door, people):
        wanted = {
            "alert-xihu": (await published(door, 71001, "alert", XIHU), {XIHU}),
            "alert-city": (await published(door, 71002, "alert", CITY), {"", XIHU, BINJIANG}),
            "notice-binjiang": (await published(door, 71003, "notice", BINJIANG), {BINJIANG}),
            "notice-street": (await published(door, 71004, "notice", "330106109"), {XIHU}),
            "notice-province": (await published(door, 71005, "notice", "330000"), {"", XIHU, BINJIANG, NINGBO}),
            "notice-to-everyone": (await published(door, 71006, "notice"), set()),
        }
        for _ in range(2):
            await Alerts(door.platform).look()
            await until(nothing_waits)
        for name, (row, homes) in wanted.items():
            told = [key for key, phone in people.items() for one in phone.seen if one.text.startswith(str(row.seq))]
            assert sorted(told) == sorted(key for key in people if key[1] in homes), name
        # A notice that is taken back is told of where it was read, and what waits of it is not said.
        (row, _) = wanted["notice-binjiang"]
        await Broadcast.filter(id=row.id).update(state="recalled")
        await Alerts(door.platform).look()
        await until(nothing_waits)
        told = [key for key, phone in people.items() if any(one.text == "通知撤回：71003" for one in phone.seen)]
        assert sorted(told) == [(name, BINJIANG) for name in ("qq", "wechat", "weibo")]
        later = door.platform.now() + timedelta(days=8)
        door.platform.now = lambda: later
        await Alerts(door.platform).look()
        assert not await Said.filter(state="waiting").exists()
