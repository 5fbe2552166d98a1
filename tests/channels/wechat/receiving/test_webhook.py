"""WeChat's side of the door: what is signed is answered within five seconds, and what isn't is not heard."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import xmltodict

from banshi import Unavailable
from banshi.sdk.operations import write_private
from banshi.sdk.outgoing import SEAL
from banshi.testing import Door
from conversations import ANSWERING, Conversations
from conversations.inbound import answering as answers
from conversations.inbound.kept import Kept
from conversations.tables.models import ChannelConversation, Said, Turn, Window
from tests.channels.wechat.phones import APPID, KEY, PATH, TOKEN, Phone, bureau
from tests.waiting import until
from wire import crypto

BOMB = '<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]><xml><Content>&b;</Content></xml>'


async def rows() -> tuple[int, int]:
    return await ChannelConversation.all().count(), await Turn.all().count()


# -- the check of the address ------------------------------------------------------------------------------------


async def test_wechats_check_is_answered_with_its_own_word_where_it_is_signed(tmp_path: Path) -> None:
    async with bureau(tmp_path) as door:
        phone, at = Phone(door), str(int(door.platform.now().timestamp()))
        query = {**phone.query(at, "n"), "echostr": "6190371286403985241"}
        answer = await door.anyone.get(PATH, params=query)
        assert (answer.status, answer.body) == (200, b"6190371286403985241")
        for wrong in ({"signature": "0" * 40}, {"nonce": "m"}, {"timestamp": "1"}, {"signature": ""}):
            (await door.anyone.get(PATH, params={**query, **wrong})).problem(403, "signature-refused")
        (await door.anyone.get("/v1/wechat/nobodys", params=query)).problem(404, "not-found")


# -- the three modes ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", ["safe", "compatible", "plain"])
async def test_a_message_is_answered_in_the_mode_that_it_came_in(mode: str, tmp_path: Path) -> None:
    async with bureau(tmp_path, **({"aes_key": ""} if mode == "plain" else {})) as door:
        phone = Phone(door, encrypts=mode != "plain")
        if mode != "compatible":
            assert "您好" in await phone.says("你好")
            return
        message = phone.message(MsgType="text", Content="你好")
        at, sealed = (
            str(int(door.platform.now().timestamp())),
            crypto.MessageCipher(KEY, APPID).encrypted(message.encode()),
        )
        both = {**xmltodict.parse(message)["xml"], "Encrypt": sealed}
        query = phone.query(at, "n") | {
            "msg_signature": crypto.signature(TOKEN, at, "n", sealed),
            "encrypt_type": "aes",
        }
        reply = await phone.raw(xmltodict.unparse({"xml": both}, full_document=False).encode(), query)
        assert "您好" in phone.read(reply)


# -- what is not heard -------------------------------------------------------------------------------------------


async def test_a_message_that_is_not_signed_for_now_and_for_this_account_is_not_heard(tmp_path: Path) -> None:
    async with bureau(tmp_path) as door:
        phone = Phone(door)
        message = phone.message(MsgType="text", Content="你好")
        forged = (
            {"signature": "0" * 40},
            {"msg_signature": "0" * 40},
            {"msg_signature": ""},
            {"nonce": "another"},
            {"timestamp": "1411525903"},
            {"timestamp": "９"},
        )
        for query in forged:
            (await phone.posts(message, query=query)).problem(403, "signature-refused")
        for age_s in (301, -301, 86_400):
            (await phone.posts(message, age_s=age_s)).problem(403, "signature-refused")
        # In plain text, rightly signed: nothing says what was in it.
        phone.encrypts = False
        (await phone.posts(message)).problem(403, "signature-refused")
        phone.path = "/v1/wechat/nobodys"
        (await phone.posts(message)).problem(404, "not-found")
        assert await rows() == (0, 0)


async def test_what_another_account_was_sent_is_not_heard_here(tmp_path: Path) -> None:
    async with bureau(tmp_path) as door:
        phone, at = Phone(door), str(int(door.platform.now().timestamp()))
        theirs = crypto.MessageCipher(KEY, "wx0000000000000000")
        sealed = theirs.encrypted(phone.message(MsgType="text", Content="你好").encode())
        query = phone.query(at, "n") | {"msg_signature": crypto.signature(TOKEN, at, "n", sealed)}
        reply = await phone.raw(f"<xml><Encrypt>{sealed}</Encrypt></xml>".encode(), query)
        reply.problem(403, "signature-refused")
        assert await rows() == (0, 0)


@pytest.mark.parametrize("encrypts", [True, False])
async def test_what_is_no_message_is_refused_and_harms_nobody(encrypts: bool, tmp_path: Path) -> None:
    async with bureau(tmp_path, **({} if encrypts else {"aes_key": ""})) as door:
        phone = Phone(door, encrypts=encrypts)
        for message in (BOMB, "<xml>", "你好", phone.message(MsgType="text", MsgId="x", Content="你好")):
            (await phone.posts(message)).problem(400, "malformed-body")
        phone.encrypts = False
        (await phone.posts(BOMB)).problem(400, "malformed-body")
        (await phone.posts(phone.message(MsgType="text", Content="好" * 350_000))).problem(413, "too-large")
        assert await rows() == (0, 0)


# -- what is heard -----------------------------------------------------------------------------------------------


async def test_a_repeat_is_answered_the_same_and_does_nothing_again(tmp_path: Path) -> None:
    async with bureau(tmp_path) as door:
        phone = Phone(door)
        message = phone.message(MsgType="text", Content="你好")
        first, *again = await asyncio.gather(*(phone.posts(message) for _ in range(3)))
        assert {phone.read(one) for one in again} == {phone.read(first)}
        assert await rows() == (1, 1)
        await phone.says("进度")
        assert phone.read(await phone.posts(message)) == phone.read(first)
        assert await rows() == (1, 2)


async def test_whoever_follows_is_greeted_and_whoever_leaves_hears_nothing(tmp_path: Path) -> None:
    async with bureau(tmp_path) as door:
        phone = Phone(door)
        assert "您好" in await phone.event("subscribe", EventKey="")
        assert await phone.event("unsubscribe", EventKey="") == ""
        assert (await ChannelConversation.get()).state == "gone"


async def test_a_scan_is_the_text_of_the_code_for_followers_and_newcomers_alike(tmp_path: Path) -> None:
    async with bureau(tmp_path) as door:
        phone, wang = Phone(door), door.citizen("wang", "王小明")
        token = (await wang.post("/v1/conversations/codes")).created()["token"]
        assert "王**" in await phone.event("subscribe", EventKey=f"qrscene_{token}", Ticket="t")
        assert "王小明" in await phone.says("1")
        token = (await wang.post("/v1/conversations/codes")).created()["token"]
        assert "王**" in await phone.event("SCAN", EventKey=token, Ticket="t")


async def test_a_click_of_the_menu_is_a_text_that_somebody_could_have_typed(tmp_path: Path) -> None:
    async with bureau(tmp_path) as door:
        phone = Phone(door)
        await phone.event("subscribe", EventKey="")
        assert "办件" in await phone.event("CLICK", EventKey="进度")
        assert "办件" in await phone.says("我的办件", bizmsgmenuid="进度")


async def test_a_voice_is_told_that_nobody_listens_and_a_place_is_where_it_is(tmp_path: Path) -> None:
    async with bureau(tmp_path) as door:
        phone = Phone(door)
        await phone.says("你好")
        assert "听不了语音" in await phone.sends(MsgType="voice", MediaId="m", Format="amr")
        place = {"Location_X": "31.4675", "Location_Y": "104.679", "Scale": "15", "Label": "人民路口"}
        assert await phone.sends(MsgType="location", **place)
        where = (await Turn.all().order_by("-id"))[0].heard["place"]
        # WeChat's map shows it beside where it is.
        assert where[0] != 31.4675
        assert where[:2] == pytest.approx([31.4675, 104.679], abs=0.01)


async def test_what_somebody_does_opens_the_window_that_wechat_gives_for_it(tmp_path: Path) -> None:
    async with bureau(tmp_path) as door:
        phone = Phone(door)
        await phone.event("subscribe", EventKey="")
        await phone.says("你好")
        opened = {one.kind: one for one in await Window.all()}
        assert {kind: one.sends_left for kind, one in opened.items()} == {"click": 3, "words": 5}
        lasts = {kind: round((one.until - door.platform.now()).total_seconds()) for kind, one in opened.items()}
        assert lasts["click"] == pytest.approx(60, abs=5)
        assert lasts["words"] == pytest.approx(48 * 3600, abs=5)


async def test_a_choice_in_a_menu_message_is_a_click_and_opens_no_two_days(tmp_path: Path) -> None:
    async with bureau(tmp_path) as door:
        await Phone(door).says("我的办件", bizmsgmenuid="进度")
        assert [one.kind for one in await Window.all()] == ["click"]


# -- within five seconds -----------------------------------------------------------------------------------------


def slow(door: Door, monkeypatch: pytest.MonkeyPatch, *, back: asyncio.Event) -> None:
    """The database is away until then."""
    take = Conversations.take

    async def away(self: Any, account: Any, received: Any) -> Any:
        if not back.is_set():
            raise Unavailable
        return await take(self, account, received)

    monkeypatch.setattr(Conversations, "take", away)


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    from wechat.receiving import webhook

    monkeypatch.setattr(webhook, "ANSWER_S", 0.8)


async def until_said(count: int) -> list[Said]:
    async def are_said() -> bool:
        return await Said.all().count() >= count

    await until(are_said)
    return await Said.all().order_by("id")


async def test_what_was_kept_when_the_server_died_is_answered_by_the_next_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, quick: None
) -> None:
    # It stays slow until it has died: what is tried again meanwhile must not be answered.
    with monkeypatch.context() as patched:
        async with bureau(tmp_path) as door:
            phone, never = Phone(door), asyncio.Event()
            await phone.says("你好")
            slow(door, patched, back=never)
            assert await phone.says("进度") == ""
    (kept,) = (tmp_path / "data" / "wechat").glob("*.kept")
    assert "进度".encode() not in kept.read_bytes()
    async with bureau(tmp_path) as door:
        (said,) = await until_said(1)
        assert "办件" in said.words["text"]
        # At once, and not after the time in which a process that lives would have dealt with it.
        assert datetime.now(UTC) - said.at < timedelta(seconds=answers.LEFT_BEHIND_S / 2)


async def test_what_a_process_that_lives_has_kept_is_left_to_it_and_what_one_that_was_killed_has_is_taken_up(
    tmp_path: Path,
) -> None:
    async with bureau(tmp_path) as door:
        one, other = Kept(door.platform, "wechat"), Kept(door.platform, "wechat")
        kept = await one.keep("bureau", b"first")
        assert kept is not None
        assert await other.left_behind(0.0) == await one.left_behind(0.0) == []
        assert one._alive is not None
        one._alive.close()  # as the system does for whoever is killed
        assert [left.file for left in await other.left_behind(3600.0)] == [kept.file]
        # A version before this one names no process.
        await other.drop(kept)
        old = kept.file.with_name(f"{kept.file.stem.rpartition('-')[2]}.kept")
        write_private(old, door.platform[SEAL].sealed('["bureau", "old"]').encode())
        assert await other.left_behind(60.0) == []
        assert [left.file for left in await other.left_behind(-1.0)] == [old]
        assert not [*old.parent.glob("*.alive")]


async def test_what_is_written_while_the_database_is_away_is_kept_and_answered_afterwards_in_its_order(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, quick: None
) -> None:
    async with bureau(tmp_path) as door:
        phone, back = Phone(door), asyncio.Event()
        await phone.says("你好")
        slow(door, monkeypatch, back=back)
        for text in ("进度", "取消", "帮助"):
            begun = time.monotonic()
            assert await phone.says(text) == ""
            assert time.monotonic() - begun < 4.5
        folder = tmp_path / "data" / "wechat"
        assert len([*folder.glob("*.kept")]) == 3
        back.set()
        assert "办件" in (await until_said(3))[0].words["text"]
        await until(lambda: not [*folder.glob("*.kept")])
        assert [row.heard["text"] for row in await Turn.all().order_by("id")] == ["你好", "进度", "取消", "帮助"]


async def test_a_kept_message_that_a_later_one_has_overtaken_moves_nothing_and_its_sender_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, quick: None
) -> None:
    with monkeypatch.context() as patched:
        async with bureau(tmp_path) as door:
            phone, now = Phone(door), int(time.time())
            await phone.says("你好", CreateTime=str(now - 10))
            slow(door, patched, back=asyncio.Event())
            assert await phone.says("进度", CreateTime=str(now - 5)) == ""
    (kept,) = (tmp_path / "data" / "wechat").glob("*.kept")
    aside = kept.rename(tmp_path / "aside")
    async with bureau(tmp_path) as door:
        # The process that was there meanwhile.
        await Phone(door, counter=phone.counter).says("帮助")
        before = await ChannelConversation.all().values()
        aside.rename(kept)
        await door.platform[ANSWERING].look()
        (said,) = await until_said(1)
        assert "没有得到处理" in said.words["text"]
        assert await ChannelConversation.all().values() == before
        assert await Turn.all().count() == 2


async def test_what_cannot_be_kept_either_wechat_has_to_send_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, quick: None
) -> None:
    async with bureau(tmp_path) as door:
        phone, back = Phone(door), asyncio.Event()
        slow(door, monkeypatch, back=back)
        (tmp_path / "data" / "wechat").write_text("no folder")
        message = phone.message(MsgType="text", Content="你好")
        (await phone.posts(message)).problem(503, "unavailable")
        back.set()
        assert "您好" in phone.read(await phone.posts(message))
        assert await rows() == (1, 1)


async def test_a_fault_of_ours_is_said_and_not_hidden_behind_silence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(*_: Any) -> Any:
        raise KeyError

    async with bureau(tmp_path) as door:
        monkeypatch.setattr(Conversations, "take", broken)
        assert "系统出现故障" in await Phone(door).says("你好")


async def test_a_reply_too_long_for_one_text_goes_on_in_the_window(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from dataclasses import replace

    take = Conversations.take

    async def long(self: Any, account: Any, received: Any) -> Any:
        return replace(await take(self, account, received), text="\n".join(["请携带身份证原件到窗口办理"] * 100))

    async with bureau(tmp_path) as door:
        monkeypatch.setattr(Conversations, "take", long)
        phone = Phone(door)
        message = phone.message(MsgType="text", Content="你好")
        first = phone.read(await phone.posts(message))
        again = phone.read(await phone.posts(message))
        assert first == again
        assert len(first.encode()) <= 2_048
        said = await until_said(1)
        whole = [*first.split("\n"), *(line for one in said for line in one.words["text"].split("\n"))]
        assert whole == ["请携带身份证原件到窗口办理"] * 100


async def test_nothing_is_kept_of_what_is_answered_in_time(tmp_path: Path) -> None:
    async with bureau(tmp_path) as door:
        await Phone(door).says("你好")
        assert not (tmp_path / "data" / "wechat").exists()
