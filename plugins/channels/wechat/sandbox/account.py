"""The account as WeChat knows it: its keys, its followers, and what is spent of its numbers."""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import secrets
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from sandboxes.phones import Screen
from sandboxes.sandbox import Clock
from wechat.sandbox.codes import WeChatError, require
from wechat.sandbox.numbers import Faults, Limits

#: A day begins at midnight there.
BEIJING = dt.timezone(dt.timedelta(hours=8))
MODES = ("plain", "compatible", "safe")


@dataclass(frozen=True, slots=True, kw_only=True)
class Keys:
    """What mp.weixin.qq.com shows of an account; made up unless given."""

    appid: str = field(default_factory=lambda: f"wx{secrets.token_hex(8)}")
    secret: str = field(default_factory=lambda: secrets.token_hex(16))
    token: str = field(default_factory=lambda: secrets.token_hex(12))
    aes_key: str = field(default_factory=lambda: base64.b64encode(secrets.token_bytes(32)).decode()[:43])
    #: The name that stands in messages for the account.
    original_id: str = field(default_factory=lambda: f"gh_{secrets.token_hex(6)}")


@dataclass(slots=True)
class Window:
    """Until when so many messages may still be sent outside an answer."""

    until: float
    left: int


@dataclass(slots=True, eq=False)
class Follower:
    """Somebody at a phone, as the account knows them."""

    name: str
    openid: str
    follows: bool = False
    followed_at: int = 0
    #: The QR code by which somebody follows.
    scene: str = ""
    #: The account's messages are turned off.
    refuses: bool = False
    windows: dict[str, Window] = field(default_factory=dict)
    seen: Screen = field(default_factory=Screen)
    #: Template → how many notices are still wanted; -1 is any number.
    wanted: dict[str, int] = field(default_factory=dict)
    typing_until: float = 0.0
    menu: dict[str, Any] | None = None
    menu_at: float = 0.0

    def show(self, via: str, kind: str, text: str = "", **more: Any) -> None:
        """Put a bubble on the phone: own, reply, service, notice, article or system."""
        self.seen.show(via, kind, text, **more)


@dataclass(slots=True)
class Template:
    """A notice's text. `kind` is template (a follower gets any number), once or long (to those who want it)."""

    kind: str
    title: str
    #: Lines with {{thing1.DATA}}.
    content: str


@dataclass(eq=False)
class Account:
    """Everything that WeChat remembers of one account."""

    keys: Keys = field(default_factory=Keys)
    mode: str = "safe"
    limits: Limits = field(default_factory=Limits)
    faults: Faults = field(default_factory=Faults)
    clock: Clock = field(default_factory=Clock)
    #: Addresses that may call the API; None is any.
    allowed_ips: set[str] | None = None
    #: A test account gets no menu messages.
    test_account: bool = False
    #: The host to which a sign-in may lead back; None is any.
    web_host: str | None = None
    followers: dict[str, Follower] = field(default_factory=dict)
    templates: dict[str, Template] = field(default_factory=dict)
    menu: dict[str, Any] | None = None
    #: Calls of the API by (path, errcode); by the status, `garbage`, `hang` or `cut` where a fault has answered.
    calls: Counter[tuple[str, int | str]] = field(default_factory=Counter)
    _spent: Counter[tuple[str, str]] = field(default_factory=Counter)

    def follower(self, name: str) -> Follower:
        """Whoever has the phone of that name."""
        digest = hashlib.sha256(f"{self.keys.appid}/{name}".encode()).digest()
        openid = f"o{base64.urlsafe_b64encode(digest).decode()[:27]}"
        return self.followers.setdefault(openid, Follower(name, openid))

    def reachable(self, openid: Any) -> Follower:
        """A follower. Raises WeChatError for anybody else."""
        if not isinstance(openid, str) or openid not in self.followers:
            raise WeChatError(40003)
        require(self.followers[openid].follows, 43004)
        return self.followers[openid]

    def check_keys(self, given: Mapping[str, Any], grant: str) -> None:
        """Raises WeChatError for who doesn't show the account's AppSecret."""
        for name, missing, right, wrong in (
            ("grant_type", 40002, grant, 40002),
            ("appid", 41002, self.keys.appid, 40013),
            ("secret", 41004, self.keys.secret, 40125),
        ):
            require(given.get(name) == right, wrong if given.get(name) else missing)

    # -- what is spent ---------------------------------------------------------------------------------------------

    def spend(self, name: str) -> None:
        """One call of the day's. Raises WeChatError when they are used up."""
        most = self.limits.a_day.get(name)
        if name in self.faults.used_up or (most is not None and not self._count(name, "%Y-%m-%d", most)):
            raise WeChatError(45009)

    def spend_of_month(self, name: str, most: int, code: int) -> None:
        require(self._count(name, "%Y-%m", most), code)

    def spend_of_minute(self, name: str, most: int) -> None:
        require(self._count(name, "%Y-%m-%dT%H:%M", most), 45011)

    def clear_day(self) -> None:
        self._spent = Counter({key: count for key, count in self._spent.items() if len(key[1]) == len("2026-11")})

    def _count(self, name: str, period: str, most: int) -> bool:
        key = name, dt.datetime.fromtimestamp(self.clock(), BEIJING).strftime(period)
        self._spent[key] += 1
        return self._spent[key] <= most

    # -- windows ---------------------------------------------------------------------------------------------------

    def open_window(self, follower: Follower, kind: str) -> None:
        """What somebody did makes room for messages: `typed` or `tapped`."""
        limits = self.limits
        left, seconds = (
            (limits.typed_messages, limits.typed_s) if kind == "typed" else (limits.tapped_messages, limits.tapped_s)
        )
        follower.windows[kind] = Window(self.clock() + seconds, left)

    def use_window(self, follower: Follower) -> None:
        """Spend one message of the window that ends first. Raises WeChatError."""
        open_now = [one for one in follower.windows.values() if one.until > self.clock()]
        require(open_now, 45015)
        window = min((one for one in open_now if one.left), key=lambda one: one.until, default=None)
        if window is None:
            raise WeChatError(45047)
        window.left -= 1

    def windows(self, follower: Follower) -> dict[str, Any]:
        return {kind: asdict(one) for kind, one in follower.windows.items() if one.until > self.clock()}
