"""Weibo's messages to an account's server, its API for replies, and whoever writes."""

from __future__ import annotations

import secrets
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import md5
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, unquote

import orjson
from aiohttp import web

from sandboxes.deliveries import DeliveryFaults
from sandboxes.faults import Count, Document, Seconds
from sandboxes.phones import Callbacks, Phones, Screen, Seen
from sandboxes.sandbox import Asked, Call, Clock, Control, answered
from wire import xml
from wire.crypto import signature

#: Weibo's refusals, and what each says.
REFUSALS: Mapping[int, str] = {
    10001: "System error",
    10008: "Param error, see doc for more info",
    10014: "Insufficient app permissions",
    10024: "User requests for this api out of rate limit",
    10027: "The user has not sent a message within the time",
    20003: "User does not exists",
    20012: "Text too long, please input text less than 300 characters",
    20504: "The user does not follow you",
    21327: "expired_token",
    21332: "invalid_access_token",
}


@dataclass(slots=True)
class Limits(Document):
    """Weibo's numbers."""

    typed_s: Seconds = 48 * 3600
    characters: Count = 300
    answer_s: Seconds = 5.0
    attempts: Count = 3


@dataclass(slots=True)
class Person:
    """Whoever has a phone."""

    uid: str
    seen: Screen = field(default_factory=Screen)
    follows: bool = True
    until: float = 0.0


@dataclass(slots=True)
class Account:
    """The account, and all that Weibo knows of it."""

    secret: str = field(default_factory=lambda: secrets.token_hex(16))
    access_token: str = field(default_factory=lambda: f"2.00{secrets.token_urlsafe(20)}")
    uid: str = "5000000001"
    limits: Limits = field(default_factory=Limits)
    faults: DeliveryFaults = field(default_factory=DeliveryFaults)
    clock: Clock = field(default_factory=Clock)
    people: dict[str, Person] = field(default_factory=dict)
    files: defaultdict[str, bytes] = field(default_factory=lambda: defaultdict(bytes))


class Told(NamedTuple):
    """A message or an event of somebody's."""

    person: Person
    fields: Mapping[str, Any]


class WeiboCallbacks(Callbacks[Told]):
    """The account's server, as Weibo calls it."""

    def key(self, message: Told) -> str:
        return str(message.fields.get("MsgId", ""))

    def request(self, message: Told) -> tuple[Mapping[str, str], bytes]:
        return self.signed(), xml.written(message.fields)

    def signed(self, secret: str | None = None) -> dict[str, str]:
        at, nonce = str(int(self.account.clock() * 1000)), str(secrets.randbelow(10**8))
        return {"signature": signature(secret or self.account.secret, at, nonce), "timestamp": at, "nonce": nonce}

    def show(self, message: Told, answer: bytes) -> bool:
        if not answer:
            return False
        text = xml.read(answer)["Content"][0]
        if characters(text) >= self.account.limits.characters:
            raise ValueError("the text is too long to be shown")
        message.person.seen.show("reply", "text", text)
        return True

    def no_service(self, message: Told) -> None:
        message.person.seen.show("system", "text", "消息未能送达，请稍后再试")


class Phone:
    """Somebody who writes to the account."""

    def __init__(self, account: Account, callbacks: WeiboCallbacks, name: str, url: str) -> None:
        self._account, self._callbacks, self._url = account, callbacks, url
        # A name that could be one is one.
        number = name if name.isascii() else str(int(md5(name.encode(), usedforsecurity=False).hexdigest()[:12], 16))
        self.me = account.people.setdefault(name, Person(number))
        self.seen = self.me.seen

    async def says(self, text: str, key: str = "") -> list[Seen]:
        return await self._message("text", {"Content": text}, text, key)

    async def sends(self, kind: str, body: bytes) -> list[Seen]:
        """A picture, or a voice, of which nothing is heard."""
        name = secrets.token_hex(8)
        self._account.files[name] = body
        told = (
            {"PicUrl": f"{self._url}/sandbox/media/{name}", "MediaId": name} if kind == "image" else {"MediaId": name}
        )
        return await self._message(kind, told, "", media_id=name)

    async def is_at(self, latitude: float, longitude: float, label: str = "") -> list[Seen]:
        place = {"Location_X": f"{latitude:.6f}", "Location_Y": f"{longitude:.6f}", "Scale": 16, "Label": label}
        return await self._message("location", place, label or f"{latitude}, {longitude}")

    async def follows(self) -> None:
        self.me.follows = True
        await self._deliver({"MsgType": "event", "Event": "follow"})

    async def unfollows(self) -> None:
        self.me.follows, self.me.until = False, 0.0
        await self._deliver({"MsgType": "event", "Event": "unfollow"})

    async def _message(self, kind: str, told: Mapping[str, Any], text: str, key: str = "", **more: Any) -> list[Seen]:
        before = len(self.seen)
        self.seen.show("own", kind, text, **more)
        self.me.until = self._account.clock() + self._account.limits.typed_s
        await self._deliver({"MsgType": kind, **told, "MsgId": int(key or secrets.randbelow(1 << 62))})
        return self.seen[before + 1 :]

    async def _deliver(self, fields: Mapping[str, Any]) -> None:
        head = {"ToUserName": self._account.uid, "FromUserName": self.me.uid}
        await self._callbacks.deliver(Told(self.me, {**head, "CreateTime": int(self._account.clock()), **fields}))


class WeiboSandbox(Phones[DeliveryFaults]):
    """A server that is Weibo to the account's server at `to`.

    Example::

        async with WeiboSandbox("http://127.0.0.1:8080/v1/weibo/city") as sandbox:
            await sandbox.phone("王小明").says("你好")
    """

    TITLE, ACCOUNT, CALLBACKS = "Weibo", Account, WeiboCallbacks
    MADE_UP = ("secret", "access_token")

    account: Account
    callbacks: WeiboCallbacks

    def table(self, name: str) -> Sequence[str]:
        own = self.account
        return [
            f"[plugins.weibo.settings.accounts.{name}]",
            f'uid = "{own.uid}"\nsecret = "{own.secret}"\naccess_token = "{own.access_token}"',
            f'base_url = "{self.url}"\n\n[platform.outgoing]  # its pictures are on this machine',
            'networks = ["127.0.0.0/8"]',
        ]

    def phone(self, name: str) -> Phone:
        return Phone(self.account, self.callbacks, name, self.url)

    def screen(self, name: str) -> tuple[dict[str, Any], Mapping[str, str]]:
        return {"follows": self.phone(name).me.follows, "menu": [], "windows": None, "typing": False}, {}

    def calls(self) -> Mapping[str, Call]:
        return {"/2/messages/reply.json": self._reply}

    def controls(self) -> Mapping[str, Control]:
        return {
            **super().controls(),
            "GET media/": lambda asked: web.Response(body=self.account.files[asked.below], content_type="image/jpeg"),
            "POST check": self._check,
        }

    def refused(self, code: int | str) -> web.StreamResponse:
        if code not in REFUSALS:
            raise ValueError(f"codes: Weibo's codes here are {sorted(REFUSALS)}, not {code}")
        told = {"error": REFUSALS[int(code)], "error_code": code, "request": "/2/messages/reply.json"}
        return answered(told, 403 if int(code) < 20000 else 400)

    async def _reply(self, request: web.BaseRequest) -> web.StreamResponse:
        form = dict(parse_qsl((await request.read()).decode()))
        code = self._said(request.query.get("access_token", ""), form)
        self.counted[request.path, code] += 1
        return self.refused(code) if code else answered({"result": True, "sender_id": self.account.uid})

    def _said(self, token: str, form: Mapping[str, str]) -> int:
        """Show what the account says; a code where Weibo doesn't take it."""
        person = next((one for one in self.account.people.values() if one.uid == form.get("receiver_id")), None)
        if token != self.account.access_token:
            return 21332
        if person is None or not person.follows:
            return 20504 if person else 20003
        if person.until < self.clock():
            return 10027
        try:
            text = orjson.loads(unquote(form["data"]))["text"]
        except (ValueError, KeyError, TypeError):
            return 10008
        if characters(text) >= self.account.limits.characters:
            return 20012
        person.seen.show("reply", "text", text)
        return 0

    async def _check(self, _: Asked) -> dict[str, bool]:
        """What saving the address does: the server has to echo a text."""
        query = {**self.callbacks.signed(), "echostr": secrets.token_hex(8)}
        async with self.callbacks.session.get(self.callbacks.to, params=query) as response:
            return {"ok": response.status == 200 and await response.text() == query["echostr"]}


def characters(text: str) -> int:
    """As Weibo counts them: an emoji is two."""
    return len(text.encode("utf-16-le")) // 2
