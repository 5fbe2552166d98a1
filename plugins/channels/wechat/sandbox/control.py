"""The sandbox's own paths: numbers and templates, what was sent, and phones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any, Self

from aiohttp import web
from pydantic import TypeAdapter

import sandboxes.sandbox as frame
from wechat.sandbox.account import Account, Keys, Template
from wechat.sandbox.server import WeChat

#: Templates by their id.
TEMPLATES = TypeAdapter(dict[str, Template])
#: Headers of a file that somebody sends or looks at: it is no page.
PLAIN = {"X-Content-Type-Options": "nosniff", "Content-Security-Policy": "sandbox"}


class WeChatSandbox(WeChat):
    """WeChat, with paths below /sandbox that tell it what to do.

    Example::

        async with WeChatSandbox("http://127.0.0.1:8080/v1/wechat/city") as sandbox:
            sandbox.faults.codes = {"/cgi-bin/message/custom/send": 45015}
            await sandbox.phone("王小明").follows()
    """

    @classmethod
    def kept(cls, to: str, host: str, port: int, keys: Mapping[str, Any]) -> Self:
        return cls(to, host, port, Account(Keys(**keys)))

    def keys(self) -> dict[str, str]:
        return asdict(self.account.keys)

    def table(self, name: str) -> Sequence[str]:
        keys = self.account.keys
        return [
            f"[plugins.wechat.settings.accounts.{name}]",
            f'appid = "{keys.appid}"\nsecret = "{keys.secret}"\ntoken = "{keys.token}"',
            *([] if self.account.mode == "plain" else [f'aes_key = "{keys.aes_key}"']),
            f'base_url = "{self.url}"\nsign_in_url = "{self.url}"',
        ]

    def controls(self) -> Mapping[str, frame.Control]:
        account, articles = self.account, self.articles
        return {
            **super().controls(),
            "GET templates": lambda _: account.templates,
            "PUT templates": lambda asked: setattr(account, "templates", TEMPLATES.validate_json(asked.body)),
            "DELETE tokens": lambda _: self.tokens.withdraw(),
            "POST check": self._check,
            "POST forged": self._forged,
            "GET drafts": lambda _: {
                draft: [one["title"] for one in found] for draft, found in articles.drafts.items()
            },
            "POST drafts/": lambda asked: articles.send_draft(asked.below),
            "GET media/": self._file,
        }

    async def _check(self, _: frame.Asked) -> dict[str, bool]:
        return {"ok": await self.callbacks.check_server()}

    async def _forged(self, asked: frame.Asked) -> dict[str, Any]:
        follower = self.phone(asked.query.get("phone", "王小明")).me
        status, text = await self.callbacks.forge(follower, asked.body, asked.query.get("how", ""))
        return {"status": status, "text": text.decode(errors="replace")}

    def _file(self, asked: frame.Asked) -> web.StreamResponse:
        found = self.media.there(asked.below)
        return web.Response(body=found.body, content_type=found.content_type, headers=PLAIN)

    def screen(self, name: str) -> tuple[dict[str, Any], Mapping[str, str]]:
        phone = self.phone(name)
        me, windows = phone.me, self.account.windows(phone.me)
        typing = me.typing_until > self.account.clock()
        found = {"openid": me.openid, "follows": me.follows, "typing": typing, "windows": windows, "wanted": me.wanted}
        # The page's links lead to sign-ins, which have to know the phone.
        return {**found, "menu": phone.menu()}, {"phone": me.openid}
