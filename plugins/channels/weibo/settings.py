"""`[plugins.weibo.settings]`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from banshi import Key
from wire.addresses import check_accounts, require_secure

#: Weibo's own number of an account.
UID = re.compile(r"[0-9]{5,20}")


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountSettings:
    """`[plugins.weibo.settings.accounts.NAME]`: one account whose private messages come here (粉丝服务, 开发模式)."""

    #: Its number, and the AppSecret of the app that serves it; write secrets as "env:NAME".
    uid: str
    secret: str = field(repr=False)
    #: The access token that its page shows, good for a year.
    access_token: str = field(repr=False)
    #: What people call it, by language: the page shows it on which they sign in for their chat.
    title: Mapping[str, str] = field(default_factory=dict)
    #: Where Weibo's API is; the sandbox prints its own.
    base_url: str = "https://m.api.weibo.com"
    #: Seconds that one call may take.
    timeout: float = 5.0

    def __post_init__(self) -> None:
        if not UID.fullmatch(self.uid):
            raise ValueError("uid has to be the number of the account: 5 to 20 digits")
        for name in ("secret", "access_token"):
            if not (value := getattr(self, name)) or not value.isascii() or not value.isprintable():
                raise ValueError(f"{name} has to be the one that Weibo shows for the account")
        require_secure("base_url", self.base_url)
        if not 0 < self.timeout <= 12:
            raise ValueError("timeout has to be more than 0 and at most 12 seconds")


@dataclass(frozen=True, slots=True, kw_only=True)
class WeiboSettings:
    """The accounts that are talked on, by the name that their addresses have (/v1/weibo/NAME), and Weibo's numbers."""

    accounts: Mapping[str, AccountSettings] = field(default_factory=dict)
    #: Hours for which whoever has written may be written to, and characters of one text.
    hours: int = 48
    characters: int = 300

    def __post_init__(self) -> None:
        check_accounts("accounts", self.accounts, "uid")
        if self.hours < 1 or self.characters < 40:
            raise ValueError("hours has to be 1 at least, and characters 40")


SETTINGS: Key[WeiboSettings] = Key("weibo's settings")
