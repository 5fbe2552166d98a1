"""The cases of RapidPro Courier's own tests of its WeChat channel (handlers/wechat/testdata), with words of our own.

Two of them are not right, and end otherwise here: a message nobody signed is heard there, and an answer without an
errcode is a success there. Courier writes CreateTime in milliseconds, which WeChat doesn't; it is read all the same.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from banshi.testing import Door
from conversations.tables.models import Said, Turn
from tests.channels.wechat.phones import PATH, Phone, Recorder, bureau, recorder
from tests.channels.wechat.telling.test_sending import SEND, said_to

MILLISECONDS = "1518774424438"


@pytest_asyncio.fixture
async def wechat() -> AsyncIterator[Recorder]:
    async with recorder() as one:
        yield one


@pytest_asyncio.fixture
async def door(tmp_path: Any, wechat: Recorder) -> AsyncIterator[Door]:
    """Of an account in plain text, as Courier knows no other."""
    async with bureau(tmp_path, aes_key="", base_url=wechat.url) as opened:
        yield opened


def phone_at(door: Door) -> Phone:
    return Phone(door, openid="1234", encrypts=False)


# -- what comes in -----------------------------------------------------------------------------------------------


async def test_a_text_is_taken_once_by_its_id_whatever_its_time_says(door: Door) -> None:
    text = {"MsgType": "text", "Content": "Simple Message", "MsgId": "123456", "CreateTime": MILLISECONDS}
    first, again = [await phone_at(door).sends(**text) for _ in range(2)]
    assert first == again != ""
    (turn,) = await Turn.all()
    assert turn.key == "123456"


async def test_an_image_is_answered(door: Door) -> None:
    image = {"MsgType": "image", "MsgId": "123456", "MediaId": "12", "CreateTime": MILLISECONDS}
    assert await phone_at(door).sends(**image)


async def test_whoever_subscribes_begins_a_conversation_and_whoever_leaves_is_no_fault(door: Door) -> None:
    assert await phone_at(door).event("subscribe", CreateTime=MILLISECONDS)
    assert await Turn.all().count() == 1
    assert await phone_at(door).event("unsubscribe", CreateTime=MILLISECONDS) == ""


@pytest.mark.parametrize("missing", ["FromUserName", "MsgId", "MsgType"])
async def test_a_message_that_lacks_something_is_refused_and_nothing_is_kept(missing: str, door: Door) -> None:
    phone = phone_at(door)
    whole = phone.message(MsgType="text", Content="Simple Message", MsgId="123456")
    begin, end = whole.index(f"<{missing}>"), whole.index(f"</{missing}>") + len(f"</{missing}>")
    (await phone.posts(whole[:begin] + whole[end:])).problem(400, "malformed-body")
    assert not await Turn.exists()


async def test_the_address_is_verified_by_its_signature_alone(door: Door) -> None:
    phone = phone_at(door)
    signed = phone.query(str(int(door.platform.now().timestamp())), "nonce") | {"echostr": "SUCCESS"}
    assert (await door.anyone.get(PATH, params=signed)).body == b"SUCCESS"
    (await door.anyone.get(PATH, params={**signed, "nonce": "other"})).problem(403, "signature-refused")


async def test_a_message_that_nobody_signed_is_not_heard(door: Door) -> None:
    phone = phone_at(door)
    message = phone.message(MsgType="text", Content="Simple Message", MsgId="123456").encode()
    (await phone.raw(message, {})).problem(403, "signature-refused")
    assert not await Turn.exists()


# -- what goes out -----------------------------------------------------------------------------------------------


async def said(door: Door, text: str) -> Said:
    phone = phone_at(door)
    await phone.says("hello")
    return await said_to(door, phone, text)


async def test_a_text_goes_out_as_it_is(door: Door, wechat: Recorder) -> None:
    assert (await said(door, "Simple Message ☺")).state == "accepted"
    assert wechat.sent(SEND) == [{"msgtype": "text", "touser": "1234", "text": {"content": "Simple Message ☺"}}]


@pytest.mark.parametrize(
    ("status", "body"), [(401, "Error"), (500, "Error"), (429, "Error"), (200, ""), (200, "Error"), (200, "[]")]
)
async def test_an_answer_that_says_nothing_of_success_is_none_and_nothing_is_sent_twice(
    status: int, body: str, door: Door, wechat: Recorder
) -> None:
    wechat.raw[SEND] = [(status, body)]
    assert (await said(door, "Error Message")).state == "unknown"
    assert len(wechat.sent(SEND)) == 1
