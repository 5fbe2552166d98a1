"""A channel with notices of its own, which dies where it is told to: by a real SIGKILL, as a machine does."""

from __future__ import annotations

import os
import signal
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import aiohttp
from aiohttp import web

from banshi import Answer, Audience, Call, Form, Offer, Platform, Route, hookimpl, reply
from banshi.sdk.http import Routes
from conversations import (
    CONVERSATIONS,
    OUTLETS,
    Accepted,
    Later,
    Notice,
    Opened,
    Outbound,
    Outcome,
    Outlet,
    Received,
    Refused,
    Text,
    Unknown,
)
from conversations.contacts.bound import bound
from conversations.outbound import telling
from conversations.outbound.telling import News

ROUTES = Routes("noticing")
BODY = Form.checked({"type": "object"})
TOLD = Answer("Told.", {"type": "object"})
#: Notices that the provider doesn't take.
REFUSES = "不收"


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticingSettings:
    """Where messages go, and at which step of a notice the process dies."""

    url: str
    dies_at: str = ""
    #: How many times it dies there: a file that is taken away with each.
    lives: str = ""


class Account:
    name = "noticing:one"


@dataclass(frozen=True, slots=True)
class Ways:
    """Sends, and makes notices: `asked`, `marked`, `answered` and `refused` are the steps at which it may die."""

    settings: NoticingSettings
    platform: Platform
    has_windows = False

    def windows(self, _: Received) -> Sequence[Opened]:
        return ()

    def step(self, name: str) -> None:
        if name == self.settings.dies_at:
            try:
                Path(self.settings.lives).unlink()
            except FileNotFoundError:
                return
            os.kill(os.getpid(), signal.SIGKILL)

    async def send(self, outbound: Outbound) -> Outcome:
        return await self._posted(outbound.contact, outbound.reply.text)

    async def notice(self, to: Outbound, about: str, news: Mapping[str, str]) -> Notice | Later | str:
        self.step("asked")
        if news["title"] == "没有通知":
            return "none"
        return Notice(partial(self._noticed, to, f"{about} {news['title']}"), refused=self._refused)

    async def _noticed(self, to: Outbound, text: str) -> Outcome:
        self.step("marked")
        if text.endswith(REFUSES):
            await self._posted("nobody", text)
            self.step("answered")
            return Refused("43101", {"en": "Not wanted.", "zh-CN": "未订阅。"})
        outcome = await self._posted(to.contact, text)
        self.step("answered")
        return outcome

    async def _refused(self, _: Refused) -> None:
        self.step("refused")

    async def _posted(self, contact: str, text: str) -> Outcome:
        body = {"to": contact, "text": text}
        try:
            async with aiohttp.ClientSession() as session, session.post(self.settings.url, json=body) as answer:
                told: Any = await answer.json()
        except aiohttp.ClientConnectorError:
            return Later()
        except aiohttp.ClientError:
            return Unknown()
        if told["errcode"]:
            return Refused(str(told["errcode"]), {"en": "Refused.", "zh-CN": "拒收。"})
        return Accepted(told["msgid"])


@ROUTES.post("/v1/noticing/heard", Audience.ANYONE, {200: TOLD}, body=BODY)
async def hear(call: Call) -> web.StreamResponse:
    """Hear of a message."""
    contact, text = call.body["contact"], call.body["text"]
    received = Received(key=text, contact=contact, content=Text(text), at=call.now)
    return reply(call, {"text": (await call.platform[CONVERSATIONS].take(Account(), received)).text})


@ROUTES.post("/v1/noticing/told", Audience.ANYONE, {200: TOLD}, body=BODY)
async def tell(call: Call) -> web.StreamResponse:
    """Tell somebody news; once it answers, they are promised."""
    title = call.body["title"]
    news = News(id=title, kind="case", known={"title": title}, words=f"在聊天里：{title}")
    await telling.tell(call.platform, await bound(call.body["person"], "noticing"), news)
    return reply(call, {})


def read(_: Platform, name: str, body: bytes) -> tuple[Account, Received] | None:
    """A message that was kept: contact, key, moment and text."""
    if name == "gone":
        raise LookupError(name)
    contact, key, at, text = body.decode().split("|")
    moment = datetime.fromtimestamp(float(at), UTC)
    return (Account(), Received(key=key, contact=contact, content=Text(text), at=moment)) if text else None


@hookimpl
def banshi_settings() -> type:
    return NoticingSettings


@hookimpl
def banshi_routes() -> Sequence[Route]:
    return ROUTES


@hookimpl
def banshi_offers(settings: NoticingSettings) -> Sequence[Offer[Any]]:
    ways = partial(Ways, settings)
    return [Offer(OUTLETS, Outlet("noticing", ways, inlet=read, notifier=ways))]
