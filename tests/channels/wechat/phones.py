"""WeChat's side for tests of our door: it signs and encrypts by wechatpy, which nothing of ours uses."""

from __future__ import annotations

import itertools
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import xmltodict
from aiohttp import web
from wechatpy.crypto import WeChatCrypto
from wechatpy.utils import WeChatSigner

from banshi import Message, Platform
from banshi.testing import Door, Reply, open_door
from conversations import deliver_on
from conversations.tables.models import Said
from tests.channels.provider import listening
from tests.channels.strangers.judge import written_config
from tests.places import ROOT
from tests.waiting import until
from wechat.sandbox.control import WeChatSandbox

PETITIONS = ROOT / "plugins" / "departments" / "petitions"

APPID, SECRET, TOKEN = "wx49f0ab532d5d035a", "made-up", "123456"
KEY = "kWxPEV2UEDyxWpmPdKC3F4dgPDmOvfKX1HGnEUDS1aR"
PATH = "/v1/wechat/bureau"

#: An address of WeChat's at which nobody answers.
NOBODY = "http://127.0.0.1:9"


def account_at(wechat: WeChatSandbox, **more: Any) -> dict[str, Any]:
    """The sandbox's account, as the settings have it."""
    keys = wechat.account.keys
    own = {"appid": keys.appid, "secret": keys.secret, "token": keys.token, "aes_key": keys.aes_key}
    return {**own, "base_url": wechat.url, **more}


def written(folder: Path, database: str, wechat: WeChatSandbox, plugins: str = "", **more: Any) -> Path:
    """A `plugins.toml` that has the sandbox's account, and those plugins."""
    account = "".join(f"{name} = {json.dumps(value)}\n" for name, value in account_at(wechat, **more).items())
    own = f'[plugins.wechat]\npackage = "wechat"\napi = 1\n[plugins.wechat.settings.accounts.bureau]\n{account}'
    return written_config(folder, database, own + plugins, "development = true\n")


def settings(**more: Any) -> dict[str, Any]:
    """`[plugins.wechat.settings]` with one account, which encrypts."""
    account = {"appid": APPID, "secret": SECRET, "token": TOKEN, "aes_key": KEY, "base_url": NOBODY, **more}
    return {"wechat": {"accounts": {"bureau": account}}}


@asynccontextmanager
async def bureau(folder: Path, database: str = "", *, push: bool = False, **more: Any) -> AsyncIterator[Door]:
    """A platform with one department and one account, and with phones for its app where that is wanted."""
    plugins: dict[str, Path | str] = {"petitions": PETITIONS, "conversations": "conversations", "wechat": "wechat"}
    plugins |= {"mobile_push": "mobile_push"} if push else {}
    platform = {"database": database} if database else {}
    async with open_door(folder, plugins, settings=settings(**more), platform=platform) as door:
        yield door


@dataclass(slots=True)
class Phone:
    """Somebody's WeChat, and the servers between it and us."""

    door: Door
    openid: str = "oWang00000000000000000000000"
    encrypts: bool = True
    path: str = PATH
    counter: Iterator[int] = field(default_factory=lambda: itertools.count(23_820_000_000_000_001))

    def message(self, **fields: str) -> str:
        """A message of theirs in plain text."""
        at = int(self.door.platform.now().timestamp())
        whole = {"ToUserName": "gh_0123456789ab", "FromUserName": self.openid, "CreateTime": str(at), **fields}
        if whole["MsgType"] != "event":
            whole.setdefault("MsgId", str(next(self.counter)))
        return str(xmltodict.unparse({"xml": whole}, full_document=False))

    def query(self, timestamp: str, nonce: str, token: str = TOKEN) -> dict[str, str]:
        signer = WeChatSigner()
        signer.add_data(token, timestamp, nonce)
        return {"signature": signer.signature, "timestamp": timestamp, "nonce": nonce, "openid": self.openid}

    async def posts(self, message: str, *, query: Mapping[str, str] | None = None, age_s: int = 0) -> Reply:
        """What WeChat sends for it, and what it hears."""
        timestamp, nonce = str(int(self.door.platform.now().timestamp()) - age_s), "461056294"
        asked = self.query(timestamp, nonce)
        body = message
        if self.encrypts:
            sealed = xmltodict.parse(WeChatCrypto(TOKEN, KEY, APPID).encrypt_message(message, nonce, timestamp))["xml"]
            asked |= {"encrypt_type": "aes", "msg_signature": sealed["MsgSignature"]}
            outer = {"ToUserName": "gh_0123456789ab", "Encrypt": sealed["Encrypt"]}
            body = xmltodict.unparse({"xml": outer}, full_document=False)
        return await self.raw(body.encode(), {**asked, **(query or {})})

    async def raw(self, body: bytes, query: Mapping[str, str]) -> Reply:
        return await self.door.anyone.call(
            "POST", self.path, data=body, params=dict(query), headers={"Content-Type": "text/xml"}
        )

    async def sends(self, **fields: str) -> str:
        """What they read in answer; "" for nothing."""
        return self.read(await self.posts(self.message(**fields)))

    async def says(self, text: str, **more: str) -> str:
        return await self.sends(MsgType="text", Content=text, **more)

    async def event(self, name: str, **more: str) -> str:
        return await self.sends(MsgType="event", Event=name, **more)

    def read(self, reply: Reply) -> str:
        """The text of an answer, as WeChat makes it out."""
        assert reply.status == 200, reply.body
        if reply.body == b"success":
            return ""
        body = reply.body.decode()
        if self.encrypts:
            outer = xmltodict.parse(body)["xml"]
            theirs = WeChatCrypto(TOKEN, KEY, APPID)
            body = theirs.decrypt_message(body, outer["MsgSignature"], outer["TimeStamp"], outer["Nonce"])
        inner = xmltodict.parse(body)["xml"]
        assert (inner["ToUserName"], inner["FromUserName"]) == (self.openid, "gh_0123456789ab")
        return str(inner["Content"])


@dataclass(slots=True)
class Recorder:
    """An API that notes what comes, and answers what a test says: for answers that WeChat's stand-in doesn't give."""

    url: str = ""
    #: Errcodes by path, each for one call; then all is well.
    codes: dict[str, list[int]] = field(default_factory=dict)
    #: Answers that no errcode stands in, by path: a status and a body, each for one call.
    raw: dict[str, list[tuple[int, str]]] = field(default_factory=dict)
    came: list[tuple[str, Any]] = field(default_factory=list)
    tokens: int = 0
    #: What happens before a call is answered.
    before: Callable[[], Awaitable[None]] | None = None

    async def answer(self, request: web.Request) -> web.StreamResponse:
        path = request.path
        if path == "/cgi-bin/stable_token":
            asked = await request.json()
            self.tokens += 1
            token = f"forced-{self.tokens}" if asked.get("force_refresh") else "first"
            return web.json_response({"access_token": token, "expires_in": 7200})
        document = await request.json() if request.can_read_body else dict(request.query)
        self.came.append((path, document))
        if self.raw.get(path):
            status, text = self.raw[path].pop(0)
            return web.Response(status=status, text=text)
        code, number = (self.codes.get(path) or [0]).pop(0), 200_000 + len(self.came)
        if self.before is not None:
            await self.before()
        if code == 599:
            assert request.transport is not None
            request.transport.close()
        return web.json_response({"errcode": code, "errmsg": "", "msgid": number})

    def sent(self, path: str) -> list[Any]:
        return [document for at, document in self.came if at == path]


@asynccontextmanager
async def recorder() -> AsyncIterator[Recorder]:
    one = Recorder()
    application = web.Application()
    application.router.add_route("*", "/{path:.*}", one.answer)
    async with listening(application) as one.url:
        yield one


async def bind(door: Door, phone: Any, subject: str = "wang") -> None:
    """As the app's digits bind them."""
    await phone.says((await door.citizen(subject, "王小明").post("/v1/conversations/codes")).created()["digits"])
    await phone.says("1")


@asynccontextmanager
async def bound_phone(folder: Path, database: str = "", **more: Any) -> AsyncIterator[tuple[Door, Recorder, Phone]]:
    """A bureau whose API notes what comes, and a phone of the citizen wang, which is bound."""
    async with recorder() as wechat, bureau(folder, database, base_url=wechat.url, **more) as door:
        phone = Phone(door)
        await bind(door, phone)
        yield door, wechat, phone


async def nothing_is_due() -> bool:
    due = Said.filter(state="waiting", not_before__lte=int(time.time() * 1000))
    return not await due.exists() and not await Said.filter(state="waiting", is_sending=True).exists()


async def deliver(platform: Platform, messages: Sequence[Message]) -> None:
    """What the channel does with messages about cases, and what comes of that at once."""
    await deliver_on("wechat")(platform, messages)
    await until(nothing_is_due)


def result(door: Door, number: str = "1", **more: Any) -> Message:
    """What wang is told of a case."""
    titles = {"zh-CN": "您的建议已答复", "en": "Your suggestion was answered"}
    bodies = {"zh-CN": "答复内容请查看办件。", "en": "See your case."}
    known = {"id": f"m-{number}", "person": "wang", "number": f"PET-2026-{number}", "created_at": door.platform.now()}
    values: dict[str, Any] = {"kind": "case", "link": "/v1/cases/1", "item": "suggest-police", **known, **more}
    return Message(title=titles, body=bodies, **values)


def became(row: Said) -> str:
    """What became of a notice; "said" where it is in the chat instead."""
    if row.is_sending:
        return "sending"
    is_in_chat = row.state in ("refused", "failed") or (row.window != "notice" and row.state != "waiting")
    return "said" if is_in_chat else row.state


async def notices() -> list[Said]:
    return await Said.filter(by="notice").exclude(kind="").order_by("id")


async def said_instead() -> list[str]:
    """What is in the chat, or is to be."""
    rows = await Said.filter(by="notice").exclude(state="refused").order_by("id")
    return [row.words["text"] for row in rows if not row.kind or (became(row) == "said" and row.state != "failed")]
