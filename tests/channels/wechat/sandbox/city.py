"""An account's server that isn't ours: wechatpy decrypts, reads and writes what goes to and from the sandbox."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import web
from wechatpy import WeChatClient, parse_message
from wechatpy.crypto import WeChatCrypto
from wechatpy.exceptions import InvalidSignatureException
from wechatpy.oauth import WeChatOAuth
from wechatpy.replies import TextReply, create_reply
from wechatpy.utils import check_signature

from banshi.testing import TINY_PNG
from tests.channels.provider import listening
from wechat.sandbox.account import Account, Keys
from wechat.sandbox.control import WeChatSandbox

#: Where a server listens that has nothing to do with the account.
NOWHERE = "http://127.0.0.1:9"
AMR = b"#!AMR\n" + bytes(60)
PNG = TINY_PNG


def echo(message: Any) -> Any:
    """An answer that repeats what was said."""
    return f"收到：{getattr(message, 'content', message.type)}"


class City:
    """The server; `answer` makes a reply of a message: a text, a wechatpy reply, bytes as they are, or None."""

    def __init__(self, keys: Keys) -> None:
        self.keys = keys
        self.answer: Callable[[Any], Any] = echo
        self.crypto = WeChatCrypto(keys.token, keys.aes_key, keys.appid)
        self.got: list[Any] = []
        #: The raw bodies, and how many were refused for their signature.
        self.bodies: list[str] = []
        self.refused = 0
        #: Called before each answer, with how many messages have come.
        self.before: Callable[[int], Awaitable[None]] | None = None

    async def handle(self, request: web.Request) -> web.Response:
        query = request.query
        try:
            check_signature(self.keys.token, query.get("signature", ""), query.get("timestamp"), query.get("nonce"))
            if request.method == "GET":
                return web.Response(text=query["echostr"])
            return await self.take(request)
        except InvalidSignatureException:
            self.refused += 1
            return web.Response(status=403)

    async def take(self, request: web.Request) -> web.Response:
        query, body = request.query, await request.text()
        self.bodies.append(body)
        sealed = query.get("encrypt_type") == "aes"
        if sealed:
            nonce, now = query["nonce"], query["timestamp"]
            body = self.crypto.decrypt_message(body, query["msg_signature"], now, nonce)
        message = parse_message(body)
        self.got.append(message)
        if self.before is not None:
            await self.before(len(self.got))
        answer = self.answer(message)
        if isinstance(answer, bytes) or answer is None:
            return web.Response(body=answer or b"success")
        text = create_reply(answer, message).render() if isinstance(answer, str) else answer.render()
        return web.Response(text=self.crypto.encrypt_message(text, "n-1") if sealed else text)


@asynccontextmanager
async def city(mode: str = "safe", **changes: Any) -> AsyncIterator[tuple[City, WeChatSandbox]]:
    """A server, and the sandbox whose account it answers for; `changes` are the account's."""
    account = Account(mode=mode, **changes)
    server = City(account.keys)
    app = web.Application()
    app.router.add_route("*", "/wechat", server.handle)
    async with (
        listening(app, handler_cancellation=True) as url,
        WeChatSandbox(f"{url}/wechat", account=account) as sandbox,
    ):
        yield server, sandbox


def client_of(sandbox: WeChatSandbox, **rest: Any) -> Any:
    """wechatpy's client, which blocks: call it by `blocking`."""

    class Client(WeChatClient):  # type: ignore[misc]
        API_BASE_URL = f"{sandbox.url}/cgi-bin/"

        def fetch_access_token(self) -> Any:
            params = {"grant_type": "client_credential", "appid": self.appid, "secret": self.secret}
            return self._fetch_access_token(f"{sandbox.url}/cgi-bin/token", params)

    keys = sandbox.account.keys
    return Client(keys.appid, keys.secret, **rest)


def sign_in_of(sandbox: WeChatSandbox, back: str, scope: str = "snsapi_base") -> Any:
    """wechatpy's OAuth, which blocks too."""

    class OAuth(WeChatOAuth):  # type: ignore[misc]
        API_BASE_URL = f"{sandbox.url}/"
        OAUTH_BASE_URL = f"{sandbox.url}/connect/"

    keys = sandbox.account.keys
    return OAuth(keys.appid, keys.secret, back, scope=scope, state="s1")


async def blocking(call: Callable[..., Any], *arguments: Any, **rest: Any) -> Any:
    return await asyncio.to_thread(call, *arguments, **rest)


__all__ = ["AMR", "NOWHERE", "PNG", "City", "TextReply", "blocking", "city", "client_of", "sign_in_of"]
