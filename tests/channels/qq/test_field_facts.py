"""What QQ sends, as others have recorded it in August and September 2026, and what is read of it.

Facts of miaomiao636/qq-group-moderation-bot (tests/fixtures/qq_official: twelve events of a whole group, masked by
whoever recorded them), and of the tests of qqbot-rust-sdk, RayleaBot and nonebot/adapter-qq. Ids and words are ours; so
long, and so made, are theirs.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conversations import Content, File, Text, Unread, Video, Voice
from qq import signing
from qq.events import Unreadable, received
from tests.tries import tries

NOW = datetime(2026, 9, 5, 1, 0, tzinfo=UTC)
#: 141 letters, and what is the same of a message under two events.
IDENTITY = "ROBOT1.0_2eys9HEM80qMFgWs0Tx.Q" + "x" * 110 + "!"
INDEX = "REFIDX_0Vhe0GMkmh0un8qH50kD+MtG81ovPjw88HwjHppK6Gc="
US = {"id": "C4B0", "member_openid": "C4B0", "bot": True, "is_you": True, "scope": "single", "username": "民生"}
OTHER = {**US, "id": "A0D1", "member_openid": "A0D1", "bot": False, "is_you": False, "member_role": "owner"}
ALL = {"username": "全体成员", "scope": "all", "is_you": True}
FACE = '<faceType=1,faceId="277",ext="eyJ0ZXh0Ijoi5rGq5rGqIn0=">'
NO_FACE = '<faceType=6,faceId="0",ext="eyJ0ZXh0IjoiIn0=">'
ATTACHED = '<attachmentType="image/jpeg",attachmentIndex=0,description="Zml4dHVyZQ==">'


def one(kind: str, **about: str) -> dict[str, Any]:
    return {"content_type": kind, "filename": "a", "size": 1, "url": "multimedia.nt.qq.com.cn/a", **about}


WHOLE, AT, ALONE = "GROUP_MESSAGE_CREATE", "GROUP_AT_MESSAGE_CREATE", "C2C_MESSAGE_CREATE"
FACTS: dict[str, tuple[str, dict[str, Any], Content | type | None]] = {
    "mentioned": (WHOLE, {"content": "<@C4B0> 路灯坏了", "mentions": [US]}, Text("路灯坏了")),
    "a mention and nothing else": (WHOLE, {"content": "<@C4B0>", "mentions": [US]}, Unread()),
    "two are mentioned": (WHOLE, {"content": "<@C4B0> <@A0D1> 进度", "mentions": [US, OTHER]}, Text("进度")),
    "everybody is mentioned": (WHOLE, {"content": "<@all> 开会", "mentions": [ALL]}, None),
    "another is, in an answer": (WHOLE, {"content": " <@A0D1> 在", "mentions": [OTHER], "message_type": 103}, None),
    "nobody is": (WHOLE, {"content": "大家早上好呀"}, None),
    "nobody is, and it is danger": (WHOLE, {"content": "有人跳河了"}, Text("有人跳河了")),
    "an older event without an index": (AT, {"content": " 123", "message_scene": None}, Text("123")),
    "a mention that was taken out": (AT, {"content": " "}, Unread()),
    "a face": (AT, {"content": FACE}, Text("[汪汪]")),
    "a face without a word": (AT, {"content": f"好{NO_FACE}"}, Text("好")),
    "a face with what is no word": (AT, {"content": '好<faceType=1,faceId="1",ext="x">'}, Text("好")),
    "a picture that moves": (AT, {"content": NO_FACE, "attachments": [one("image/gif")]}, File),
    "a picture": (ALONE, {"content": ATTACHED, "attachments": [one("image/jpeg")]}, File),
    "danger with a picture": (
        ALONE,
        {"content": f"{ATTACHED}着火了", "attachments": [one("image/jpeg")]},
        Text("着火了"),
    ),
    "a voice": (ALONE, {"attachments": [one("voice", asr_refer_text="1234。", voice_wav_url="https://a/a")]}, Voice),
    "a film": (ALONE, {"attachments": [one("video/mp4")]}, Video),
    "a document": (ALONE, {"attachments": [one("file")]}, File),
    "a card": (WHOLE, {"content": "[卡片消息] 小程序\nsource: 甲", "ark_data": {}, "message_type": 3}, None),
    "what others have said": (WHOLE, {"content": "[群聊的聊天记录]\n甲：乙", "message_type": 102}, None),
    "of a bot": (WHOLE, {"content": "<@C4B0> 你好", "mentions": [US], "author": {"bot": True}}, None),
}


def event(kind: str, **about: Any) -> dict[str, Any]:
    group = {} if kind == ALONE else {"group_id": "BCB1", "group_openid": "BCB1"}
    who = {"id": "A7A1", "bot": False, "union_openid": "", "username": "甲"}
    who |= {"user_openid": "A7A1"} if kind == ALONE else {"member_openid": "A7A1", "member_role": "owner"}
    scene = {"source": "default", "ext": [f"msg_idx={INDEX}", "auth_token=x", "ref_msg_idx=REFIDX_other"]}
    told = {"author": who, "content": "", "id": IDENTITY, "timestamp": "2026-09-05T08:41:44+08:00", "message_type": 0}
    return {"op": 0, "id": f"{kind}:1", "t": kind, "d": {**told, **group, "message_scene": scene, **about}}


async def fetch(_: str) -> bytes:
    return b""


@pytest.mark.parametrize(("kind", "about", "wanted"), FACTS.values(), ids=FACTS.keys())
def test_what_was_recorded_is_read_as_what_it_is(kind: str, about: dict[str, Any], wanted: Any) -> None:
    found = received(event(kind, **about), fetch, NOW)
    if wanted is None:
        assert found is None
        return
    assert found is not None
    assert isinstance(found.content, wanted) if isinstance(wanted, type) else found.content == wanted
    # Answers name the id, and it is the same message by its index, where there is one.
    assert (found.ref, found.key) == (IDENTITY, INDEX if about.get("message_scene", INDEX) else IDENTITY)
    assert (found.group, found.contact) == ((False, "A7A1") if kind == ALONE else (True, "group-BCB1"))


@settings(max_examples=tries(150, 5_000))
@given(
    kind=st.sampled_from([WHOLE, AT, ALONE, "FRIEND_ADD", "GROUP_DEL_ROBOT"]),
    name=st.sampled_from([*event(WHOLE)["d"], "attachments", "mentions", "openid"]),
    value=st.recursive(
        st.none()
        | st.booleans()
        | st.integers()
        | st.text()
        | st.sampled_from([FACE, "msg_idx=", "0001-01-01T00:00Z"]),
        lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(["ext", "url", "bot", "user_openid"]), inner),
    ),
)
def test_whatever_stands_in_an_event_it_is_read_or_said_to_be_unreadable(kind: str, name: str, value: Any) -> None:
    told = event(kind)
    told["d"][name] = value
    try:
        found = received(json.loads(json.dumps(told)), fetch, NOW)
    except Unreadable:
        return
    assert found is None or (0 < len(found.ref) <= 255 and found.at <= NOW)


#: Tencent's page 安全和授权: a secret, its public key, and the signature of an event. The page shows the body in one
#: line; what it has signed is the same over five, which is said nowhere.
SECRET, AT_S = "naOC0ocQE3shWLAfffVLB1rhYPG7", "1725442341"
PUBLIC = "d7c362fe78aef81ff23287b493628b5db02a3c4fe30b215e4d19609b5d76673a"
BODY = b'{\n  "op": 0,\n  "d": {},\n  "t": "GATEWAY_EVENT_NAME"\n}'
SIGNATURE = (
    "865ad13a61752ca65e26bde6676459cd36cf1be609375b37bd62af366e1dc25a"
    "8dc789ba7f14e017ada3d554c671a911bfdf075ba54835b23391d509579ed002"
)


def test_the_key_and_the_signature_of_an_event_that_tencent_publishes_are_ours() -> None:
    key = signing.key_of(SECRET)
    assert key.public_key().public_bytes_raw().hex() == PUBLIC
    assert signing.is_signed(key, SIGNATURE, AT_S, BODY)
    assert not signing.is_signed(key, SIGNATURE, AT_S, BODY.replace(b"\n", b""))
