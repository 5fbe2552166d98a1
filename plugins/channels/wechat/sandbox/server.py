"""WeChat on this machine: its API, and its pages for the browser."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from functools import partial
from typing import Any

import orjson
from aiohttp import web

import sandboxes.sandbox as frame
from sandboxes.phones import Phones
from wechat.sandbox.account import Account, Follower
from wechat.sandbox.api import menu
from wechat.sandbox.api.articles import Articles
from wechat.sandbox.api.call import Asked, Call
from wechat.sandbox.api.media import Media
from wechat.sandbox.api.messages import Messages
from wechat.sandbox.api.people import People
from wechat.sandbox.api.sign_in import SignIn
from wechat.sandbox.api.tokens import Tokens
from wechat.sandbox.callbacks import Told, WeChatCallbacks
from wechat.sandbox.codes import TEXTS, WeChatError, refusal, require
from wechat.sandbox.numbers import Faults
from wechat.sandbox.phone import Phone

#: An escape in JSON, which WeChat does not read as a letter.
ESCAPED = re.compile(rb"(?<!\\)(?:\\\\)*\\u[0-9a-fA-F]{4}")

#: Seconds after a call is answered until the account's server hears what became of it.
OUTCOME_AFTER_S = 0.2


class WeChat(Phones[Faults]):
    """A server that is WeChat to the account's server at `to`; `url` is where all of WeChat's hosts are."""

    TITLE, ACCOUNT, CALLBACKS = "WeChat", Account, WeChatCallbacks

    account: Account
    callbacks: WeChatCallbacks

    def __init__(self, to: str, host: str = "127.0.0.1", port: int = 0, account: Account | None = None) -> None:
        super().__init__(to, host, port, account)
        account = self.account
        self.counted = account.calls
        self.tokens, self.media = Tokens(account), Media(account, lambda: self.url)
        self.callbacks.media = self.media
        self.people, self.sign_in = People(account), SignIn(account)
        self.articles = Articles(account, self.media, self._tell)
        self._told: set[asyncio.Task[None]] = set()

    async def __aexit__(self, *error: object) -> None:
        for task in self._told:
            task.cancel()
        await super().__aexit__(*error)

    def phone(self, name: str) -> Phone:
        """The phone of somebody of that name, who doesn't follow the account yet."""
        return Phone(self.account, self.callbacks, self.media, self.people, name)

    async def told(self) -> None:
        """Until the account's server has heard of everything that was sent."""
        while self._told:
            await asyncio.gather(*self._told)

    def _tell(self, follower: Follower, event: dict[str, Any]) -> None:
        head = {"ToUserName": self.account.keys.original_id, "FromUserName": follower.openid}
        fields = {**head, "CreateTime": int(self.account.clock()), "MsgType": "event", **event}

        async def afterwards() -> None:
            await asyncio.sleep(OUTCOME_AFTER_S)
            await self.callbacks.deliver(Told(follower, fields))

        task = asyncio.create_task(afterwards())
        self._told.add(task)
        task.add_done_callback(self._told.discard)

    def calls(self) -> Mapping[str, frame.Call]:
        messages = Messages(self.account, self.media, self.articles, self._tell)
        parts = (self.tokens, self.media, self.people, self.sign_in, self.articles, messages)
        calls = menu.CALLS | {path: call for part in parts for path, call in part.calls.items()}
        return {
            "/connect/oauth2/authorize": self._authorize,
            "/cgi-bin/showqrcode": self._show_code,
            **{path: partial(self._call, call) for path, call in calls.items()},
        }

    def refused(self, code: int | str) -> web.StreamResponse:
        if code not in TEXTS:
            raise ValueError(f"codes: WeChat's codes here are {sorted(TEXTS)}, not {code}")
        return document(refusal(int(code)))

    # -- the browser -----------------------------------------------------------------------------------------------

    async def _authorize(self, request: web.BaseRequest) -> web.StreamResponse:
        who = self.account.followers.get(request.cookies.get("phone", ""))
        kind, found = self.sign_in.authorize(request.query, request.headers.get("User-Agent", ""), who)
        if kind == "location":
            raise web.HTTPFound(found)
        return web.Response(text=found, content_type="text/html")

    async def _show_code(self, request: web.BaseRequest) -> web.StreamResponse:
        picture = self.people.picture(request.query.get("ticket", ""))
        return web.Response(body=picture, content_type="image/jpg") if picture else web.Response(status=404)

    # -- the API ---------------------------------------------------------------------------------------------------

    async def _call(self, call: Call, request: web.BaseRequest) -> web.StreamResponse:
        try:
            answer = await self._answer(request, call)
        except WeChatError as refused:
            answer = refusal(refused.code)
        code = answer.get("errcode", 0) if isinstance(answer, dict) else 0
        self.counted[request.path, code] += 1
        if isinstance(answer, tuple):
            return web.Response(body=answer[1], content_type=answer[0])
        return document(answer)

    async def _answer(self, request: web.BaseRequest, call: Call) -> Any:
        """Raises WeChatError."""
        account = self.account
        require(request.method == call.method, 43001 if call.method == "GET" else 43002)
        require(account.allowed_ips is None or request.remote in account.allowed_ips, 40164)
        if call.needs_token:
            self.tokens.check(request.query.get("access_token", ""))
        if call.spends:
            account.spend(call.spends)
        multipart = request.content_type.startswith("multipart/")
        file = await uploaded(request) if multipart else None
        asked = {} if multipart or call.method == "GET" else parsed(await request.read())
        return call.answer(Asked(account, request.query, asked, file))


def document(answer: Any) -> web.Response:
    return web.Response(body=orjson.dumps(answer), headers={"Content-Type": "application/json; encoding=utf-8"})


async def uploaded(request: web.BaseRequest) -> tuple[str, bytes] | None:
    """The file in the part `media`."""
    found = (await request.post()).get("media")
    return (found.filename, found.file.read()) if isinstance(found, web.FileField) else None


def parsed(body: bytes) -> Mapping[str, Any]:
    """The document in a body. Raises WeChatError."""
    require(body, 44002)
    require(not ESCAPED.search(body), 40033)
    try:
        found = orjson.loads(body)
    except orjson.JSONDecodeError:
        raise WeChatError(47001) from None
    if not isinstance(found, dict):
        raise WeChatError(47001)
    return found
