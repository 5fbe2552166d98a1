"""What the sandbox sends to an account's server, read by wechatpy; and what a phone shows of the answers."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import Any

import pytest
import xmltodict
from wechatpy.replies import ArticlesReply, ImageReply, TextReply

from tests.channels.wechat.sandbox.city import AMR, PNG, city, echo
from wechat.sandbox.account import MODES
from wechat.sandbox.api.call import Asked
from wechat.sandbox.callbacks import FORGED, NO_SERVICE, STALE, UNSIGNED
from wechat.sandbox.phone import QR_ENDED


@pytest.mark.parametrize("mode", MODES)
async def test_wechatpy_reads_what_is_said_and_its_answer_is_shown_in_every_mode(mode: str) -> None:
    async with city(mode) as (server, sandbox):
        assert await sandbox.callbacks.check_server()
        wang = sandbox.phone("王小明")
        await wang.follows()
        (answer,) = await wang.says("我搬家了 <b>&")
        assert (answer.via, answer.kind, answer.text) == ("reply", "text", "收到：我搬家了 <b>&")
        server.answer = lambda _: None
        assert await wang.says("a]]>b") == []
        assert server.got[-1].content == "a]]>b"
        server.answer = echo
        await wang.says("你好")
        body = xmltodict.parse(server.bodies[-1])["xml"]
        assert ("Content" in body, "Encrypt" in body) == (mode != "safe", mode != "plain")
        assert [one.outcome for one in sandbox.callbacks.deliveries] == ["shown", "shown", "nothing", "shown"]


async def test_in_compatible_mode_an_answer_may_be_plain() -> None:
    async with city("compatible") as (server, sandbox):
        wang = sandbox.phone("王小明")
        await wang.follows()
        server.answer = lambda message: TextReply(message=message, content="明文").render().encode()
        assert [one.text for one in await wang.says("你好")] == ["明文"]

        def encrypted(message: Any, **changes: str) -> bytes:
            text = TextReply(message=message, content="密文").render()
            sealed = xmltodict.parse(server.crypto.encrypt_message(text, "n-1"))
            return str(xmltodict.unparse({"xml": {**sealed["xml"], **changes}})).encode()

        server.answer = encrypted
        assert [one.text for one in await wang.says("你好")] == ["密文"]
        server.answer = lambda message: encrypted(message, MsgSignature="0" * 40)
        assert [one.text for one in await wang.says("你好")] == [NO_SERVICE]


async def test_wechatpy_knows_every_kind_of_message_and_event() -> None:
    async with city() as (server, sandbox):
        li = sandbox.phone("李静")
        await li.follows()
        await li.sends("image", PNG)
        await li.sends("voice", AMR, Recognition="我要办证")
        await li.sends("video", b"\x00\x00\x00\x18ftypmp42")
        await li.sends("shortvideo", b"\x00\x00\x00\x18ftypmp42")
        await li.is_at(39.9087, 116.3975, "长安街 1 号")
        await li.shares("https://example.org/a", "公告", "停电")
        await li.reports_place(39.9, 116.4)
        await li.unfollows()
        types = [one.type if one.type != "event" else one.event for one in server.got]
        kinds = ["image", "voice", "video", "shortvideo", "location", "link"]
        assert types == ["subscribe", *kinds, "location", "unsubscribe"]
        image, voice, *_, place, link, _, _ = server.got[1:]
        assert (image.image, voice.format, voice.recognition) == (
            f"{sandbox.url}/sandbox/media/{image.media_id}",
            "amr",
            "我要办证",
        )
        assert (place.location, place.label, link.title) == (("39.908700", "116.397500"), "长安街 1 号", "公告")
        assert {one.source for one in server.got} == {li.me.openid}
        assert {one.target for one in server.got} == {sandbox.account.keys.original_id}
        assert len(li.me.openid) == 28
        ids = Counter(one.id for one in server.got)
        assert ids.pop(0) == 3, "events have no MsgId"
        assert set(ids.values()) == {1}
        with pytest.raises(ValueError, match="does not follow"):
            await li.says("你好")


async def test_pictures_and_articles_are_shown_as_answers_and_what_cant_be_is_said_to_be_no_service() -> None:
    async with city() as (server, sandbox):
        wang = sandbox.phone("王小明")
        await wang.follows()
        media = sandbox.media.keep("image", PNG)
        one = {"title": "办事指南", "description": "材料", "image": "", "url": "https://example.org/"}
        for make, kind in (
            (lambda m: ImageReply(message=m, media_id=media), "image"),
            (lambda m: ArticlesReply(message=m, articles=[one]), "news"),
        ):
            server.answer = make
            assert [(bubble.via, bubble.kind) for bubble in await wang.says("你好")] == [("reply", kind)]
        xml = "<xml><ToUserName>{}</ToUserName></xml>"
        for bad in (
            lambda _: b"<html>",
            lambda _: b'{"errcode": 0}',
            lambda m: xml.format(m.source).encode(),
            lambda m: TextReply(message=m, content="长" * 683),
            lambda m: TextReply(message=m, content=""),
            lambda m: TextReply(source=m.target, target="someone-else", content="你好"),
            lambda m: ImageReply(message=m, media_id="no-such"),
            lambda m: ArticlesReply(message=m, articles=[one, one]),
            lambda m: TextReply(message=m, content="未加密").render().encode(),
        ):
            server.answer = bad
            (bubble,) = await wang.says("你好")
            assert (bubble.via, bubble.text) == ("system", NO_SERVICE), bad(server.got[-1])
        for silent in (b"success", b"", None):
            server.answer = lambda _, silent=silent: silent
            assert await wang.says("你好") == []
        assert {one.attempt for one in sandbox.callbacks.deliveries} == {1}, "none of these is repeated"


async def test_no_answer_in_time_is_cut_and_repeated_with_the_same_id_and_another_signature() -> None:
    async with city() as (server, sandbox):
        sandbox.account.limits.answer_s = 0.2
        wang = sandbox.phone("王小明")
        await wang.follows()
        hangs, cut = {2, 3}, []

        async def before(count: int) -> None:
            if count in hangs:
                try:
                    await asyncio.get_running_loop().create_future()
                except asyncio.CancelledError:
                    cut.append(count)
                    raise

        server.before = before
        (answer,) = await wang.says("补办驾驶证")
        assert answer.text == "收到：补办驾驶证"
        assert cut == [2, 3], "the connection is cut"
        assert len({one.id for one in server.got[1:]}) == 1
        assert len({*server.bodies[1:]}) == 3, "encrypted anew"
        outcomes = [(one.attempt, one.outcome) for one in list(sandbox.callbacks.deliveries)[1:]]
        assert outcomes == [(1, "late"), (2, "late"), (3, "shown")]

        hangs |= {5, 6, 7, 8}
        assert [one.text for one in await wang.says("你好")] == [NO_SERVICE]
        assert len(server.got) == 7
        sandbox.account.limits.attempts = 4
        assert [one.text for one in await wang.says("你好")] == ["收到：你好"], "the number is a setting"
        assert len(server.got) == 9


async def test_a_server_that_is_away_or_answers_by_500_is_asked_again() -> None:
    async with city() as (server, sandbox):
        wang = sandbox.phone("王小明")
        await wang.follows()

        def fails(message: Any) -> Any:
            raise RuntimeError if len(server.got) < 4 else AssertionError

        server.answer = lambda message: "好" if len(server.got) >= 4 else fails(message)
        assert [one.text for one in await wang.says("你好")] == ["好"]
        assert [one.status for one in sandbox.callbacks.deliveries] == [200, 500, 500, 200]
        sandbox.callbacks.to = "http://127.0.0.1:9/"
        assert [one.text for one in await wang.says("你好")] == [NO_SERVICE]


async def test_repeats_come_out_of_order_when_answers_are_lost() -> None:
    async with city() as (server, sandbox):
        wang = sandbox.phone("王小明")
        await wang.follows()
        sandbox.account.faults.lose_answers, sandbox.account.faults.late_repeats = 2, True
        assert await wang.says("一") == []
        assert [one.text for one in await wang.says("二")] == ["收到：一"]
        assert [one.content for one in server.got[1:]] == ["一", "二", "一"]
        await wang.says("三")
        assert [one.content for one in server.got[1:]] == ["一", "二", "一", "三", "二"]
        assert [one.text for one in wang.seen if one.via == "reply"][1:] == ["收到：一", "收到：三", "收到：二"]


async def test_a_stranger_s_messages_have_no_right_signature_and_a_stale_one_is_right_but_old() -> None:
    async with city() as (server, sandbox):
        wang = sandbox.phone("王小明")
        await wang.follows()
        fields = {"ToUserName": "gh_1", "FromUserName": wang.me.openid, "CreateTime": 1, "MsgType": "text"}
        fields |= {"Content": "假的", "MsgId": 1}
        for how in (FORGED, UNSIGNED):
            assert (await sandbox.callbacks.forge(wang.me, fields, how))[0] == 403
        assert server.refused == 2
        assert (await sandbox.callbacks.forge(wang.me, fields, STALE))[0] == 200, "wechatpy looks at no time"
        assert [one.text for one in wang.seen] == ["收到：event"], "a phone sees nothing of it"
        server.keys = type(server.keys)()
        assert not await sandbox.callbacks.check_server()


async def test_codes_scans_and_menus_make_the_events_that_wechatpy_names() -> None:
    async with city() as (server, sandbox):
        account = sandbox.account
        account.menu = {
            "button": [
                {"name": "办事", "sub_button": [{"type": "click", "name": "查违法", "key": "violations"}]},
                {"type": "view", "name": "关于警务公开", "url": "https://example.org/about"},
                {"type": "scancode_waitmsg", "name": "扫一扫", "key": "scan"},
            ]
        }
        code = make_code(sandbox, "login-7f3a")
        wang = sandbox.phone("王小明")
        await wang.follows(code)
        assert (server.got[-1].event, server.got[-1].scene_id, server.got[-1].ticket) == (
            "subscribe_scan",
            "login-7f3a",
            code,
        )
        await wang.scans(sandbox.people.codes[code].url)
        assert (server.got[-1].event, server.got[-1].scene_id) == ("scan", "login-7f3a")
        await wang.taps("查违法")
        assert (server.got[-1].event, server.got[-1].key) == ("click", "violations")
        assert [one["name"] for one in wang.menu()] == ["办事", "关于警务…", "扫一扫"]
        await wang.taps("关于警务…")
        assert (server.got[-1].event, server.got[-1].url) == ("view", "https://example.org/about")
        await wang.taps("扫一扫", ScanCodeInfo={"ScanType": "qrcode", "ScanResult": "1"})
        assert (server.got[-1].event, server.got[-1].scan_result) == ("scancode_waitmsg", "1")
        with pytest.raises(ValueError, match="the menu has no 没有"):
            await wang.taps("没有")
        account.clock.ahead += 3600
        assert [one.text for one in await wang.scans(code)] == [QR_ENDED]


def make_code(sandbox: Any, scene: str) -> str:
    info = {"scene": {"scene_str": scene}}
    document = {"expire_seconds": 600, "action_name": "QR_STR_SCENE", "action_info": info}
    return str(sandbox.people.create(Asked(sandbox.account, {}, document, None))["ticket"])
