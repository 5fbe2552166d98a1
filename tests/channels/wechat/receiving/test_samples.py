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

#: MsgType, what follows CreateTime, and whether somebody reads an answer.
MESSAGES: dict[str, tuple[str, str, bool]] = {
    "text": ("text", "<Content><![CDATA[你好]]></Content>{id}", True),
    "text of an article": (
        "text", "<Content><![CDATA[你好]]></Content>{id}<MsgDataId>xxxx</MsgDataId><Idx>1</Idx>", True,
    ),
    "choice in a menu message": (
        "text", "<Content><![CDATA[满意]]></Content>{id}<bizmsgmenuid>101</bizmsgmenuid>", True,
    ),
    "image": (
        "image", "<PicUrl><![CDATA[http://pic.example/1]]></PicUrl><MediaId><![CDATA[media-1]]></MediaId>{id}", True,
    ),
    "voice": ("voice", "<MediaId><![CDATA[media-2]]></MediaId><Format><![CDATA[amr]]></Format>{id}", True),
    "voice in which words are heard": (
        "voice",
        ("<MediaId><![CDATA[media-3]]></MediaId><Format><![CDATA[speex]]></Format>"
        "<MediaId16K><![CDATA[media-4]]></MediaId16K><Recognition><![CDATA[我要提建议！]]></Recognition>{id}"),
        True,
    ),
    "video": (
        "video", "<MediaId><![CDATA[media-5]]></MediaId><ThumbMediaId><![CDATA[thumb-1]]></ThumbMediaId>{id}", True,
    ),
    "short video": (
        "shortvideo", "<MediaId><![CDATA[media-6]]></MediaId><ThumbMediaId><![CDATA[t-2]]></ThumbMediaId>{id}", True,
    ),
    "place": (
        "location",
        ("<Location_X>24.480000</Location_X><Location_Y>118.089000</Location_Y><Scale>20</Scale>"
        "<Label><![CDATA[文庙街1号]]></Label>{id}"),
        True,
    ),
    "link": (
        "link",
        ("<Title><![CDATA[官网]]></Title><Description><![CDATA[官网链接]]></Description>"
        "<Url><![CDATA[https://city.example/1]]></Url>{id}"),
        True,
    ),
    "MsgID for MsgId": ("text", "<Content><![CDATA[进度]]></Content>{ID}", True),
    "white space between elements": ("text", "\n  <Content> <![CDATA[菜单]]> </Content>\n  {id}\n", True),
}  # fmt: skip

SCAN = "<ScanCodeInfo><ScanType><![CDATA[qrcode]]></ScanType><ScanResult><![CDATA[1]]></ScanResult></ScanCodeInfo>"
PICTURES = (
    "<SendPicsInfo><Count>2</Count><PicList><item><PicMd5Sum><![CDATA[0f5f7c23b5bf75682a53e7b6d163e185]]></PicMd5Sum>"
    "</item><item><PicMd5Sum><![CDATA[1f5f7c23b5bf75682a53e7b6d163e185]]></PicMd5Sum></item></PicList></SendPicsInfo>"
)
PLACE = (
    "<SendLocationInfo><Location_X><![CDATA[24]]></Location_X><Location_Y><![CDATA[118]]></Location_Y>"
    "<Scale><![CDATA[15]]></Scale><Label><![CDATA[ 文庙街 1号]]></Label><Poiname><![CDATA[]]></Poiname>"
    "</SendLocationInfo>"
)


def key(value: str) -> str:
    return f"<EventKey><![CDATA[{value}]]></EventKey>"


def wanted(name: str, *, scene: str = "", more: str = "") -> str:
    """What somebody says to two notices."""
    each = (
        f"<List><TemplateId><![CDATA[tpl-{number}]]></TemplateId>"
        f"<SubscribeStatusString><![CDATA[{said}]]></SubscribeStatusString>{scene}{more}</List>"
        for number, said in enumerate(("accept", "reject"))
    )
    return f"<{name}>{''.join(each)}</{name}>"


ARTICLES = (
    "<CopyrightCheckResult><Count>2</Count><ResultList>"
    + "".join(
        f"<item><ArticleIdx>{number}</ArticleIdx><UserDeclareState>0</UserDeclareState><AuditState>2</AuditState>"
        f"<OriginalArticleUrl><![CDATA[Url_{number}]]></OriginalArticleUrl><CanReprint>1</CanReprint></item>"
        for number in (1, 2)
    )
    + "</ResultList><CheckState>2</CheckState></CopyrightCheckResult>"
    "<ArticleUrlResult><Count>1</Count><ResultList><item><ArticleIdx>1</ArticleIdx>"
    "<ArticleUrl><![CDATA[https://mp.example/s/1]]></ArticleUrl></item></ResultList></ArticleUrlResult>"
)
COUNTS = "<TotalCount>100</TotalCount><FilterCount>80</FilterCount><SentCount>75</SentCount><ErrorCount>5</ErrorCount>"

#: Event, what follows its name, and whether somebody reads an answer.
EVENTS: dict[str, tuple[str, str, bool]] = {
    "follows": ("subscribe", "<EventKey><![CDATA[]]></EventKey>", True),
    "follows by a code": ("subscribe", key("qrscene_123123") + "<Ticket><![CDATA[TICKET]]></Ticket>", True),
    "scans": ("SCAN", key("4294967295") + "<Ticket><![CDATA[TICKET]]></Ticket>", True),
    "tells where they are": (
        "LOCATION", "<Latitude>24.1</Latitude><Longitude>118.2</Longitude><Precision>119.4</Precision>", False,
    ),
    "clicks": ("CLICK", key("进度"), True),
    "views": ("VIEW", key("https://city.example/") + "<MenuId>1</MenuId>", False),
    "opens a mini program": ("view_miniprogram", key("pages/index") + "<MenuId>1</MenuId>", False),
    "scans from the menu": ("scancode_push", key("6") + SCAN, False),
    "scans and waits": ("scancode_waitmsg", key("6") + SCAN, True),
    "takes pictures": ("pic_sysphoto", key("6") + PICTURES, False),
    "takes or chooses pictures": ("pic_photo_or_album", key("6") + PICTURES, False),
    "chooses pictures": ("pic_weixin", key("6") + PICTURES, False),
    "chooses a place": ("location_select", key("6") + PLACE, False),
    "a template arrived": (
        "TEMPLATESENDJOBFINISH", "<MsgID>200163836</MsgID><Status><![CDATA[success]]></Status>", False,
    ),
    "a template is refused": (
        "TEMPLATESENDJOBFINISH", "<MsgID>200163840</MsgID><Status><![CDATA[failed:user block]]></Status>", False,
    ),
    "a template failed": (
        "TEMPLATESENDJOBFINISH", "<MsgID>200163841</MsgID><Status><![CDATA[failed: system failed]]></Status>", False,
    ),
    "an article went out": (
        "MASSSENDJOBFINISH",
        f"<MsgID>1000001625</MsgID><Status><![CDATA[err(30003)]]></Status>{COUNTS}{ARTICLES}",
        False,
    ),
    "an article is published": (
        "PUBLISHJOBFINISH",
        ("<PublishEventInfo><publish_id>2247503051</publish_id><publish_status>0</publish_status>"
        "<article_id><![CDATA[b5O2OUs25HBx]]></article_id><article_detail><count>1</count><item><idx>1</idx>"
        "<article_url><![CDATA[https://mp.example/s/2]]></article_url></item></article_detail></PublishEventInfo>"),
        False,
    ),
    "says yes and no to notices": (
        "subscribe_msg_popup_event",
        wanted("SubscribeMsgPopupEvent", scene="<PopupScene>2</PopupScene>"),
        False,
    ),
    "changes what they want": ("subscribe_msg_change_event", wanted("SubscribeMsgChangeEvent"), False),
    "a notice arrived": (
        "subscribe_msg_sent_event",
        ("<SubscribeMsgSentEvent><List><TemplateId><![CDATA[tpl-0]]></TemplateId><MsgID>1700827132819554304</MsgID>"
        "<ErrorCode>0</ErrorCode><ErrorStatus><![CDATA[success]]></ErrorStatus></List></SubscribeMsgSentEvent>"),
        False,
    ),
    "the account is verified": ("qualification_verify_success", "<ExpiredTime>1442401156</ExpiredTime>", False),
    "the account has to be renewed": ("annual_renew", "<ExpiredTime>1442401156</ExpiredTime>", False),
    "somebody's data change": (
        "user_info_modified", "<OpenID><![CDATA[o-1]]></OpenID><RevokeInfo>1</RevokeInfo>", False,
    ),
    "a chat at WeChat's own desk ends": ("kf_close_session", "<KfAccount><![CDATA[a@b]]></KfAccount>", False),
    "whatever comes next": ("something_new_event", "<Deep><Er><Still>1</Still></Er></Deep>", False),
    "leaves": ("unsubscribe", "<EventKey><![CDATA[]]></EventKey>", False),
}  # fmt: skip

#: What all of them may have, in one message.
EVERYTHING = (
    "<Content><![CDATA[建议]]></Content>{id}<PicUrl><![CDATA[u]]></PicUrl><MediaId><![CDATA[m]]></MediaId>"
    "<Format><![CDATA[amr]]></Format><ThumbMediaId><![CDATA[t]]></ThumbMediaId><Location_X>23.134521</Location_X>"
    "<Location_Y>113.358803</Location_Y><Scale>20</Scale><Label><![CDATA[位置信息]]></Label><Title><![CDATA[a]]></Title>"
    "<Event><![CDATA[subscribe]]></Event><EventKey><![CDATA[qrscene_1]]></EventKey><Ticket><![CDATA[T]]></Ticket>"
    f"<Latitude>23.1</Latitude><Longitude>113.3</Longitude>{SCAN}{PICTURES}{PLACE}<KeyStr><![CDATA[69]]></KeyStr>"
    "<Sex>1</Sex><Scene>2</Scene><ExtInfo><![CDATA[1]]></ExtInfo><ReasonMsg><![CDATA[]]></ReasonMsg>"
)
SAMPLES = {
    **{name: (kind, inner, is_answered) for name, (kind, inner, is_answered) in MESSAGES.items()},
    **{
        name: ("event", f"<Event><![CDATA[{event}]]></Event>{inner}", is_answered)
        for name, (event, inner, is_answered) in EVENTS.items()
    },
    "everything at once": ("text", EVERYTHING, True),
}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def door(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Door]:
    async with recorder() as wechat, bureau(tmp_path_factory.mktemp("bureau"), base_url=wechat.url) as opened:
        yield opened


def sample(number: int, name: str, phone: Phone) -> str:
    kind, inner, _ = SAMPLES[name]
    identity = 5_836_982_729_904_121_631 + number
    inner = inner.replace("{id}", f"<MsgId>{identity}</MsgId>").replace("{ID}", f"<MsgID>{identity}</MsgID>")
    at = int(phone.door.platform.now().timestamp())
    return (
        "<xml><ToUserName><![CDATA[gh_0123456789ab]]></ToUserName>"
        f"<FromUserName><![CDATA[{phone.openid}]]></FromUserName> <CreateTime>{at}</CreateTime>"
        f"<MsgType><![CDATA[{kind}]]></MsgType>{inner}</xml>"
    )


@pytest.mark.parametrize("name", SAMPLES)
@pytest.mark.asyncio(loop_scope="module")
async def test_each_is_answered_with_a_reply_or_success_and_its_repeats_alike(door: Door, name: str) -> None:
    number = [*SAMPLES].index(name)
    phone: Any = Phone(door, openid=f"oSample{number:021}")
    message = sample(number, name, phone)
    turns = await Turn.all().count()
    texts = [phone.read(await phone.posts(message)) for _ in range(3)]
    assert len({*texts}) == 1
    assert bool(texts[0]) is SAMPLES[name][2]
    assert (await Turn.all().count() - turns == 1) is (SAMPLES[name][2] or name == "leaves")


@pytest.mark.asyncio(loop_scope="module")
async def test_an_article_that_is_told_of_again_is_counted_once(door: Door) -> None:
    """The test above has sent one; the next two are new."""
    account = door.platform[ACCOUNTS]["bureau"]
    before = await sent_this_month(door.platform, account)
    for number in ("1000001626", "1000001627", "1000001626"):
        event = {"MsgID": number, "Status": "send success", "TotalCount": "1"}
        assert await Phone(door).event("MASSSENDJOBFINISH", **event) == ""
    assert await sent_this_month(door.platform, account) == before + 2
