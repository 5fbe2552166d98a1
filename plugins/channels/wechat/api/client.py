"""Calls of WeChat's API for one account. A 200 with an errcode is a refusal."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import orjson
import structlog

from banshi.sdk.limits import Limit
from banshi.sdk.outgoing import AccessToken, CallFailed, Consequence, Outgoing, Refused, Request, Token, Vendor
from wechat.api.codes import BEIJING, CODES
from wechat.settings import AccountSettings

log = structlog.get_logger("wechat.token")

#: Bytes of what a person has sent.
MAX_MEDIA_BYTES = 20_971_520

#: Seconds that a video may take, and the code of one that is too large.
VIDEO_S, TOO_LONG = 30.0, "too-long"

#: Access tokens that are forced: WeChat counts 20 a day, half a minute apart.
FORCED_TOKENS = Limit("force-token", 20, day=BEIJING, apart_s=30)


class Api:
    """WeChat, as one account.

    Args:
        outgoing: For what lies elsewhere than at WeChat's API.
        may_force: Spends one of the account's `FORCED_TOKENS`; False where another process has just done so, or none is
            left.
    """

    def __init__(
        self, settings: AccountSettings, vendor: Vendor, outgoing: Outgoing, may_force: Callable[[], Awaitable[bool]]
    ) -> None:
        self._vendor, self._outgoing, self._may_force = vendor, outgoing, may_force
        self._account = {"appid": settings.appid, "secret": settings.secret}
        self._token = AccessToken(f"wechat:{settings.appid}", self._fetch_token)

    async def close(self) -> None:
        """End what is under way beside the calls."""
        await self._token.close()

    async def ready(self) -> None:
        """Have a token, without which nothing can be sent. Raises NoToken."""
        await self._token.value(self._vendor.timeout_s)

    async def post(self, path: str, document: Mapping[str, Any]) -> Mapping[str, Any]:
        """The answer to a document. Raises Refused."""
        return dict(await self._ask("POST", path, {}, _document, document=document))

    async def get(self, path: str, **query: str) -> Mapping[str, Any]:
        """What is there. Raises Refused."""
        return dict(await self._ask("GET", path, query, _document, is_safe=True))

    async def media(self, media_id: str) -> bytes:
        """A picture or another file that somebody has sent; WeChat keeps it for three days. Raises Refused.

        Its code is "" or TOO_LONG for one of more than MAX_MEDIA_BYTES.
        """
        about: Any = {"max_bytes": MAX_MEDIA_BYTES, "is_safe": True}
        found = await self._ask("GET", "/cgi-bin/media/get", {"media_id": media_id}, _file, **about)
        return found if isinstance(found, bytes) else await self._video(str(found.get("video_url", "")))

    async def _video(self, url: str) -> bytes:
        """What lies at an address that WeChat gives in place of a video: of the internet, and of nothing of ours."""
        bounds: Any = {"seconds": VIDEO_S, "limit": MAX_MEDIA_BYTES, "method": "GET"}
        try:
            found = await self._outgoing.call(url, body=b"", headers={}, **bounds)
        except CallFailed as failed:
            raise Refused(failed.code, Consequence.REFUSED) from None
        if not found.ok:
            raise Refused(str(found.status), Consequence.REFUSED)
        return found.body

    async def upload(self, name: str, media_type: str, content: bytes) -> str:
        """The media_id of a picture, which WeChat keeps for three days. Raises Refused."""
        about: Any = {"file": (name, media_type, content), "is_safe": True}
        found = await self._ask("POST", "/cgi-bin/media/upload", {"type": "image"}, _document, **about)
        return str(found["media_id"])

    async def openid(self, code: str) -> str:
        """Whose code a sign-in has given to our page; each is good once, for five minutes. Raises Refused."""
        query = {**self._account, "code": code, "grant_type": "authorization_code"}
        found = await self._vendor.ask(Request(method="GET", path="/sns/oauth2/access_token", query=query), _document)
        if not isinstance(openid := found.get("openid"), str) or not openid:
            raise Refused("", Consequence.UNKNOWN)
        return openid

    async def _ask(self, method: str, path: str, query: Mapping[str, str], read: Any, **about: Any) -> Any:
        def made(token: str) -> Request:
            return Request(method=method, path=path, query={**query, "access_token": token}, **about)

        return await self._vendor.ask_with(self._token, made, read)

    async def _fetch_token(self, refused: str) -> Token:
        """stable_token, the same for all processes: so each asks for itself, and none ends another's.

        Only where WeChat refuses one that it still gives out is another one forced, by one process for all.

        Source: developers.weixin.qq.com, "获取稳定版接口调用凭据".
        """
        found = await self._stable_token(force=False)
        if found.value != refused:
            return found
        if not await self._may_force():
            # Where another process forces, the new one is there in a moment.
            raise Refused("40001", Consequence.TOKEN)
        log.warning("another access token is forced: WeChat refuses the one that it gives out")
        return await self._stable_token(force=True)

    async def _stable_token(self, *, force: bool) -> Token:
        document = {**self._account, "grant_type": "client_credential", "force_refresh": force}
        asked = Request(method="POST", path="/cgi-bin/stable_token", document=document, is_safe=True)
        found = await self._vendor.ask(asked, _document)
        return Token(found["access_token"], found["expires_in"])


def _document(status: int, _: Mapping[str, str], body: bytes) -> Mapping[str, Any]:
    """The object in an answer. Raises Refused where it has an errcode, or is none."""
    try:
        found = orjson.loads(body) if status == 200 else None
    except orjson.JSONDecodeError:
        found = None
    code = found.get("errcode", 0) if isinstance(found, dict) else None
    if not isinstance(found, dict) or not isinstance(code, int):
        raise Refused("", Consequence.UNKNOWN)
    if code:
        raise CODES.refused(code)
    return found


def _file(status: int, headers: Mapping[str, str], body: bytes) -> Any:
    # A file is no JSON; a refusal in its place is.
    return body if status == 200 and body[:1] != b"{" else _document(status, headers, body)
