"""The city on WeChat as a phone does it: look-ups, bookings, lost and found, a tip's link, the menu, and what fails.

WeChat's side is the sandbox, which knows nothing of our own code; what people answer is told by the Python client.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import pytest_asyncio

from banshi import Write
from banshi.kernel.outbox.outbox import message_rows
from banshi.kinds.appointment.scheduler import make_ahead
from banshi.testing import Door, open_door
from conversations import Content, File, Place, Reply, Text
from conversations.tables.models import Said, Turn
from tests.channels.chatting import Chatter
from tests.channels.conversations.engine import test_every_item as items
from tests.channels.wechat.phones import NOBODY, account_at, result
from tests.clients.people import City
from tests.plugins.test_departments import snapshot
from tests.town.registers import DEPARTMENTS, import_samples
from wechat import menu
from wechat.accounts import ACCOUNTS
from wechat.sandbox.account import Account, Keys, Template
from wechat.sandbox.control import WeChatSandbox
from wechat.telling import articles
from wire.places import to_gcj02

#: Seconds that what is said unasked may take to arrive.
PATIENCE_S = 20.0


@asynccontextmanager
async def city_on_wechat(
    folder: Path, *names: str, cover: bool = False, push: Mapping[str, Any] | None = None, **more: Any
) -> AsyncIterator[tuple[Door, WeChatSandbox]]:
    """These departments, and an account of theirs at the sandbox; `push` is what mobile_push is set to."""
    async with WeChatSandbox(NOBODY, account=Account(Keys(), "safe")) as wechat:
        account = account_at(wechat, **more)
        if cover:
            account["cover_media_id"] = wechat.media.keep("image", snapshot(), for_good=True)
        plugins: dict[str, Path | str] = {name: DEPARTMENTS / name for name in names}
        plugins |= {name: name for name in ("mobile_push", "conversations", "wechat")}
        settings = {"wechat": {"accounts": {"bureau": account}}, "mobile_push": dict(push or {})}
        async with open_door(folder, plugins, settings=settings) as door:
            wechat.callbacks.to = f"{door.url}/v1/wechat/bureau"
            await import_samples(door, *names)
            await make_ahead(door.platform)
            assert await wechat.callbacks.check_server()
            yield door, wechat


async def nothing_waits() -> None:
    """Until all that was to be said unasked has been."""
    async with asyncio.timeout(PATIENCE_S):
        while await Said.filter(state="waiting").exists():  # noqa: ASYNC110 - another process might have sent it
            await asyncio.sleep(0.02)


class ByPhone(Chatter):
    """A chatter whose words go through WeChat."""

    def __init__(self, wechat: WeChatSandbox, door: Door, language: str, contact: str) -> None:
        super().__init__(door, language, contact)
        self._phone = wechat.phone(contact)
        self.contact = self._phone.me.openid

    async def send(self, content: Content | str, key: str = "") -> Reply:  # noqa: ARG002 - WeChat gives the key
        phone = self._phone
        if not phone.me.follows:
            await phone.follows()
        before = len(phone.seen)
        match content:
            case Text(text) | str(text):
                await phone.says(text)
            case File(fetch, _):
                await phone.sends("image", await fetch())
            case Place(latitude, longitude, label):
                await phone.is_at(*to_gcj02(latitude, longitude), label)
            case _:
                raise AssertionError(content)
        # What doesn't fit into one text comes after it.
        await nothing_waits()
        text = "\n".join(one.text for one in phone.seen[before:] if one.via in ("reply", "service"))
        assert text, f"{content!r} is answered with nothing: {phone.seen[before:]}"
        self.said += [f"> {content!r}"[:200], text]
        turn = await Turn.filter(conversation__contact=self.contact).order_by("-id").first()
        assert turn is not None
        return replace(Reply.of(turn.reply), text=text)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def whole(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[tuple[Door, WeChatSandbox]]:
    names = sorted(one.parent.name for one in DEPARTMENTS.glob("*/items.toml"))
    async with city_on_wechat(tmp_path_factory.mktemp("city"), *names) as both:
        yield both


@pytest.mark.long
@pytest.mark.asyncio(loop_scope="module")
async def test_look_ups_bookings_lost_and_found_and_a_tips_link_work_on_a_phone(
    whole: tuple[Door, WeChatSandbox], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What comes of each is what HTTP makes of the same answers.

    It takes long: dozens of items are talked to their end.
    """
    door, wechat = whole

    def by_phone(door: Door, language: str, contact: str = "somebody") -> Chatter:
        return ByPhone(wechat, door, language, contact)

    monkeypatch.setattr(items, "Chatter", by_phone)
    registry = door.platform.registry.items
    wanted = [one for one in registry.values() if one.kind in ("query", "appointment")]
    wanted += [registry[code] for code in ("lost-and-found", "crime-tip")]
    people = City(door, "zh-CN")
    ends = {one.code: await items.talked(people, one, "zh-CN") for one in wanted}
    assert {code for code, end in ends.items() if end == "answered"} == {
        one.code for one in wanted if one.kind == "query"
    }
    assert {code for code, end in ends.items() if end == "case"} >= {"lost-and-found", "exit-entry-appointment"}
    assert ends["crime-tip"] == "link"
    assert sum(end == "answered" for end in ends.values()) >= 8
    assert {*ends.values()} == {"answered", "case", "link"}, ends


@pytest.mark.asyncio(loop_scope="module")
async def test_every_entry_of_the_menu_leads_somewhere(whole: tuple[Door, WeChatSandbox]) -> None:
    door, wechat = whole
    made = await menu.made(door.platform, menu.read())
    assert not made.left_out
    await door.platform[ACCOUNTS]["bureau"].api.post("/cgi-bin/menu/create", made.document)
    phone = wechat.phone("看菜单的人")
    await phone.follows()
    entries = [entry for title in phone.menu() for entry in title["sub_button"]]
    assert [len(title["sub_button"]) for title in phone.menu()] == [5, 5, 5]
    for entry in entries:
        (answer,) = [one for one in await phone.taps(entry["name"]) if one.via == "reply"]
        assert "没有看懂" not in answer.text, entry
        await phone.says("中文")


# -- faults ------------------------------------------------------------------------------------------------------


# -- notices and articles ----------------------------------------------------------------------------------------

NOTICE = {"way": "subscription", "template": "tpl-once", "fields": {"thing1": "item", "character_string2": "number"}}


async def test_a_result_reaches_whoever_wants_the_notice_and_else_the_chat(tmp_path: Path) -> None:
    """By the whole way: a promise in the outbox, the channel, WeChat."""
    async with city_on_wechat(tmp_path, "petitions", notice=NOTICE) as (door, wechat):
        wechat.account.templates["tpl-once"] = Template(
            "once", "办理结果", "{{thing1.DATA}}\n{{character_string2.DATA}}"
        )
        phone, wang = wechat.phone("王小明"), door.citizen("wang", "王小明")
        await phone.follows()
        await phone.says((await wang.post("/v1/conversations/codes")).created()["digits"])
        await phone.says("1")
        await phone.answers_notice("tpl-once", accepts=True)
        for number in "12":
            told = result(door, number, id=str(uuid4()))
            await door.platform.store.commit(Write(rows=list(message_rows(door.platform, told, number))))
            await door.settled()
            await nothing_waits()
        (notice,) = [one.text for one in phone.seen if one.via == "notice"]
        assert "PET-2026-1" in notice
        # Wanted once: the second one is said in the window that the digits have opened.
        (said,) = [one.text for one in phone.seen if one.via == "service"]
        assert "您的建议已答复" in said
        await wechat.told()
        assert [(one.state, one.window, one.code) for one in await Said.all().order_by("id")] == [
            ("delivered", "notice", ""),
            ("refused", "notice", "43101"),
            ("accepted", "click", ""),
        ]


async def test_an_article_is_a_draft_that_a_person_sends_and_counts(tmp_path: Path) -> None:
    async with city_on_wechat(tmp_path, "petitions", cover=True) as (door, wechat):
        account = door.platform[ACCOUNTS]["bureau"]
        await wechat.phone("王小明").follows()
        draft = await articles.drafted(account, "谨防冒充公检法诈骗\n\n民警不会要求转账。\n接到<可疑>电话请报警。")
        assert (
            wechat.articles.drafts[draft][0]["content"]
            == "<p>民警不会要求转账。</p><p>接到&lt;可疑&gt;电话请报警。</p>"
        )
        assert await articles.sent_this_month(door.platform, account) == 0
        wechat.articles.send_draft(draft)
        await wechat.told()
        assert await articles.sent_this_month(door.platform, account) == 1
        with pytest.raises(ValueError, match="title"):
            await articles.drafted(account, "只有标题")
