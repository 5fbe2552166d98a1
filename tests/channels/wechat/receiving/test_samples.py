"""WeChat's published examples of messages and events, with values of our own, through the webhook: none is a fault.

The structures are those of developers.weixin.qq.com ("接收普通消息", "接收事件推送", "自定义菜单事件推送" and
others) and of the samples that WxJava reads (WxMpXmlMessageTest), also where they differ: MsgID for MsgId, white space
between elements, and one message that has the fields of all.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from banshi.testing import Door
from conversations.tables.models import Turn
from tests.channels.wechat.phones import Phone, bureau, recorder
from wechat.accounts import ACCOUNTS
from wechat.telling.articles import sent_this_month

#: By MsgType: each is answered.
MESSAGES: dict[str, tuple[str, dict[str, Any]]] = {
    "text": ("text", {"Content": "你好"}),
    "text of an article": ("text", {"Content": "你好", "MsgDataId": "xxxx", "Idx": "1"}),
    "choice in a menu message": ("text", {"Content": "满意", "bizmsgmenuid": "101"}),
    "image": ("image", {"PicUrl": "http://pic.example/1", "MediaId": "media-1"}),
    "voice": ("voice", {"MediaId": "media-2", "Format": "amr"}),
    "voice in which words are heard": (
        "voice",
        {"MediaId": "media-3", "Format": "speex", "MediaId16K": "media-4", "Recognition": "我要提建议！"},
    ),
    "video": ("video", {"MediaId": "media-5", "ThumbMediaId": "thumb-1"}),
    "short video": ("shortvideo", {"MediaId": "media-6", "ThumbMediaId": "t-2"}),
    "place": (
        "location",
        {"Location_X": "24.480000", "Location_Y": "118.089000", "Scale": "20", "Label": "文庙街1号"},
    ),
    "link": ("link", {"Title": "官网", "Description": "官网链接", "Url": "https://city.example/1"}),
}
SCAN = {"ScanCodeInfo": {"ScanType": "qrcode", "ScanResult": "1"}}
PICTURES = {"SendPicsInfo": {"Count": "2", "PicList": {"item": [{"PicMd5Sum": "0f5f7c23"}, {"PicMd5Sum": "1f5f7c23"}]}}}
PLACE = {
    "SendLocationInfo": {"Location_X": "24", "Location_Y": "118", "Scale": "15", "Label": " 文庙街 1号", "Poiname": ""}
}
#: What somebody says to two notices.
WANTED = [{"TemplateId": f"tpl-{said}", "SubscribeStatusString": said} for said in ("accept", "reject")]
SENT = {"TemplateId": "tpl-0", "MsgID": "1700827132819554304", "ErrorCode": "0", "ErrorStatus": "success"}
ARTICLE = {"ArticleIdx": "1", "UserDeclareState": "0", "AuditState": "2", "OriginalArticleUrl": "U", "CanReprint": "1"}
ADDRESSES = {"item": {"ArticleIdx": "1", "ArticleUrl": "https://mp.example/s/1"}}
WENT_OUT = {
    "MsgID": "1000001625",
    "Status": "err(30003)",
    "TotalCount": "100",
    "FilterCount": "80",
    "SentCount": "75",
    "CopyrightCheckResult": {"Count": "2", "ResultList": {"item": [ARTICLE, ARTICLE]}, "CheckState": "2"},
    "ArticleUrlResult": {"Count": "1", "ResultList": ADDRESSES},
}
PUBLISHED = {
    "publish_id": "2247503051",
    "publish_status": "0",
    "article_id": "b5O2OUs25HBx",
    "article_detail": ADDRESSES,
}

#: Events that are answered, and those that nobody reads an answer to.
ANSWERED: dict[str, tuple[str, dict[str, Any]]] = {
    "follows": ("subscribe", {"EventKey": ""}),
    "follows by a code": ("subscribe", {"EventKey": "qrscene_123123", "Ticket": "TICKET"}),
    "scans": ("SCAN", {"EventKey": "4294967295", "Ticket": "TICKET"}),
    "clicks": ("CLICK", {"EventKey": "进度"}),
    "scans and waits": ("scancode_waitmsg", {"EventKey": "6", **SCAN}),
}
SILENT: dict[str, tuple[str, dict[str, Any]]] = {
    "tells where they are": ("LOCATION", {"Latitude": "24.1", "Longitude": "118.2", "Precision": "119.4"}),
    "views": ("VIEW", {"EventKey": "https://city.example/", "MenuId": "1"}),
    "opens a mini program": ("view_miniprogram", {"EventKey": "pages/index", "MenuId": "1"}),
    "scans from the menu": ("scancode_push", {"EventKey": "6", **SCAN}),
    "takes pictures": ("pic_sysphoto", {"EventKey": "6", **PICTURES}),
    "takes or chooses pictures": ("pic_photo_or_album", {"EventKey": "6", **PICTURES}),
    "chooses pictures": ("pic_weixin", {"EventKey": "6", **PICTURES}),
    "chooses a place": ("location_select", {"EventKey": "6", **PLACE}),
    "a template arrived": ("TEMPLATESENDJOBFINISH", {"MsgID": "200163836", "Status": "success"}),
    "a template is refused": ("TEMPLATESENDJOBFINISH", {"MsgID": "200163840", "Status": "failed:user block"}),
    "a template failed": ("TEMPLATESENDJOBFINISH", {"MsgID": "200163841", "Status": "failed: system failed"}),
    "an article went out": ("MASSSENDJOBFINISH", WENT_OUT),
    "an article is published": ("PUBLISHJOBFINISH", {"PublishEventInfo": PUBLISHED}),
    "says yes and no to notices": (
        "subscribe_msg_popup_event",
        {"SubscribeMsgPopupEvent": {"List": [{**one, "PopupScene": "2"} for one in WANTED]}},
    ),
    "changes what they want": ("subscribe_msg_change_event", {"SubscribeMsgChangeEvent": {"List": WANTED}}),
    "a notice arrived": ("subscribe_msg_sent_event", {"SubscribeMsgSentEvent": {"List": SENT}}),
    "the account is verified": ("qualification_verify_success", {"ExpiredTime": "1442401156"}),
    "the account has to be renewed": ("annual_renew", {"ExpiredTime": "1442401156"}),
    "somebody's data change": ("user_info_modified", {"OpenID": "o-1", "RevokeInfo": "1"}),
    "a chat at WeChat's own desk ends": ("kf_close_session", {"KfAccount": "a@b"}),
    "whatever comes next": ("something_new_event", {"Deep": {"Er": {"Still": "1"}}}),
    "leaves": ("unsubscribe", {"EventKey": ""}),
}

#: What all of them may have.
EVERYTHING = {
    "Content": "建议",
    "PicUrl": "u",
    "MediaId": "m",
    "Format": "amr",
    "ThumbMediaId": "t",
    "Title": "a",
    "Scale": "20",
    "Location_X": "23.134521",
    "Location_Y": "113.358803",
    "Label": "位置信息",
    "Event": "subscribe",
    "Ticket": "T",
    "EventKey": "qrscene_1",
    "Latitude": "23.1",
    "Longitude": "113.3",
    **SCAN,
    **PICTURES,
    **PLACE,
    "KeyStr": "69",
    "Sex": "1",
    "Scene": "2",
    "ExtInfo": "1",
    "ReasonMsg": "",
}
SAMPLES: dict[str, dict[str, Any]] = {
    **{name: {"MsgType": kind, **fields} for name, (kind, fields) in MESSAGES.items()},
    **{name: {"MsgType": "event", "Event": one, **more} for name, (one, more) in (ANSWERED | SILENT).items()},
    "everything at once": {"MsgType": "text", **EVERYTHING},
}

#: Those that are written in another way than ours.
WRITTEN = {
    "MsgID for MsgId": "<Content><![CDATA[进度]]></Content><MsgID>5836982729904121631</MsgID>",
    "white space": "\n  <Content> <![CDATA[菜单]]> </Content>\n  <MsgId>5836982729904121631</MsgId>\n",
}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def door(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Door]:
    async with recorder() as wechat, bureau(tmp_path_factory.mktemp("bureau"), base_url=wechat.url) as opened:
        yield opened


def sample(name: str, phone: Phone) -> str:
    if name not in WRITTEN:
        return phone.message(**SAMPLES[name])
    at = int(phone.door.platform.now().timestamp())
    return (
        "<xml><ToUserName><![CDATA[gh_0123456789ab]]></ToUserName>"
        f"<FromUserName><![CDATA[{phone.openid}]]></FromUserName> <CreateTime>{at}</CreateTime>"
        f"<MsgType><![CDATA[text]]></MsgType>{WRITTEN[name]}</xml>"
    )


@pytest.mark.parametrize("name", [*SAMPLES, *WRITTEN])
@pytest.mark.asyncio(loop_scope="module")
async def test_each_is_answered_with_a_reply_or_success_and_its_repeats_alike(door: Door, name: str) -> None:
    phone = Phone(door, openid=f"oSample{[*SAMPLES, *WRITTEN].index(name):021}")
    message = sample(name, phone)
    turns = await Turn.all().count()
    texts = [phone.read(await phone.posts(message)) for _ in range(3)]
    assert len({*texts}) == 1
    assert bool(texts[0]) is (name not in SILENT)
    assert (await Turn.all().count() - turns == 1) is (name not in SILENT or name == "leaves")


@pytest.mark.asyncio(loop_scope="module")
async def test_an_article_that_is_told_of_again_is_counted_once(door: Door) -> None:
    """The test above has sent one; the next two are new."""
    account = door.platform[ACCOUNTS]["bureau"]
    before = await sent_this_month(door.platform, account)
    for number in ("1000001626", "1000001627", "1000001626"):
        event = {"MsgID": number, "Status": "send success", "TotalCount": "1"}
        assert await Phone(door).event("MASSSENDJOBFINISH", **event) == ""
    assert await sent_this_month(door.platform, account) == before + 2
