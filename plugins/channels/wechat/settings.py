"""`[plugins.wechat.settings]`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from banshi import Key
from conversations import Entrance
from wire.addresses import check_accounts, require_secure
from wire.crypto import MessageCipher

APPID = re.compile(r"wx[0-9a-f]{16}")
TOKEN = re.compile(r"[A-Za-z0-9]{3,32}")
SCENE = re.compile(r"[!-~]{1,64}")


@dataclass(frozen=True, slots=True, kw_only=True)
class AnyNotice:
    """What both notices say."""

    #: 订阅通知, which people subscribe to, or 模板消息.
    way: Literal["subscription", "template"]
    #: Its id at mp.weixin.qq.com.
    template: str
    #: Whether somebody's yes is for one notice (一次性订阅): then they are counted, and none is sent without.
    once: bool = False
    #: What stands in each of its fields.
    fields: Mapping[str, str]

    def __post_init__(self) -> None:
        if self.once and self.way != "subscription":
            raise ValueError('once is for way = "subscription": a template message needs nobody\'s yes')


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeSettings(AnyNotice):
    """`[….notice]`: the notice by which results of cases are told."""

    #: What stands in each of its fields: {thing1 = "item", character_string2 = "number", time3 = "time"}.
    fields: Mapping[str, Literal["title", "item", "number", "time"]]


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertNoticeSettings(AnyNotice):
    """`[….alert_notice]`: the notice by which alerts are told."""

    #: What stands in each of its fields: {thing1 = "title", thing2 = "areas", time3 = "until"}.
    fields: Mapping[str, Literal["title", "event", "areas", "time", "until"]]


@dataclass(frozen=True, slots=True, kw_only=True)
class SceneSettings:
    """`[….scenes.NAME]`: what a QR code of the account leads to whose scene is NAME, such as a police station's."""

    #: The code of an item, or of a desk.
    item: str = ""
    desk: str = ""

    def __post_init__(self) -> None:
        if bool(self.item) == bool(self.desk):
            raise ValueError("name an item or a desk, and one of them alone")

    @property
    def entrance(self) -> Entrance:
        return Entrance("item", self.item) if self.item else Entrance("desk", self.desk)


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountSettings:
    """`[plugins.wechat.settings.accounts.NAME]`: one official account, as mp.weixin.qq.com shows it."""

    #: "AppID" and "AppSecret"; write the secret as "env:NAME".
    appid: str
    secret: str = field(repr=False)
    #: "Token" and "EncodingAESKey" of the server's configuration. Without a key messages come in plain text.
    token: str = field(repr=False)
    aes_key: str = field(default="", repr=False)
    #: What people call it, by language: the page shows it on which they sign in for their chat.
    title: Mapping[str, str] = field(default_factory=dict)
    #: Whether the account may send customer-service messages. Without, what is said unasked waits for their next one.
    may_say_unasked: bool = True
    #: How results of cases are told; without, in the chat alone.
    notice: NoticeSettings | None = None
    #: How alerts are; without, in the chat alone.
    alert_notice: AlertNoticeSettings | None = None
    #: The permanent picture above articles.
    cover_media_id: str = ""
    #: Where WeChat's API is; the sandbox prints its own.
    base_url: str = "https://api.weixin.qq.com"
    #: Where WeChat's own browser says who opens a link; "" for nowhere, and then any browser is like another.
    sign_in_url: str = ""
    #: What the city's own QR codes lead to, by their scene; any other scene is a greeting.
    scenes: Mapping[str, SceneSettings] = field(default_factory=dict)
    #: Seconds that one call may take.
    timeout: float = 5.0

    def __post_init__(self) -> None:
        if not APPID.fullmatch(self.appid):
            raise ValueError("appid has to be wx and 16 digits or letters from a to f")
        if not TOKEN.fullmatch(self.token):
            raise ValueError("token has to be 3 to 32 letters and digits, as in the server's configuration")
        if not self.secret:
            raise ValueError("secret has to be the AppSecret of the account")
        if self.aes_key:
            MessageCipher(self.aes_key, self.appid)
        for name, url in (("base_url", self.base_url), ("sign_in_url", self.sign_in_url or self.base_url)):
            require_secure(name, url)
        for name in self.scenes:
            if not SCENE.fullmatch(name):
                raise ValueError(f"scenes.{name}: a scene is 1 to 64 letters, digits or signs of ASCII")
        if not 0 < self.timeout <= 60:
            raise ValueError("timeout has to be more than 0 and at most 60 seconds")


@dataclass(frozen=True, slots=True, kw_only=True)
class WeChatSettings:
    """The accounts that are talked on, by the name that their addresses have: /v1/wechat/NAME."""

    accounts: Mapping[str, AccountSettings] = field(default_factory=dict)

    def __post_init__(self) -> None:
        check_accounts("accounts", self.accounts, "appid")


SETTINGS: Key[WeChatSettings] = Key("wechat's settings")
