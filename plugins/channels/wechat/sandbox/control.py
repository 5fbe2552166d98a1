"""The sandbox's own paths: faults and numbers, what was sent, and phones, also as a page."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import orjson
from aiohttp import web
from pydantic import TypeAdapter, ValidationError

from wechat.sandbox.account import Template
from wechat.sandbox.codes import Refused
from wechat.sandbox.numbers import Faults, Limits
from wechat.sandbox.phone import Phone
from wechat.sandbox.server import WeChat

PAGE = Path(__file__).with_name("phone.html")
#: Headers of a file that somebody sends or looks at: it is no page.
PLAIN = {"X-Content-Type-Options": "nosniff", "Content-Security-Policy": "sandbox"}


class WeChatSandbox(WeChat):
    """WeChat, with paths below /sandbox that tell it what to do.

    Example::

        async with WeChatSandbox("http://127.0.0.1:8080/v1/wechat/city") as sandbox:
            sandbox.account.faults.codes = {"/cgi-bin/message/custom/send": 45015}
            await sandbox.phone("王小明").follows()
    """

    def routes(self) -> list[web.RouteDef]:
        return [
            *super().routes(),
            web.get("/", self._page),
            web.get("/sandbox/media/{media_id}", self._media),
            web.route("*", "/sandbox/{what}", self._control),
            web.post("/sandbox/drafts/{media_id}", self._control),
            web.get("/sandbox/phones/{name}", self._screen),
            web.post("/sandbox/phones/{name}/{does}", self._does),
        ]

    async def _page(self, _: web.Request) -> web.StreamResponse:
        return web.FileResponse(PAGE, headers={"Content-Type": "text/html; charset=utf-8"})

    async def _media(self, request: web.Request) -> web.StreamResponse:
        try:
            found = self.media.there(request.match_info["media_id"])
        except Refused:
            raise web.HTTPNotFound from None
        return web.Response(body=found.body, content_type=found.content_type, headers=PLAIN)

    # -- numbers and faults ----------------------------------------------------------------------------------------

    async def _control(self, request: web.Request) -> web.StreamResponse:
        try:
            found = await self._controlled(request, await request.read())
        except (ValueError, TypeError, KeyError, Refused) as error:
            return answered({"detail": str(error)}, 400)
        return answered(found) if found is not None else answered({"detail": "there is no such path"}, 404)

    async def _controlled(self, request: web.Request, body: bytes) -> Any:
        """What a path answers; None where there is none. Raises ValueError and Refused."""
        account = self.account
        match request.method, request.match_info.get("what"):
            case "GET", ("faults" | "limits" | "templates") as what:
                return getattr(account, what)
            case "PUT", "faults":
                account.faults = Faults.read(body)
            case "PUT", "limits":
                account.limits = Limits.read(body)
            case "PUT", "templates":
                account.templates = read_templates(body)
            case "POST", "clock":
                account.clock.ahead += float(orjson.loads(body)["seconds"])
            case "DELETE", "tokens":
                self.tokens.withdraw()
            case "POST", "check":
                return {"ok": await self.callbacks.check_server()}
            case "POST", "repeats":
                await self.callbacks.send_late()
            case "POST", "forged":
                return await self._forged(request.query, body)
            case "GET", "deliveries":
                return [one._asdict() for one in self.callbacks.deliveries]
            case "GET", "calls":
                return [{"path": path, "errcode": code, "count": n} for (path, code), n in account.calls.items()]
            case "GET", "drafts":
                return {draft: [one["title"] for one in found] for draft, found in self.articles.drafts.items()}
            case "POST", None:
                return self.articles.send_draft(request.match_info["media_id"])
            case _:
                return None
        return {}

    async def _forged(self, query: Mapping[str, str], body: bytes) -> dict[str, Any]:
        follower = self.phone(query.get("phone", "王小明")).me
        status, text = await self.callbacks.forge(follower, body, query.get("how", ""))
        return {"status": status, "text": text.decode(errors="replace")}

    # -- phones ----------------------------------------------------------------------------------------------------

    async def _screen(self, request: web.Request) -> web.StreamResponse:
        phone, after = self.phone(request.match_info["name"]), request.query.get("after", "0")
        bubbles = [one._asdict() for one in phone.seen if one.number > int(after if after.isdigit() else 0)]
        me, windows = phone.me, self.account.windows(phone.me)
        typing = me.typing_until > self.account.clock()
        found = {"openid": me.openid, "follows": me.follows, "typing": typing, "windows": windows, "wanted": me.wanted}
        response = answered({**found, "menu": phone.menu(), "bubbles": bubbles})
        # The page's links lead to sign-ins, which have to know the phone.
        response.set_cookie("phone", me.openid, samesite="Lax")
        return response

    async def _does(self, request: web.Request) -> web.StreamResponse:
        phone, does = self.phone(request.match_info["name"]), request.match_info["does"]
        try:
            if does == "sends":
                await phone.sends(request.query.get("kind", "image"), await request.read())
            else:
                await does_as(phone, does, orjson.loads(await request.read() or b"{}"))
        except (ValueError, TypeError, KeyError, Refused) as error:
            return answered({"detail": str(error)}, 400)
        return answered({})


async def does_as(phone: Phone, does: str, fields: Mapping[str, Any]) -> None:
    """One of the phone's methods by its name. Raises ValueError, TypeError, KeyError."""
    if does not in {name for name, one in vars(Phone).items() if callable(one) and not name.startswith("_")} - {"menu"}:
        raise ValueError(f"a phone does nothing that is called {does}")
    await getattr(phone, does)(**fields)


def read_templates(body: bytes) -> dict[str, Template]:
    """Templates by their id. Raises ValueError."""
    try:
        return TypeAdapter(dict[str, Template]).validate_json(body)
    except ValidationError as error:
        raise ValueError(str(error)) from None


def answered(document: Any, status: int = 200) -> web.Response:
    if dataclasses.is_dataclass(document) and not isinstance(document, type):
        document = dataclasses.asdict(document)
    body = orjson.dumps(document, default=list)
    return web.Response(body=body, status=status, content_type="application/json")
