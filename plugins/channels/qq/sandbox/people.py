"""Whoever writes to the bot, alone or in a group, and what QQ makes of it for the bot's server."""

from __future__ import annotations

import hashlib
import re
import secrets
import time
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal, NamedTuple

import aiohttp
import orjson
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from sandboxes.deliveries import DeliveryFaults
from sandboxes.faults import Count, Document, Seconds
from sandboxes.phones import Callbacks, Screen, Seen
from sandboxes.sandbox import Clock

#: What stands between somebody's name and their group's: 一@群 is 一, who writes in 群.
IN = "@"


@dataclass(slots=True)
class Limits(Document):
    """QQ's numbers, and what a bot has been granted."""

    answers: Count = 5
    private_s: Seconds = 3600
    group_s: Seconds = 300
    token_s: Seconds = 7200
    #: Beginnings of addresses that are registered.
    addresses: set[str] = field(default_factory=set)
    #: Whether a group's messages that mention nobody come too: `both` sends what mentions the bot under both events.
    whole: Literal["off", "on", "both"] = "off"
    markdown: bool = True
    answer_s: Seconds = 5.0
    attempts: Count = 3


@dataclass(slots=True)
class Account:
    """The bot, and all that QQ knows of it."""

    secret: str = field(default_factory=lambda: secrets.token_urlsafe(12))
    appid: str = "102000001"
    limits: Limits = field(default_factory=Limits)
    faults: DeliveryFaults = field(default_factory=DeliveryFaults)
    clock: Clock = field(default_factory=Clock)
    #: By message or event: whom it may be answered to, until when, and the numbers of its answers.
    messages: dict[str, tuple[str, float, set[int]]] = field(default_factory=dict)
    files: dict[str, bytes] = field(default_factory=dict)
    #: By the path of whoever is written to, and those that have no bot any more.
    screens: defaultdict[str, Screen] = field(default_factory=lambda: defaultdict(Screen))
    gone: set[str] = field(default_factory=set)
    #: Access tokens, and until when each is good.
    tokens: dict[str, float] = field(default_factory=dict)

    @property
    def key(self) -> Ed25519PrivateKey:
        return Ed25519PrivateKey.from_private_bytes((self.secret * 32)[:32].encode())


class Told(NamedTuple):
    """An event, and on whose screen it is."""

    screen: Screen
    id: str
    event: Mapping[str, Any]


class QqCallbacks(Callbacks[Told]):
    """The bot's server, as QQ calls it."""

    def key(self, message: Told) -> str:
        return message.id

    def request(self, message: Told) -> tuple[Mapping[str, str], bytes]:
        body = orjson.dumps(message.event)
        return self.signed(body), body

    def signed(self, body: bytes, key: Ed25519PrivateKey | None = None) -> dict[str, str]:
        """The headers of an event; a stranger's with another key."""
        at = str(int(time.time()))
        signature = (key or self.account.key).sign(at.encode() + body).hex()
        named = {"X-Bot-Appid": self.account.appid, "User-Agent": "QQBot-Callback", "Content-Type": "application/json"}
        return {**named, "X-Signature-Ed25519": signature, "X-Signature-Timestamp": at}

    async def post(self, query: Mapping[str, str], body: bytes) -> tuple[int, bytes]:
        """Signed in its headers, not in an address."""
        timeout = aiohttp.ClientTimeout(total=self.patience[0])
        async with self.session.post(self.to, data=body, headers=query, timeout=timeout) as response:
            return response.status, await response.read()

    def show(self, message: Told, answer: bytes) -> bool:  # noqa: ARG002 - what is answered comes by a call
        if answer and orjson.loads(answer).get("op") != 12:
            raise ValueError("it is no acknowledgement")
        return False

    def no_service(self, message: Told) -> None:
        message.screen.show("system", "text", "机器人没有应答")


class Phone:
    """Somebody, in a private chat or in a group."""

    def __init__(self, account: Account, callbacks: QqCallbacks, name: str, url: str) -> None:
        self._account, self._callbacks, self._url = account, callbacks, url
        self.name, _, self.group = name.partition(IN)
        # Another one in each group, and in private; a name that could be one is one.
        self.openid = name if re.fullmatch("[a-zA-Z0-9_-]+", name) else _id(f"{account.appid}{name}")
        self.group_openid = _id(f"{account.appid}{IN}{self.group}") if self.group else ""
        self.to = f"groups/{self.group_openid}" if self.group else f"users/{self.openid}"
        self.seen = account.screens[self.to]

    async def says(self, text: str, *, mentions: bool = True, bot: bool = False, key: str = "") -> list[Seen]:
        """In a group to the bot, unless it `mentions` it not; a `bot` is another one, or this one itself."""
        return await self._message({"content": text}, text, mentions=mentions, bot=bot, key=key)

    async def chooses(self, identity: str) -> list[Seen]:
        """Taps a button: what it stands for is sent."""
        return await self.says(identity)

    async def sends(self, kind: str, body: bytes, words: str = "") -> list[Seen]:
        name = secrets.token_hex(8)
        self._account.files[name] = body
        types = {"image": "image/jpeg", "video": "video/mp4", "voice": "voice"}
        one = {
            "content_type": types[kind],
            "filename": f"{name}.jpg",
            "url": f"{self._url}/sandbox/media/{name}",
            "size": len(body),
        }
        told = {"content": "", "attachments": [{**one, **({"asr_refer_text": words} if words else {})}]}
        return await self._message(told, "", kind=kind, media_id=name)

    async def follows(self) -> None:
        """Adds the bot, or has it join the group."""
        self._account.gone.discard(self.to)
        await self._event("GROUP_ADD_ROBOT" if self.group else "FRIEND_ADD")

    async def unfollows(self) -> None:
        self._account.gone.add(self.to)
        await self._event("GROUP_DEL_ROBOT" if self.group else "FRIEND_DEL")

    async def _event(self, kind: str) -> None:
        own = {"group_openid": self.group_openid, "op_member_openid": self.openid}
        told = {**(own if self.group else {"openid": self.openid}), "timestamp": int(self._account.clock())}
        identity = f"{kind}:{secrets.token_hex(12)}"
        await self._deliver(identity, identity, kind, told)

    async def _message(self, told: dict[str, Any], text: str, **about: Any) -> list[Seen]:
        mentions, bot, key = about.pop("mentions", True), about.pop("bot", False), about.pop("key", "")
        before, identity = len(self.seen), key or f"ROBOT1.0_{secrets.token_hex(64)}"
        shown = f"{self.name}：{text}" if self.group else text
        self.seen.show("own", about.pop("kind", "text"), shown, who=self.name, **about)
        at = datetime.fromtimestamp(self._account.clock(), UTC).isoformat()
        scene = {"source": "default", "ext": [f"msg_idx={identity[:80]}"]}
        told = {**told, "id": identity, "timestamp": at, "message_scene": scene}
        if not self.group:
            told["author"] = {"id": self.openid, "user_openid": self.openid, "union_openid": ""}
            await self._deliver(f"C2C_MESSAGE_CREATE:{identity}", identity, "C2C_MESSAGE_CREATE", told)
            return self.seen[before + 1 :]
        author = {"id": self.openid, "member_openid": self.openid, "bot": bot, "member_role": "member"}
        told |= {"group_id": self.group_openid, "group_openid": self.group_openid, "author": author}
        whole, own = self._account.limits.whole, _id(self._account.appid)
        if mentions and whole != "on":
            at_us = {**told, "content": f" {told['content']}"}
            await self._deliver(f"GROUP_AT_MESSAGE_CREATE:{identity}", identity, "GROUP_AT_MESSAGE_CREATE", at_us)
        if whole != "off":
            us = {"scope": "single", "bot": True, "id": own, "is_you": True, "member_openid": own, "username": "民生"}
            content = f"<@{own}> {told['content']}" if mentions else told["content"]
            # Under another id, the message is the same by its index alone.
            all_of_it = {**told, "id": f"{identity}!", "content": content, "mentions": [us] if mentions else []}
            await self._deliver(f"GROUP_MESSAGE_CREATE:{identity}", f"{identity}!", "GROUP_MESSAGE_CREATE", all_of_it)
        return self.seen[before + 1 :]

    async def _deliver(self, event: str, key: str, kind: str, told: Mapping[str, Any]) -> None:
        limits = self._account.limits
        until = self._account.clock() + (limits.group_s if self.group else limits.private_s)
        self._account.messages.setdefault(key, (self.to, until, set()))
        await self._callbacks.deliver(Told(self.seen, event, {"id": event, "op": 0, "t": kind, "s": 1, "d": told}))


def _id(of: str) -> str:
    return hashlib.md5(of.encode(), usedforsecurity=False).hexdigest().upper()
