"""`[plugins.qq.settings]`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from banshi import Key
from wire.addresses import check_accounts, require_secure

APPID = re.compile(r"[0-9]{5,12}")


@dataclass(frozen=True, slots=True, kw_only=True)
class BotSettings:
    """`[plugins.qq.settings.bots.NAME]`: one bot, as q.qq.com shows it."""

    #: "AppID" and "AppSecret"; write the secret as "env:NAME".
    appid: str
    secret: str = field(repr=False)
    #: What people call it, by language: the page shows it on which they sign in for their chat.
    title: Mapping[str, str] = field(default_factory=dict)
    #: Beginnings of the addresses that are registered there (消息URL配置): no other stands in a text.
    addresses: tuple[str, ...] = ()
    #: Whether it has been granted buttons below its texts.
    buttons: bool = False
    #: Where QQ's API is, and its access tokens; the sandbox prints its own.
    base_url: str = "https://api.bot.qq.com"
    token_url: str = "https://api.bot.qq.com/app/getAppAccessToken"  # noqa: S105 - an address
    #: Seconds that one call may take: under five, QQ says, one may be lost that was done.
    timeout: float = 6.0

    def __post_init__(self) -> None:
        if not APPID.fullmatch(self.appid):
            raise ValueError("appid has to be the AppID of the bot: 5 to 12 digits")
        if not self.secret or not self.secret.isascii():
            raise ValueError("secret has to be the AppSecret of the bot")
        for name in ("base_url", "token_url"):
            require_secure(name, getattr(self, name))
        if not 0 < self.timeout <= 12:
            raise ValueError("timeout has to be more than 0 and at most 12 seconds")


@dataclass(frozen=True, slots=True, kw_only=True)
class QqSettings:
    """The bots that are talked with, by the name that their addresses have (/v1/qq/NAME), and QQ's numbers."""

    bots: Mapping[str, BotSettings] = field(default_factory=dict)
    #: Answers to one message, and minutes for which it may be answered: in a private chat, and in a group.
    answers: int = 5
    minutes: int = 60
    group_minutes: int = 5

    def __post_init__(self) -> None:
        check_accounts("bots", self.bots, "appid")
        if min(self.answers, self.minutes, self.group_minutes) < 1:
            raise ValueError("answers, minutes and group_minutes have to be 1 at least")


SETTINGS: Key[QqSettings] = Key("qq's settings")
