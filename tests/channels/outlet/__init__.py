"""A channel that really sends: to whatever address its settings have, one connection a message."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
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
    Opened,
    Outbound,
    Outcome,
    Outlet,
    Received,
    Refused,
    Reply,
    Shut,
    Text,
    Unknown,
)

ROUTES = Routes("outlet")
TITLES = {"outlet:one": {"zh-CN": "市民服务号", "en": "Citizens' service"}}
BODY = Form.checked({"type": "object", "properties": {"contact": {"type": "string"}, "text": {"type": "string"}}})
TOLD = Answer("Told.", {"type": "object"})


@dataclass(frozen=True, slots=True, kw_only=True)
class OutletSettings:
    #: Where messages go.
    url: str
    #: What it takes as one message.
    most_bytes: int = 0
    #: Which files it takes: bytes by media type.
    files: Mapping[str, int] = field(default_factory=dict)


class Account:
    name = "outlet:one"


@dataclass(frozen=True, slots=True)
class HttpSender:
    """Five messages in two days to whoever writes, three in a minute to whoever taps."""

    platform: Platform
    url: str
    has_windows = True

    def windows(self, received: Received) -> Sequence[Opened]:
        if isinstance(received.content, Text):
            return [Opened("typed", timedelta(hours=48), 5)]
        return [Opened("tapped", timedelta(minutes=1), 3)]

    async def send(self, outbound: Outbound) -> Outcome:
        body = {"to": outbound.contact, "text": outbound.reply.text, "id": outbound.id}
        try:
            async with aiohttp.ClientSession() as session, session.post(self.url, json=body) as answer:
                told: Any = json.loads(await answer.read())
        except aiohttp.ClientConnectorError:
            return self._later()
        except aiohttp.ClientError:
            return Unknown()
        match told["errcode"]:
            case 0:
                return Accepted(told["msgid"])
            case 45011:
                return self._later()
            case 45015 | 45047:
                return Shut()
            case -1:
                return Refused("-1", {"en": "Busy.", "zh-CN": "系统繁忙。"}, final=False)
        return Refused(str(told["errcode"]), {"en": "They follow us no more.", "zh-CN": "对方已取消关注。"})

    def _later(self) -> Later:
        return Later(self.platform.now() + timedelta(seconds=0.1))


@ROUTES.post("/v1/outlet/heard", Audience.ANYONE, {200: TOLD}, body=BODY)
async def hear(call: Call) -> web.StreamResponse:
    """Hear of a message."""
    contact, text = call.body["contact"], call.body["text"]
    received = Received(key=text, contact=contact, content=Text(text), at=call.now)
    return reply(call, {"text": (await call.platform[CONVERSATIONS].take(Account(), received)).text})


@ROUTES.post("/v1/outlet/said", Audience.ANYONE, {200: TOLD}, body=BODY)
async def say(call: Call) -> web.StreamResponse:
    """Say something unasked; once it answers, it is promised."""
    conversations, text = call.platform[CONVERSATIONS], call.body["text"]
    conversation = await conversations.find(Account.name, call.body["contact"])
    assert conversation
    said = await conversations.say(conversation, Reply(text=text), by="notice", key=text)
    return reply(call, {"id": str(said)})


@hookimpl
def banshi_settings() -> type:
    return OutletSettings


@hookimpl
def banshi_routes() -> Sequence[Route]:
    return ROUTES


def _sender(url: str, platform: Platform) -> HttpSender:
    return HttpSender(platform, url)


@hookimpl
def banshi_offers(settings: OutletSettings) -> Sequence[Offer[Any]]:
    return [
        Offer(
            OUTLETS,
            Outlet(
                "outlet", partial(_sender, settings.url), TITLES, most_bytes=settings.most_bytes, files=settings.files
            ),
        )
    ]
