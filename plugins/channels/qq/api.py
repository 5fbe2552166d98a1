"""Calls of QQ's API for one bot, and what its codes mean for what was sent.

Source: github.com/tencent-connect/bot-docs, "openapi 错误", "发送消息", "接口调用与鉴权".
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from datetime import timedelta, timezone
from typing import Any

import orjson

from banshi.sdk.outgoing import AccessToken, Codes, Consequence, Refused, Request, Token, Vendor
from qq.settings import BotSettings

#: Seconds before a token's end from which QQ gives out the next one; both are good then.
EARLY_S = 55.0

#: The kinds of a message: plain, with markdown and buttons, with a picture; and of a file that is a picture.
TEXT, MARKDOWN, MEDIA, PICTURE = 0, 2, 7, 1

#: It has an answer of that number to that message already: it was sent, and our copy of the answer was lost.
HAS_IT = "40054005"

CODES = Codes(
    {
        "11241": Consequence.TOKEN,  # there is no token
        "11243": Consequence.TOKEN,  # the token is not good
        "11244": Consequence.TOKEN,  # the token is over
        "401": Consequence.TOKEN,  # a status without a code
        "429": Consequence.SOON,
        "11242": Consequence.SOON,  # QQ couldn't look at the token
        "11252": Consequence.SOON,  # nor at the bot's rights
        "11281": Consequence.SOON,
        "20028": Consequence.SOON,  # too many at once
        "22009": Consequence.SHUT,  # too many answers to this message
        "304026": Consequence.SHUT,  # no such message
        "304027": Consequence.SHUT,  # the message is too old
        "40034025": Consequence.SHUT,  # the message is another one's, or over
        "304031": Consequence.DEAD,  # they have shut the chat
        "10004": Consequence.DEAD,  # no such group: it has removed the bot
        "304003": Consequence.OURS,  # an address that isn't registered
        "50056": Consequence.OURS,  # no markdown is allowed to it
        "304036": Consequence.OURS,
        "11251": Consequence.OURS,  # no such AppID
        "11253": Consequence.OURS,  # the bot may not
        "11254": Consequence.OURS,
        "11265": Consequence.OURS,  # the bot is banned
        "100016": Consequence.OURS,  # the AppID or the secret is wrong
    },
    day=timezone(timedelta(hours=8)),
)


class Api:
    """QQ, as one bot."""

    def __init__(self, settings: BotSettings, vendor: Vendor, tokens: Vendor) -> None:
        self._settings, self._vendor, self._tokens = settings, vendor, tokens
        self._token = AccessToken(f"qq:{settings.appid}", self._fetch_token, early_s=EARLY_S)

    async def close(self) -> None:
        """End what is under way beside the calls."""
        await self._token.close()

    async def ready(self) -> None:
        """Have a token, without which nothing can be sent. Raises NoToken."""
        await self._token.value(self._vendor.timeout_s)

    async def send(self, to: str, message: Mapping[str, Any]) -> str:
        """Answer a message: its id there, "" where QQ says none. Raises Refused."""
        try:
            return str((await self._post(f"/v2/{to}/messages", message)).get("id", ""))
        except Refused as error:
            if error.code == HAS_IT:
                return ""
            raise

    async def upload(self, to: str, content: bytes) -> str:
        """What a message shows a picture by. Raises Refused."""
        told = {"file_type": PICTURE, "file_data": base64.b64encode(content).decode(), "srv_send_msg": False}
        return str((await self._post(f"/v2/{to}/files", told, is_safe=True))["file_info"])

    async def _post(self, path: str, document: Mapping[str, Any], **about: Any) -> Mapping[str, Any]:
        def made(token: str) -> Request:
            headers = {"Authorization": f"QQBot {token}", "X-Union-Appid": self._settings.appid}
            return Request(method="POST", path=path, headers=headers, document=document, **about)

        return await self._vendor.ask_with(self._token, made, _document)

    async def _fetch_token(self, _refused: str) -> Token:
        told = {"appId": self._settings.appid, "clientSecret": self._settings.secret}
        found = await self._tokens.ask(Request(method="POST", path="", document=told, is_safe=True), _document)
        return Token(found["access_token"], float(found["expires_in"]))


def _document(status: int, _: Mapping[str, str], body: bytes) -> Mapping[str, Any]:
    """The object in an answer. Raises Refused where it has a code, or is none."""
    try:
        found = orjson.loads(body)
    except orjson.JSONDecodeError:
        found = None
    code = found.get("code", 0) if isinstance(found, dict) else None
    # 201 and 202 have a code too: it is taken, and somebody at QQ reads it first.
    if isinstance(found, dict) and (status in (201, 202) or (status == 200 and not code)):
        return found
    if code or status in (401, 429):
        raise CODES.refused(code or status)
    raise Refused("", Consequence.UNKNOWN)
