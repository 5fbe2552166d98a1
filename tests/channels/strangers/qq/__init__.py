"""A bot's channel, as QQ has bots: an answer names the message that it is an answer to, five times and for an hour."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from typing import Any

import aiohttp
import orjson
from aiohttp import web
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from banshi import Answer, Audience, Call, Forbidden, Key, Offer, Platform, Resource, Route, hookimpl, reply
from banshi.sdk.http import Routes, parse_body, read_body
from banshi.sdk.outgoing import is_unsent
from conversations import (
    CONVERSATIONS,
    OUTLETS,
    Accepted,
    Content,
    File,
    Later,
    Opened,
    Outbound,
    Outcome,
    Outlet,
    Place,
    Received,
    Refused,
    Shut,
    Text,
)

ROUTES = Routes("qq")
SIGNED = {"application/json": {"type": "object", "description": "An event, signed in X-Signature-Ed25519."}}
TAKEN = {200: Answer("It is taken.", {"type": "object"}), 403: Answer("It is not signed by the bot's secret.")}

#: What a contact is called that is a group.
GROUP = "group-"

#: Answers to one message, and for how long.
ANSWERS, TO_ONE, TO_GROUP = 5, timedelta(minutes=60), timedelta(minutes=5)

#: What the API says of an answer that it has already, of one too many or too late, and of too many at once.
HAS_IT, OVER, BUSY = {40054005}, {22009, 40034025}, {-1, 11281}


@dataclass(frozen=True, slots=True, kw_only=True)
class QqSettings:
    #: Where the API is, and the bot's secret.
    url: str
    secret: str = field(repr=False)

    @property
    def key(self) -> Ed25519PublicKey:
        return Ed25519PrivateKey.from_private_bytes(self.secret.encode()).public_key()


class Account:
    name = "qq:bot"


@dataclass(frozen=True, slots=True)
class Qq:
    """Our end of the API, and the channel's `Sender`."""

    platform: Platform
    settings: QqSettings
    session: aiohttp.ClientSession
    has_windows = True

    def windows(self, received: Received) -> Sequence[Opened]:
        """Each message may be answered: that is the window, and it has the message's id."""
        return [Opened("answer", TO_GROUP if received.group else TO_ONE, ANSWERS, own=True)]

    async def send(self, outbound: Outbound) -> Outcome:
        to = "groups" if outbound.contact.startswith(GROUP) else "users"
        # The same number at every try, so that the API knows it again.
        number = int.from_bytes(hashlib.blake2b(outbound.id.encode(), digest_size=4).digest()) >> 1
        body = {"content": outbound.reply.text, "msg_type": 0, "msg_id": outbound.ref, "msg_seq": number}
        try:
            url = f"{self.settings.url}/v2/{to}/{outbound.contact}/messages"
            async with self.session.post(url, json=body) as answer:
                told = orjson.loads(await answer.read())
        except aiohttp.ClientError as error:
            if is_unsent(error):
                return Later()
            raise
        code = told.get("code", 0)
        if not code or code in HAS_IT:
            return Accepted(told.get("id", ""))
        if code in OVER:
            return Shut()
        if code in BUSY:
            return Later()
        return Refused(str(code), {"en": "The messenger does not take it.", "zh-CN": "平台未接收。"})

    async def file(self, url: str) -> bytes:
        if not url.startswith(f"{self.settings.url}/"):
            raise Forbidden
        async with self.session.get(url) as answer:
            return await answer.read()


QQ: Key[Qq] = Key("qq")


async def _event(call: Call) -> Any:
    """The event, if the messenger has signed it."""
    body, headers = await read_body(call.request, 65_536), call.request.headers
    try:
        signature = bytes.fromhex(headers.get("X-Signature-Ed25519", ""))
        call.platform[QQ].settings.key.verify(signature, headers.get("X-Signature-Timestamp", "").encode() + body)
    except (ValueError, InvalidSignature):
        raise Forbidden from None
    return parse_body(body, call.request)["d"]


def _content(qq: Qq, event: Mapping[str, Any]) -> Content:
    for one in event.get("attachments", ()):
        return File(partial(qq.file, one["url"]), one["filename"])
    if place := event.get("location"):
        return Place(place["latitude"], place["longitude"], place["name"])
    return Text(event["content"])


@ROUTES.post("/v1/qq/events", Audience.ANYONE, TAKEN, raw_body=SIGNED)
async def take_qq_event(call: Call) -> web.StreamResponse:
    """Take what somebody wrote to the bot: its answer is promised with that."""
    event, conversations = await _event(call), call.platform[CONVERSATIONS]
    group = event.get("group_openid", "")
    received = Received(
        key=event["id"],
        contact=group or event["author"]["user_openid"],
        content=_content(call.platform[QQ], event),
        at=call.now,
        group=bool(group),
    )
    await conversations.take(Account(), received)
    return reply(call, {})


@hookimpl
def banshi_settings() -> type:
    return QqSettings


@asynccontextmanager
async def opened(settings: QqSettings, platform: Platform) -> AsyncIterator[Qq]:
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=10, connect=5)) as session:
        yield Qq(platform, settings, session)


@hookimpl
def banshi_resources(settings: QqSettings) -> Sequence[Resource[Any]]:
    return [Resource(QQ, partial(opened, settings))]


@hookimpl
def banshi_routes() -> Sequence[Route]:
    return ROUTES


@hookimpl
def banshi_offers() -> Sequence[Offer[Any]]:
    return [Offer(OUTLETS, Outlet("qq", lambda platform: platform[QQ], by_call=True, knows_again=True))]
