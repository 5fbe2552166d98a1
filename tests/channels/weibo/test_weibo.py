"""Weibo's private messages: its published signature, another's parser, every item, and servers that are killed."""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import wechatpy  # type: ignore[import-untyped]

from banshi.testing import Door
from conversations import CONVERSATIONS, Content, File, Place, Reply, Text
from conversations.outbound.sender import Outlet, pieces
from conversations.tables.models import Said
from tests.channels.conversations.engine import test_every_item as items
from tests.channels.strangers import judge
from tests.servers.ports import free_port
from tests.tries import tries
from tests.waiting import until
from weibo.sandbox.server import Person, Phone, Told, WeiboSandbox, characters
from wire import messages, xml
from wire.crypto import is_signed, signature

REPLY = "/2/messages/reply.json"
DOCTYPE = b'<!DOCTYPE xml [<!ENTITY a "b">]><xml><FromUserName>1</FromUserName></xml>'


class WeiboPhones(judge.Screens):
    """What the account has said to each person."""

    sandbox: WeiboSandbox

    async def writes(self, phone: str, content: Content | str, key: str = "") -> None:
        """Again and again until it is answered in the same connection, or taken."""
        one, deliveries = self.sandbox.phone(phone), self.sandbox.callbacks.deliveries
        match content:
            case File(fetch, _):
                await one.sends("image", await fetch())
            case Place(latitude, longitude, label):
                await one.is_at(latitude, longitude, label)
            case Text(text) | str(text):
                told = message_id(key) if key else str(random.getrandbits(60))
                for _ in range(2 if key else 0):
                    await self._loses_the_answer(one, text, told)
                await one.says(text, key=told)
                while deliveries[-1].outcome not in ("shown", "nothing"):
                    await asyncio.sleep(0.05)
                    await one.says(text, key=told)
            case _:
                raise AssertionError(content)

    async def _loses_the_answer(self, one: Phone, text: str, told: str) -> None:
        """Weibo sends it, and our answer gets lost on its way."""
        fields = {"ToUserName": self.sandbox.account.uid, "FromUserName": one.me.uid, "MsgType": "text"}
        fields |= {"CreateTime": str(int(self.sandbox.clock())), "Content": text, "MsgId": told}
        with suppress(aiohttp.ClientError, OSError, TimeoutError):
            await self.sandbox.callbacks.post(*self.sandbox.callbacks.request(Told(one.me, fields)))


def account_of(sandbox: WeiboSandbox) -> dict[str, Any]:
    own = sandbox.account
    return {"uid": own.uid, "secret": own.secret, "access_token": own.access_token, "base_url": sandbox.url}


@asynccontextmanager
async def bureau(folder: Path) -> AsyncIterator[tuple[WeiboPhones, Door]]:
    async with WeiboSandbox("http://127.0.0.1:1/") as sandbox:
        settings = {"weibo": {"accounts": {"city": account_of(sandbox)}}}
        async with judge.bureau(folder, {"weibo": "weibo"}, settings) as door:
            sandbox.callbacks.to = f"{door.url}/v1/weibo/city"
            yield WeiboPhones(sandbox), door


async def said(weibo: WeiboPhones, phone: str, content: Content | str) -> list[str]:
    before = len(weibo[phone])
    await weibo.writes(phone, content)
    await until(judge.nothing_waits)
    return weibo[phone][before:]


def test_the_signature_that_weibo_publishes_is_one() -> None:
    parts = ("xyz123xyz", "1397022061823", "57155157")
    assert signature(*parts).startswith("90e4c22c90a5")
    assert is_signed(signature(*parts), *reversed(parts))


def test_another_s_parser_reads_what_the_sandbox_sends_and_ours_no_document_type() -> None:
    sandbox = WeiboSandbox("http://127.0.0.1:1/")
    told = {"ToUserName": "5", "FromUserName": "7", "CreateTime": 1_764_500_000, "MsgId": 12}
    kinds: dict[str, tuple[dict[str, Any], str, Any]] = {
        "text": ({"Content": "]]>😀&<"}, "content", "]]>😀&<"),
        "image": ({"PicUrl": "http://a.example/1", "MediaId": "1"}, "image", "http://a.example/1"),
        "location": (
            {"Location_X": "39.9", "Location_Y": "116.4", "Scale": 16, "Label": "甲"},
            "label",
            "甲",
        ),
    }
    for kind, (fields, name, value) in kinds.items():
        _, body = sandbox.callbacks.request(Told(Person("7"), {**told, "MsgType": kind, **fields}))
        theirs, ours = wechatpy.parse_message(body), messages.read(body)
        assert (getattr(theirs, name), theirs.source, theirs.id) == (value, ours.sender, int(ours.key))
    _, body = sandbox.callbacks.request(Told(Person("7"), {**told, "MsgType": "event", "Event": "unfollow"}))
    assert messages.read(body).kind == "event/unfollow"
    with pytest.raises(xml.Unreadable):
        messages.read(DOCTYPE)


@pytest.mark.parametrize("letter", ["a", "汉", "😀", "👨‍👩‍👧"])
def test_what_is_longer_than_weibo_takes_goes_in_parts_and_no_emoji_is_cut(letter: str) -> None:
    text = letter * 301
    found = pieces(text, Outlet("weibo", most_bytes=598, encoding="utf-16-le"))
    assert ("".join(found), len(found) > 1) == (text, True)
    assert all(characters(one) < 300 and not len(one) % len(letter) for one in found)


async def test_words_are_answered_at_once_the_rest_by_calls_and_nothing_after_they_have_left(tmp_path: Path) -> None:
    async with bureau(tmp_path) as (weibo, door):
        sandbox, conversations = weibo.sandbox, door.platform[CONVERSATIONS]
        assert await sandbox._check(None) == {"ok": True}  # type: ignore[arg-type]
        post, signed = sandbox.callbacks.post, sandbox.callbacks.signed
        assert (await post(signed("another"), b"<xml/>"))[0] == 403
        assert {(await post(signed(), body))[0] for body in (DOCTYPE, b"<xml/>", b"{}")} == {400}
        sandbox.clock.ahead = -900
        assert (await post(signed(), b"<xml/>"))[0] == 403
        sandbox.clock.ahead = 0
        first, *rest = await said(weibo, "zhang", "指南 建议")
        assert characters(first) < 300
        assert all(characters(one) < 300 for one in rest)
        conversation = await conversations.find(f"weibo:{sandbox.account.uid}", "zhang")
        assert conversation
        for code, state in ((0, "accepted"), (21332, "refused"), (10027, "shut")):
            sandbox.faults.codes = {REPLY: code} if code else {}
            await conversations.say(conversation, Reply(text="在办"), by="officer")
            await until(judge.nothing_waits)
            assert (await Said.filter(by="officer").order_by("-id").first()).state == state  # type: ignore[union-attr]
        await sandbox.phone("zhang").unfollows()
        await conversations.say(conversation, Reply(text="在办"), by="officer")
        await until(judge.nothing_waits)
        assert (await Said.filter(by="officer").order_by("-id").first()).state == "shut"  # type: ignore[union-attr]


@pytest.mark.long
async def test_every_item_ends_by_private_messages_as_it_does_over_http(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It takes long: a third of all items is talked to its end."""
    truly = items.truly

    async def with_floats(*about: Any) -> Any:
        """A place that somebody sends has degrees with a point."""
        return floating(await truly(*about))

    monkeypatch.setattr(items, "truly", with_floats)
    async with WeiboSandbox("http://127.0.0.1:1/") as sandbox:
        settings = {"weibo": {"accounts": {"city": account_of(sandbox)}}}
        async with judge.sample_city(tmp_path, {"weibo": "weibo"}, settings) as door:
            sandbox.callbacks.to = f"{door.url}/v1/weibo/city"
            wanted = judge.share_of(door, 1)
            ends = await judge.talk_all(door, WeiboPhones(sandbox), wanted, monkeypatch)
            assert ends == judge.ends_of(wanted)


@pytest.mark.long
@pytest.mark.timeout(tries(240, 3_600))
async def test_killed_twenty_times_nothing_is_lost_and_nothing_comes_twice(tmp_path: Path, database: str) -> None:
    """It takes long: a server is begun anew after each kill."""
    async with WeiboSandbox("http://127.0.0.1:1/") as sandbox:
        port, weibo = free_port(), WeiboPhones(sandbox)
        told = "".join(f"{name} = {json.dumps(one)}\n" for name, one in account_of(sandbox).items())
        plugins = '[plugins.weibo]\npackage = "weibo"\napi = 1\n[plugins.weibo.settings]\ncharacters = 9000\n'
        config = judge.written_config(tmp_path, database, f"{plugins}[plugins.weibo.settings.accounts.city]\n{told}")
        sandbox.callbacks.to = f"http://127.0.0.1:{port}/v1/weibo/city"
        sandbox.account.limits.characters = 9_000
        sandbox.faults.lose_answer, sandbox.faults.every = {REPLY}, {REPLY: 5}
        killed = judge.Killed(config, port, f"weibo:{sandbox.account.uid}", weibo, part=1, messages=tries(0, 5_000))
        await killed.run()
        for keys in killed.written.values():
            keys[:] = map(message_id, keys)
        judged = await killed.judge(tmp_path, database, ends="accepted", knows_again=False)
        assert judged > judge.PHONES * judge.LAST


def floating(whole: Any) -> Any:
    if isinstance(whole, dict):
        degrees = {"latitude", "longitude"}
        return {name: float(one) if name in degrees else floating(one) for name, one in whole.items()}
    return [floating(one) for one in whole] if isinstance(whole, list) else whole


def message_id(key: str) -> str:
    """Weibo's ids are numbers."""
    return key.replace("last", "999").replace("-", "")


async def test_a_sandbox_whose_port_is_taken_leaves_nothing_open() -> None:
    async with WeiboSandbox("http://127.0.0.1:1/") as first:
        second = WeiboSandbox("http://127.0.0.1:1/", port=first.port)
        with pytest.raises(OSError, match="in use"):
            await second.__aenter__()
        assert not hasattr(second.callbacks, "session")
