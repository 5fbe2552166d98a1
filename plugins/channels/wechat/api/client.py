"""Calls of WeChat's API for one account. A 200 with an errcode is a refusal."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import aiohttp
import orjson

from wechat.api.codes import Consequence, Refused, consequence_of
from wechat.api.token import AccessToken
from wechat.settings import AccountSettings

#: Bytes of an answer, and of what a person has sent.
MAX_ANSWER_BYTES, MAX_MEDIA_BYTES = 1_048_576, 20_971_520


class Api:
    """WeChat, as one account."""

    def __init__(
        self, settings: AccountSettings, session: aiohttp.ClientSession, may_force: Callable[[], Awaitable[bool]]
    ) -> None:
        self._settings, self._session = settings, session
        self._token = AccessToken(self._fetch_token, may_force)

    async def post(self, path: str, document: Mapping[str, Any]) -> Mapping[str, Any]:
        """The answer to a document. Raises Refused."""
        return dict(await self._with_token("POST", path, {}, document))

    async def get(self, path: str, **query: str) -> Mapping[str, Any]:
        """What is there. Raises Refused."""
        return dict(await self._with_token("GET", path, query, None))

    async def media(self, media_id: str) -> bytes:
        """A picture or another file that somebody has sent; WeChat keeps it for three days. Raises Refused."""
        body = await self._with_token("GET", "/cgi-bin/media/get", {"media_id": media_id}, None, whole=False)
        if not isinstance(body, bytes):
            # Of a video an address, which leads elsewhere.
            raise Refused(0, Consequence.REFUSED)
        return body

    async def openid(self, code: str) -> str:
        """Whose code a sign-in has given to our page; each is good once, for five minutes. Raises Refused."""
        asked = {
            "appid": self._settings.appid,
            "secret": self._settings.secret,
            "code": code,
            "grant_type": "authorization_code",
        }
        found = _document(await self._ask("GET", "/sns/oauth2/access_token", asked, None, MAX_ANSWER_BYTES))
        if not isinstance(openid := found.get("openid"), str) or not openid:
            raise Refused(0, Consequence.UNSURE)
        return openid

    async def _with_token(
        self, method: str, path: str, query: Mapping[str, str], document: Any, *, whole: bool = True
    ) -> Any:
        limit = MAX_ANSWER_BYTES if whole else MAX_MEDIA_BYTES
        for last in (False, True):
            token = await self._token.value()
            body = await self._ask(method, path, {**query, "access_token": token}, document, limit)
            try:
                # A file is no JSON; a refusal in its place is.
                return _document(body) if whole or body[:1] == b"{" else body
            except Refused as error:
                if error.consequence is not Consequence.TOKEN:
                    raise
                self._token.refuse(token)
                if last:
                    raise Refused(error.code, Consequence.SOON) from None
        raise AssertionError

    async def _fetch_token(self, force: bool) -> tuple[str, float]:
        asked = {
            "grant_type": "client_credential",
            "appid": self._settings.appid,
            "secret": self._settings.secret,
            "force_refresh": force,
        }
        found = _document(await self._ask("POST", "/cgi-bin/stable_token", {}, asked, MAX_ANSWER_BYTES))
        try:
            return str(found["access_token"]), float(found["expires_in"])
        except (KeyError, TypeError, ValueError):
            raise Refused(0, Consequence.SOON) from None

    async def _ask(self, method: str, path: str, query: Mapping[str, str], document: Any, limit: int) -> bytes:
        data = orjson.dumps(document) if document is not None else None
        headers = {"Content-Type": "application/json"} if data is not None else {}
        address, found = self._settings.base_url.rstrip("/") + path, b""
        try:
            async with (
                asyncio.timeout(self._settings.timeout),
                self._session.request(
                    method, address, params=query, data=data, headers=headers, allow_redirects=False
                ) as response,
            ):
                async for piece in response.content.iter_any():
                    found += piece
                    if len(found) > limit:
                        raise Refused(0, Consequence.REFUSED)
                if response.status != 200:
                    raise Refused(0, Consequence.UNSURE)
        except (TimeoutError, aiohttp.ClientError, OSError) as error:
            # Nothing of the error goes on: its text has the address, and that has the token.
            unsent = isinstance(error, aiohttp.ClientConnectorError)
            raise Refused(0, Consequence.SOON if unsent else Consequence.UNSURE) from None
        return found


def _document(body: bytes) -> Mapping[str, Any]:
    """The object in an answer. Raises Refused where it has an errcode, or is none."""
    try:
        found = orjson.loads(body)
    except orjson.JSONDecodeError:
        raise Refused(0, Consequence.UNSURE) from None
    code = found.get("errcode", 0) if isinstance(found, dict) else None
    if not isinstance(code, int):
        raise Refused(0, Consequence.UNSURE)
    if code:
        raise Refused(code, consequence_of(code))
    return dict(found)
