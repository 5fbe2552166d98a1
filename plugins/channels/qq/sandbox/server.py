"""QQ's API on this machine, and what tells it what to do."""

from __future__ import annotations

import base64
import re
import secrets
from collections.abc import Mapping, Sequence
from typing import Any, Self

import orjson
from aiohttp import web

from qq.sandbox.people import Account, Limits, Phone, QqCallbacks
from sandboxes.deliveries import DeliveryFaults
from sandboxes.phones import Phones
from sandboxes.sandbox import Asked, Call, Control, answered

#: QQ's refusals: what each says, and the status of HTTP that it comes with.
REFUSALS: Mapping[int, tuple[str, int]] = {
    11241: ("token is missing", 401),
    11243: ("token check fail", 401),
    11244: ("token expired", 401),
    22009: ("msg limit exceed", 400),
    304003: ("url not allowed", 400),
    304027: ("msg expire", 400),
    40034025: ("invalid msg_id", 400),
    40054005: ("msg deduplicated, check msgseq", 400),
    50006: ("cannot send empty message", 400),
    50056: ("markdown not allowed", 400),
    10004: ("unknown group", 404),
    100016: ("invalid appid or secret", 200),
}


class QqSandbox(Phones[DeliveryFaults]):
    """A server that is QQ to the bot's server at `to`.

    Example::

        async with QqSandbox("http://127.0.0.1:8080/v1/qq/city") as sandbox:
            await sandbox.phone("一@群").says("你好")
    """

    TITLE, ACCOUNT, CALLBACKS = "QQ", Account, QqCallbacks

    account: Account
    callbacks: QqCallbacks

    @classmethod
    def kept(cls, to: str, host: str, port: int, keys: Mapping[str, Any]) -> Self:
        return super().kept(to, host, port, {**keys, "limits": Limits(addresses={"http://", "https://"})})

    def table(self, name: str) -> Sequence[str]:
        return [
            f"[plugins.qq.settings.bots.{name}]",
            f'appid = "{self.account.appid}"\nsecret = "{self.account.secret}"\nbuttons = true',
            f'addresses = ["http://", "https://"]\nbase_url = "{self.url}"',
            f'token_url = "{self.url}/app/getAppAccessToken"',
            '\n[platform.outgoing]  # its pictures are on this machine\nnetworks = ["127.0.0.0/8"]',
        ]

    def phone(self, name: str) -> Phone:
        """Somebody of that name: 王小明 alone, 一@群 in a group."""
        return Phone(self.account, self.callbacks, name, self.url)

    def screen(self, name: str) -> tuple[dict[str, Any], Mapping[str, str]]:
        names = ["王小明", "一@群", "二@群", "三@群"]
        phone = self.phone(name)
        about = {"follows": phone.to not in self.account.gone, "names": names, "group": phone.group}
        return {**about, "menu": [], "windows": None, "typing": False}, {}

    def calls(self) -> Mapping[str, Call]:
        return {
            "/app/getAppAccessToken": self._token,
            "/users/@me": self._me,
            "/v2/users/": self._post,
            "/v2/groups/": self._post,
        }

    def controls(self) -> Mapping[str, Control]:
        return {
            **super().controls(),
            "GET media/": lambda asked: web.Response(body=self.account.files[asked.below], content_type="image/jpeg"),
            "DELETE tokens": lambda _: self.account.tokens.clear(),
            "POST check": self._check,
        }

    def refused(self, code: int | str) -> web.StreamResponse:
        if code not in REFUSALS:
            raise ValueError(f"codes: QQ's codes here are {sorted(REFUSALS)}, not {code}")
        text, status = REFUSALS[int(code)]
        return answered({"message": text, "code": code, "err_code": code}, status)

    # -- the API ---------------------------------------------------------------------------------------------------

    async def _token(self, request: web.BaseRequest) -> web.StreamResponse:
        asked = orjson.loads(await request.read())
        if (asked.get("appId"), asked.get("clientSecret")) != (self.account.appid, self.account.secret):
            return self._counted(request, 100016)
        value = secrets.token_urlsafe(24)
        self.account.tokens[value] = self.clock() + self.account.limits.token_s
        self.counted[request.path, 0] += 1
        # Its seconds are a text there.
        return answered({"access_token": value, "expires_in": str(int(self.account.limits.token_s))})

    async def _me(self, request: web.BaseRequest) -> web.StreamResponse:
        if code := self._unknown(request):
            return self._counted(request, code)
        return answered({"id": self.account.appid, "username": "民生", "avatar": "", "bot": True})

    async def _post(self, request: web.BaseRequest) -> web.StreamResponse:
        to, _, what = request.path.removeprefix("/v2/").rpartition("/")
        told = orjson.loads(await request.read())
        code = self._unknown(request) or (10004 if to in self.account.gone else 0)
        if not code and what == "files":
            name = secrets.token_hex(8)
            self.account.files[name] = base64.b64decode(told["file_data"])
            return answered({"file_uuid": name, "file_info": name, "ttl": 3600})
        if code := code or self._message(to, told):
            return self._counted(request, code)
        self.counted[f"/v2/{to.partition('/')[0]}/", 0] += 1
        return answered({"id": f"ROBOT1.0_{secrets.token_hex(16)}", "timestamp": int(self.clock())})

    def _unknown(self, request: web.BaseRequest) -> int:
        token = request.headers.get("Authorization", "").removeprefix("QQBot ")
        if not token:
            return 11241
        if token not in self.account.tokens:
            return 11243
        return 11244 if self.account.tokens[token] < self.clock() else 0

    def _message(self, to: str, told: Mapping[str, Any]) -> int:
        """Show an answer of the bot's; a code where QQ takes none."""
        limits, markdown = self.account.limits, told.get("markdown")
        text = markdown["content"] if markdown else told.get("content") or ""
        if not text or (markdown and not limits.markdown):
            return 50056 if markdown else 50006
        if any(not one.startswith(tuple(limits.addresses)) for one in re.findall(r"https?://\S+", text)):
            return 304003
        of = told.get("msg_id") or told.get("event_id", "")
        whose, until, numbers = self.account.messages.get(of, ("", 0, set()))
        if whose != to:
            return 40034025
        number = told.get("msg_seq", 1)
        if number in numbers:
            return 40054005
        if until < self.clock():
            return 304027
        if len(numbers) >= limits.answers:
            return 22009
        numbers.add(number)
        media = (told.get("media") or {}).get("file_info")
        rows = ((told.get("keyboard") or {}).get("content") or {}).get("rows", ())
        buttons = [(one["action"]["data"], one["render_data"]["label"]) for row in rows for one in row["buttons"]]
        choices = {says: f"{says} {label}" for says, label in buttons}
        plain = re.sub(r"\\(.)", r"\1", text).replace("\n\n", "\n") if markdown else text
        kind = "image" if media else "msgmenu" if choices else "text"
        more: dict[str, Any] = {"media_id": media} if media else {"choices": choices} if choices else {}
        self.account.screens[to].show("reply", kind, plain, msg_id=told.get("msg_id", ""), **more)
        return 0

    def _counted(self, request: web.BaseRequest, code: int) -> web.StreamResponse:
        self.counted[request.path, code] += 1
        return self.refused(code)

    # -- the bot's server ------------------------------------------------------------------------------------------

    async def _check(self, _: Asked) -> dict[str, bool]:
        """What saving the address at q.qq.com does: the server has to sign a text."""
        at, token = str(int(self.clock())), secrets.token_urlsafe(16)
        body = orjson.dumps({"op": 13, "d": {"plain_token": token, "event_ts": at}})
        status, answer = await self.callbacks.post(self.callbacks.signed(body), body)
        wanted = {"plain_token": token, "signature": self.account.key.sign((at + token).encode()).hex()}
        return {"ok": status == 200 and orjson.loads(answer) == wanted}
