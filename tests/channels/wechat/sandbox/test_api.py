"""The sandbox's API with wechatpy as its client: what it does, and each refusal at its moment, in an HTTP 200."""

from __future__ import annotations

import io
import json
import time
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import aiohttp
import pytest
import xmltodict
import zxingcpp
from PIL import Image
from wechatpy.exceptions import APILimitedException, WeChatClientException, WeChatOAuthException

from tests.channels.wechat.sandbox.city import AMR, PNG, City, blocking, city, client_of, sign_in_of
from wechat.sandbox.account import Template
from wechat.sandbox.codes import TEXTS
from wechat.sandbox.control import WeChatSandbox
from wechat.sandbox.phone import BROWSER

#: Hours by which the city's clock is ahead of UTC.
CITY_HOURS = 8

BACK = "http://city.example/v1/signed-in"


class World:
    """A city, its sandbox, wechatpy's client, and 王小明 who follows."""

    def __init__(self, server: City, sandbox: WeChatSandbox, session: aiohttp.ClientSession) -> None:
        self.server, self.sandbox, self.session, self.account = server, sandbox, session, sandbox.account
        self.client = client_of(sandbox, auto_retry=False)
        self.wang = sandbox.phone("王小明")

    async def call(self, way: str, *arguments: Any, **rest: Any) -> Any:
        """wechatpy's `client.way`; the errcode where it was refused."""
        found: Any = self.client
        for name in way.split("."):
            found = getattr(found, name)
        try:
            return await blocking(found, *arguments, **rest)
        except WeChatClientException as error:
            return error.errcode

    async def ask(self, method: str, path: str, document: Any = None, **query: str) -> dict[str, Any]:
        """The answer to a plain request; every one is HTTP 200."""
        data = {"json": document} if not isinstance(document, bytes | None) else {"data": document}
        async with self.session.request(method, self.sandbox.url + path, params=query, **data) as response:
            assert response.status == 200
            return dict(await response.json())

    async def token(self) -> str:
        return str(await blocking(lambda: self.client.access_token))

    async def stable(self, **more: Any) -> dict[str, Any]:
        keys = self.account.keys
        asked = {"grant_type": "client_credential", "appid": keys.appid, "secret": keys.secret, **more}
        return await self.ask("POST", "/cgi-bin/stable_token", asked)

    async def send(self, document: Any) -> int:
        """The errcode of a customer-service message."""
        answer = await self.ask("POST", "/cgi-bin/message/custom/send", document, access_token=await self.token())
        return int(answer["errcode"])


@pytest.fixture
async def world() -> AsyncIterator[World]:
    async with city() as (server, sandbox), aiohttp.ClientSession(json_serialize=as_utf8) as session:
        server.answer = lambda _: None
        made = World(server, sandbox, session)
        await made.wang.follows()
        yield made


def as_utf8(document: Any) -> str:
    return json.dumps(document, ensure_ascii=False)


# -- tokens ------------------------------------------------------------------------------------------------------


async def test_both_ways_to_a_token_know_nothing_of_each_other_and_old_ones_overlap(world: World) -> None:
    account, me = world.account, world.wang.me.openid
    first = await world.token()

    async def good(token: str) -> int:
        answer = await world.ask("GET", "/cgi-bin/user/info", openid=me, access_token=token)
        return int(answer.get("errcode", 0))

    stable = await world.stable()
    assert (len(stable["access_token"]), stable["expires_in"]) == (512, 7200)
    assert [await good(one) for one in (first, stable["access_token"], "made-up", "")] == [0, 0, 40014, 41001]
    account.clock.ahead += 6800
    again = await world.stable()
    assert again["access_token"] == stable["access_token"]
    assert 395 <= again["expires_in"] <= 400
    account.clock.ahead += 150
    renewed = await world.stable()
    assert renewed["access_token"] != stable["access_token"]
    assert [await good(one["access_token"]) for one in (stable, renewed)] == [0, 0]
    account.clock.ahead += 301
    assert [await good(one["access_token"]) for one in (stable, renewed)] == [42001, 0]
    assert await good(first) == 42001

    before = await blocking(world.client.fetch_access_token)
    after = await blocking(world.client.fetch_access_token)
    assert [await good(one["access_token"]) for one in (before, after, renewed)] == [0, 0, 0]
    account.clock.ahead += 301
    assert [await good(one["access_token"]) for one in (before, after)] == [42001, 0]


async def test_a_forced_token_ends_the_old_one_at_once_twenty_times_a_day_and_half_a_minute_apart(world: World) -> None:
    account = world.account
    # Ten minutes of one day: none of them is the city's midnight.
    account.clock.ahead = (12 - CITY_HOURS) * 3600 - time.time() % 86_400 + 86_400
    old = (await world.stable())["access_token"]
    assert "access_token" in await world.stable(force_refresh=True)
    answer = await world.ask("GET", "/cgi-bin/user/info", openid=world.wang.me.openid, access_token=old)
    assert answer["errcode"] == 40001
    assert (await world.stable(force_refresh=True))["errcode"] == 45011
    for _ in range(19):
        account.clock.ahead += 31
        assert "access_token" in await world.stable(force_refresh=True)
    account.clock.ahead += 31
    assert (await world.stable(force_refresh=True))["errcode"] == 45009
    assert "access_token" in await world.stable(), "others go on"
    account.clock.ahead += 86_400
    assert "access_token" in await world.stable(force_refresh=True)


async def test_what_is_wrong_with_a_request_for_a_token_is_said_by_its_code(world: World) -> None:
    for more, code in (
        ({"appid": "wx0000000000000000"}, 40013),
        ({"secret": "wrong"}, 40125),
        ({"grant_type": "password"}, 40002),
        ({"appid": ""}, 41002),
        ({"secret": ""}, 41004),
    ):
        assert (await world.stable(**more))["errcode"] == code
    assert (await world.ask("GET", "/cgi-bin/stable_token"))["errcode"] == 43002
    assert (await world.ask("POST", "/cgi-bin/token", {}))["errcode"] == 43001
    assert (await world.ask("POST", "/cgi-bin/stable_token", b""))["errcode"] == 44002
    assert (await world.ask("POST", "/cgi-bin/stable_token", b"{"))["errcode"] == 47001
    assert (await world.ask("POST", "/cgi-bin/stable_token", b'{"appid": "\\u4f60"}'))["errcode"] == 40033
    world.account.limits.a_day["token"] = 1
    assert await world.call("fetch_access_token") != 45009
    assert await world.call("fetch_access_token") == 45009
    world.account.limits.stable_a_minute = 1
    world.account.clock.ahead += 60
    assert [(await world.stable()).get("errcode") for _ in range(2)] == [None, 45011]
    world.account.allowed_ips = {"10.0.0.1"}
    answer = await world.stable()
    assert (answer["errcode"], "rid: " in answer["errmsg"]) == (40164, True)


async def test_wechatpy_fetches_a_new_token_when_one_is_withdrawn_in_the_midst_of_sending(world: World) -> None:
    await world.wang.says("你好")
    client = client_of(world.sandbox)
    world.account.faults.withdraw_after = 1
    for text in ("一", "二"):
        assert (await blocking(client.message.send_text, world.wang.me.openid, text))["errcode"] == 0
    assert [one.text for one in world.wang.seen if one.via == "service"] == ["一", "二"]
    path = "/cgi-bin/message/custom/send"
    assert (world.account.calls[path, 40001], world.account.calls[path, 0]) == (1, 2)


# -- customer-service messages -------------------------------------------------------------------------------------


async def test_what_somebody_types_makes_room_for_five_messages_in_two_days(world: World) -> None:
    account, me = world.account, world.wang.me.openid
    await world.wang.says("你好")
    account.clock.ahead += 61
    assert [await world.call("message.send_text", me, f"第 {n} 条") for n in range(5)] == [
        {"errcode": 0, "errmsg": "ok"}
    ] * 5
    assert await world.call("message.send_text", me, "第六条") == 45047
    await world.wang.says("还在吗")
    account.clock.ahead += 48 * 3600 - 1
    world.client = client_of(world.sandbox, auto_retry=False)
    assert (await world.call("message.send_text", me, "在"))["errcode"] == 0
    account.clock.ahead += 2
    assert await world.call("message.send_text", me, "在") == 45015


async def test_a_follow_a_click_a_scan_and_a_choice_make_room_for_three_in_a_minute(world: World) -> None:
    account, wang = world.account, world.wang
    account.menu = {"button": [{"type": "click", "name": "办事", "key": "services"}]}
    menu = {"head_content": "满意吗？", "list": [{"id": "1", "content": "满意"}, {"id": "2", "content": "不满意"}]}
    assert (await world.call("message.send_msg_menu", wang.me.openid, menu))["errcode"] == 0
    for act in (wang.taps("办事"), wang.chooses("2")):
        account.clock.ahead += 61
        assert await world.call("message.send_text", wang.me.openid, "太晚") == 45015
        await act
        answers = [await world.call("message.send_text", wang.me.openid, "好") for _ in range(4)]
        assert [one["errcode"] if isinstance(one, dict) else one for one in answers] == [0, 0, 0, 45047]
    assert world.server.got[-1].content == "不满意"
    assert "<bizmsgmenuid><![CDATA[2]]></bizmsgmenuid>" in last_plain(world)
    with pytest.raises(ValueError, match="no choice 9"):
        await wang.chooses("9")
    account.test_account = True
    assert await world.call("message.send_msg_menu", wang.me.openid, menu) == 40200


def last_plain(world: World) -> str:
    sealed = xmltodict.parse(world.server.bodies[-1])["xml"]["Encrypt"]
    return world.sandbox.callbacks._cipher.decrypted(sealed).decode()


async def test_each_kind_of_message_is_shown_and_each_wrong_one_refused(world: World) -> None:
    wang, me = world.wang, world.wang.me.openid
    await wang.says("你好")
    picture, voice, video, thumb = (
        world.sandbox.media.keep(kind, body)
        for kind, body in (("image", PNG), ("voice", AMR), ("video", b"mp4"), ("thumb", b"\xff\xd8\xff"))
    )
    news = [{"title": "限行公告", "description": "", "url": "https://example.org/", "picurl": ""}]
    world.sandbox.articles.published["1"] = []
    for document in (
        {"msgtype": "text", "text": {"content": "您好"}},
        {"msgtype": "image", "image": {"media_id": picture}},
        {"msgtype": "voice", "voice": {"media_id": voice}},
        {"msgtype": "video", "video": {"media_id": video, "title": "安全提示"}},
        {"msgtype": "news", "news": {"articles": news}},
        {"msgtype": "miniprogrampage", "miniprogrampage": {"title": "小程序", "thumb_media_id": thumb}},
        {
            "msgtype": "music",
            "music": {"title": "交通安全歌", "musicurl": "https://example.org/", "thumb_media_id": thumb},
        },
        {"msgtype": "mpnewsarticle", "mpnewsarticle": {"article_id": "article-1"}},
        {"msgtype": "wxcard", "wxcard": {"card_id": "c-1"}},
    ):
        await wang.says("继续")
        assert await world.send({"touser": me, **document}) == 0
        assert (wang.seen[-1].via, wang.seen[-1].kind) == ("service", document["msgtype"])
    shown = len(wang.seen)
    for document, code in (
        ({"msgtype": "text", "text": {"content": "长" * 683}}, 45002),
        ({"msgtype": "text", "text": {"content": ""}}, 44004),
        ({"msgtype": "text"}, 47001),
        ({"msgtype": "poem", "poem": {}}, 40008),
        ({"msgtype": "image", "image": {"media_id": voice}}, 40007),
        ({"msgtype": "image", "image": {}}, 40007),
        ({"msgtype": "mpnewsarticle", "mpnewsarticle": {"article_id": "article-2"}}, 53600),
        ({"msgtype": "mpnews", "mpnews": {}}, 40007),
        ({"msgtype": "wxcard", "wxcard": {}}, 40035),
        ({"msgtype": "news", "news": {"articles": news * 2}}, 45008),
        ({"msgtype": "msgmenu", "msgmenu": {"list": []}}, 47001),
        ({"touser": "o" * 28, "msgtype": "text", "text": {"content": "您好"}}, 40003),
    ):
        assert await world.send({"touser": me, **document}) == code, document
    wang.me.refuses = True
    assert await world.send({"touser": me, "msgtype": "text", "text": {"content": "您好"}}) == 48002
    assert len(wang.seen) == shown
    await wang.unfollows()
    assert await world.send({"touser": me, "msgtype": "text", "text": {"content": "您好"}}) == 43004
    await wang.follows()
    typing = {"touser": me, "command": "Typing"}
    for command, code in (("Typing", 0), ("Typing", 45081), ("CancelTyping", 0), ("Typing", 0), ("Sing", 45072)):
        typing["command"] = command
        path = "/cgi-bin/message/custom/typing"
        assert (await world.ask("POST", path, typing, access_token=await world.token()))["errcode"] == code


async def test_a_quota_that_is_used_up_is_cleared_ten_times_a_month(world: World) -> None:
    world.account.limits.a_day["send"] = 1
    me, keys = world.wang.me.openid, world.account.keys
    await world.wang.says("你好")
    text = {"touser": me, "msgtype": "text", "text": {"content": "您好"}}
    assert [await world.send(text) for _ in range(2)] == [0, 45009]
    world.account.faults.codes = {"/cgi-bin/message/custom/send": 45009}
    with pytest.raises(APILimitedException):
        await blocking(world.client.message.send_text, me, "您好")
    world.account.faults.codes = {}
    cleared = [
        (await world.ask("POST", "/cgi-bin/clear_quota", {"appid": keys.appid}, access_token=await world.token()))[
            "errcode"
        ]
        for _ in range(11)
    ]
    assert cleared == [0] * 10 + [48006]
    assert await world.send(text) == 0
    world.account.faults.used_up = {"send"}
    assert await world.send(text) == 45009


# -- notices -------------------------------------------------------------------------------------------------------


async def test_subscribed_notices_go_once_or_for_long_to_those_who_want_them(world: World) -> None:
    me, content = world.wang.me.openid, "事项：{{thing1.DATA}}\n时间：{{time2.DATA}}"
    world.account.templates = {"once": Template("once", "办理结果通知", content)}
    world.account.templates["long"] = Template("long", "预警通知", content)
    data = {"thing1": {"value": "临时通行证"}, "time2": {"value": "2026年11月29日 10:00"}}
    send = "message.send_subscribe_message"
    assert await world.call(send, me, "once", data) == 43101
    for template in ("once", "long"):
        await world.wang.answers_notice(template, accepts=True)
        assert world.server.got[-1].subscribes[0]["TemplateId"] == template
        assert (await world.call(send, me, template, data))["errcode"] == 0
    assert world.wang.seen[-1].text == "预警通知\n事项：临时通行证\n时间：2026年11月29日 10:00"
    await world.sandbox.told()
    assert {one.event for one in world.server.got[-2:]} >= {"subscribe_msg_sent_event"}
    assert await world.call(send, me, "once", data) == 43101
    assert (await world.call(send, me, "long", data))["errcode"] == 0
    assert await world.call(send, me, "long", {**data, "thing1": {"value": "字" * 21}}) == 47003
    assert await world.call(send, me, "long", {"thing1": {"value": "少一项"}}) == 47003
    assert await world.call(send, me, "gone", data) == 40037
    await world.wang.answers_notice("long", accepts=False)
    assert await world.call(send, me, "long", data) == 43101


async def test_a_template_message_reaches_a_follower_and_its_end_is_told(world: World) -> None:
    me = world.wang.me.openid
    world.account.templates = {"t-1": Template("template", "受理通知", "{{first.DATA}}\n编号：{{keyword1.DATA}}")}
    data = {"first": {"value": "已受理"}, "keyword1": {"value": "B-1"}}
    answer = await world.call("message.send_template", me, "t-1", data, url="https://example.org/cases/1")
    assert world.wang.seen[-1].text == "受理通知\n已受理\n编号：B-1"
    assert world.wang.seen[-1].more == {"url": "https://example.org/cases/1"}
    await world.sandbox.told()
    told = world.server.got[-1]
    assert (told.event, told.id, told.status) == ("templatesendjobfinish", answer["msgid"], "success")
    document = {"touser": me, "template_id": "t-1", "data": data, "client_msg_id": "case-1"}
    path, token = "/cgi-bin/message/template/send", await world.token()
    ids = {(await world.ask("POST", path, document, access_token=token))["msgid"] for _ in range(2)}
    assert (len(ids), len([one for one in world.wang.seen if one.via == "notice"])) == (1, 2)
    world.wang.me.refuses = True
    await world.call("message.send_template", me, "t-1", data)
    await world.sandbox.told()
    assert world.server.got[-1].status == "failed:user block"
    assert await world.call("message.send_template", me, "t-2", data) == 40037
    await world.wang.unfollows()
    assert await world.call("message.send_template", me, "t-1", data) == 43004


# -- menu, media, codes, articles ----------------------------------------------------------------------------------


async def test_a_menu_has_three_times_five_buttons_and_phones_see_it_five_minutes_later(world: World) -> None:
    assert await world.call("menu.get") is None
    view = {"type": "view", "name": "网上办事", "url": "https://example.org/"}
    click = {"type": "click", "name": "办事", "key": "services"}
    assert world.wang.menu() == []
    assert (await world.call("menu.create", {"button": [click, {"name": "更多", "sub_button": [view] * 5}]})) == {
        "errcode": 0,
        "errmsg": "ok",
    }
    assert (await world.call("menu.get"))["menu"]["button"][0] == click
    assert world.wang.menu() == []
    world.account.clock.ahead += 301
    assert [one["name"] for one in world.wang.menu()] == ["办事", "更多"]
    for buttons, code in (
        ([], 40016),
        ([click] * 4, 40016),
        ([{"name": "更多", "sub_button": [view] * 6}], 40023),
        ([{"name": "更多", "sub_button": [{"name": "里", "sub_button": [view]}]}], 40022),
        ([{**click, "name": "六个汉字名称"}], 40018),
        ([{"name": "更多", "sub_button": [{**view, "name": "名" * 21}]}], 40025),
        ([{**click, "key": "k" * 129}], 40019),
        ([{**view, "url": "javascript:1"}], 40054),
        ([{"name": "更多", "sub_button": [{**view, "url": "ftp://a"}]}], 40055),
        ([{**view, "url": "https://a/" + "a" * 1024}], 40020),
        ([{"type": "jump", "name": "跳"}], 40015),
        ([{"type": "miniprogram", "name": "小程序", "url": "https://example.org/"}], 40035),
    ):
        assert await world.call("menu.create", {"button": buttons}) == code, buttons
    assert (await world.call("menu.delete"))["errcode"] == 0
    assert await world.call("menu.get") is None


async def test_files_are_kept_for_three_days_and_within_their_sizes(world: World) -> None:
    uploaded = await world.call("media.upload", "image", ("slip.png", io.BytesIO(PNG)))
    assert (uploaded["type"], set(uploaded)) == ("image", {"type", "media_id", "created_at"})
    response = await blocking(world.client.media.download, uploaded["media_id"])
    assert (response.content, response.headers["Content-Type"]) == (PNG, "image/png")
    await world.wang.sends("voice", AMR)
    assert (await blocking(world.client.media.download, world.server.got[-1].media_id)).content == AMR
    await world.wang.sends("video", b"mp4")
    assert (await world.call("media.download", world.server.got[-1].media_id))["video_url"].startswith("http://127.")
    for kind, body, code in (("image", b"%PDF", 40005), ("poem", PNG, 40004), ("image", PNG + bytes(9), 40006)):
        world.account.limits.media_bytes["image"] = len(PNG)
        assert await world.call("media.upload", kind, ("file", io.BytesIO(body))) == code
    path, token = "/cgi-bin/media/upload", await world.token()
    assert (await world.ask("POST", path, {}, access_token=token, type="image"))["errcode"] == 41005
    world.account.clock.ahead += 3 * 86400
    world.client = client_of(world.sandbox, auto_retry=False)
    assert await world.call("media.download", uploaded["media_id"]) == 40007


async def test_a_code_s_picture_carries_an_address_that_a_phone_scans(world: World) -> None:
    scene = {"scene": {"scene_str": "bind-1"}}
    asked = {"expire_seconds": 600, "action_name": "QR_STR_SCENE", "action_info": scene}
    made = await world.call("qrcode.create", asked)
    assert made["expire_seconds"] == 600
    address = f"{world.sandbox.url}/cgi-bin/showqrcode"
    async with world.session.get(address, params={"ticket": made["ticket"]}) as response:
        assert response.content_type == "image/jpg"
        (read,) = zxingcpp.read_barcodes(Image.open(io.BytesIO(await response.read())))
    assert read.text == made["url"]
    await world.wang.scans(read.text)
    assert world.server.got[-1].scene_id == "bind-1"
    info = await world.call("user.get", world.wang.me.openid)
    assert (info["subscribe"], info["subscribe_scene"]) == (1, "ADD_SCENE_SEARCH")
    for change, code in (
        ({"action_name": "QR_OTHER"}, 40053),
        ({"action_info": {"scene": {"scene_str": "s" * 65}}}, 40053),
        ({"action_name": "QR_LIMIT_SCENE", "action_info": {"scene": {"scene_id": 100_001}}}, 40053),
        ({"expire_seconds": 2_592_001}, 40035),
    ):
        assert await world.call("qrcode.create", {**asked, **change}) == code
    async with world.session.get(address, params={"ticket": "no-such"}) as response:
        assert response.status == 404
    assert await world.call("user.get", "o" * 28) == 40003
    assert await world.call("misc.get_wechat_ips") == ["127.0.0.1"]


async def test_a_draft_needs_a_lasting_picture_and_a_month_has_four_mass_sends(world: World) -> None:
    article = {"title": "春运交通管制", "content": "<p>…</p>", "thumb_media_id": world.sandbox.media.keep("image", PNG)}
    assert await world.call("draft.add", [article]) == 40007
    article["thumb_media_id"] = (await world.call("material.add", "image", ("a.png", io.BytesIO(PNG))))["media_id"]
    assert await world.call("draft.add", [{**article, "title": "题" * 65}]) == 45002
    drafts = [(await world.call("draft.add", [article]))["media_id"] for _ in range(6)]
    published = await world.call("freepublish.submit", drafts[5])
    assert (await world.call("freepublish.get", published["publish_id"]))["publish_status"] == 0
    assert [one.via for one in world.wang.seen] == [], "nobody is told of what is published"
    assert await world.call("freepublish.submit", drafts[5]) == 40007
    async with world.session.post(f"{world.sandbox.url}/sandbox/drafts/{drafts[4]}") as response:
        assert response.status == 200, "as a person sends it"
    sent = [await world.call("message.send_mass_article", draft, is_to_all=True) for draft in drafts[:4]]
    assert [one["errcode"] if isinstance(one, dict) else one for one in sent] == [0, 0, 0, 45028]
    assert [one.kind for one in world.wang.seen] == ["mpnews"] * 4
    await world.sandbox.told()
    assert (world.server.got[-1].event, world.server.got[-1].sent_count) == ("masssendjobfinish", 1)


# -- sign-in -------------------------------------------------------------------------------------------------------


async def test_a_page_learns_who_has_opened_it_by_a_code_that_is_good_once_and_for_five_minutes(world: World) -> None:
    oauth = sign_in_of(world.sandbox, BACK)
    codes = [await code_of(world, oauth) for _ in range(2)]
    token = await blocking(oauth.fetch_access_token, codes[0])
    assert (token["openid"], token["scope"]) == (world.wang.me.openid, "snsapi_base")
    assert await blocking(oauth.check_access_token)
    assert await refused(oauth.get_user_info) == 48001
    assert await refused(oauth.fetch_access_token, codes[0]) == 40163
    assert await refused(oauth.fetch_access_token, "made-up") == 40029
    world.account.clock.ahead += 301
    assert await refused(oauth.fetch_access_token, codes[1]) == 42003
    world.account.clock.ahead += 7000
    assert await refused(oauth.check_access_token) == 42001
    await blocking(oauth.refresh_access_token, token["refresh_token"])
    assert await blocking(oauth.check_access_token)
    world.account.clock.ahead += 31 * 86400
    assert await refused(oauth.refresh_access_token, token["refresh_token"]) == 42002
    world.client = client_of(world.sandbox)
    answer = await world.ask("GET", "/sns/auth", openid=world.wang.me.openid, access_token=await world.token())
    assert answer["errcode"] == 40001, "the API's token is another one"


async def test_a_name_is_told_after_a_yes_alone(world: World) -> None:
    oauth = sign_in_of(world.sandbox, BACK, "snsapi_userinfo")
    address, status, text = await world.wang.opens(oauth.authorize_url, agrees=False)
    assert (urlsplit(address).path, status, "允许" in text) == ("/connect/oauth2/authorize", 200, True)
    await blocking(oauth.fetch_access_token, await code_of(world, oauth))
    assert (await blocking(oauth.get_user_info))["nickname"] == "王小明"
    world.account.web_host = "other.example"
    assert "10003" in (await world.wang.opens(oauth.authorize_url))[2]
    world.account.web_host = "city.example"
    async with world.session.get(oauth.authorize_url) as response:
        assert "微信客户端" in await response.text(), "another browser is nobody's"
    appid = oauth.authorize_url.partition("&")[0].partition("?")[2]
    for wrong, told in (
        (oauth.authorize_url.replace(f"{appid}&", "").replace("#", f"&{appid}#"), "该链接无法访问"),
        (oauth.authorize_url.replace("state=s1", "state=s-1"), "state"),
    ):
        assert wrong != oauth.authorize_url
        assert told in (await world.wang.opens(wrong))[2]


async def code_of(world: World, oauth: Any) -> str:
    """The code that the browser brings back to the page."""
    cookies = {"phone": world.wang.me.openid}
    address = oauth.authorize_url.partition("#")[0] + ("&agree=1" if "userinfo" in oauth.authorize_url else "")
    headers = {"User-Agent": BROWSER}
    async with world.session.get(address, cookies=cookies, headers=headers, allow_redirects=False) as response:
        back = response.headers["Location"]
    assert back.startswith(BACK)
    found = parse_qs(urlsplit(back).query)
    assert found["state"] == ["s1"]
    return found["code"][0]


async def refused(call: Any, *arguments: Any) -> int:
    with pytest.raises(WeChatOAuthException) as error:
        await blocking(call, *arguments)
    return int(error.value.errcode)


# -- faults --------------------------------------------------------------------------------------------------------


async def test_every_code_can_be_had_on_demand(world: World) -> None:
    await world.wang.says("你好")
    document = {"touser": world.wang.me.openid, "msgtype": "text", "text": {"content": "您好"}}
    had = {}
    for code in TEXTS:
        world.account.faults.codes = {"/cgi-bin/message/custom/send": code}
        had[code] = await world.send(document)
    assert had == {code: code for code in TEXTS}


async def test_a_connection_is_cut_after_its_request_was_carried_out(world: World) -> None:
    await world.wang.says("你好")
    world.account.faults.lose_answer = {"/cgi-bin/message/custom/send"}
    document = {"touser": world.wang.me.openid, "msgtype": "text", "text": {"content": "您好"}}
    token = await world.token()
    with pytest.raises(aiohttp.ClientError):
        await world.ask("POST", "/cgi-bin/message/custom/send", document, access_token=token)
    assert world.wang.seen[-1].text == "您好"
