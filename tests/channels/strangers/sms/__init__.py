"""An SMS gateway's channel: signed forms in, forms out, receipts. An SMS has no answer in the connection it came by."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any
from urllib.parse import parse_qsl

import aiohttp
from aiohttp import web

from banshi import Answer, Audience, Call, Forbidden, Key, Offer, Platform, Resource, Route, hookimpl
from banshi.sdk.http import Routes, read_body
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

FORM = "application/x-www-form-urlencoded"
SIGNED_FORM = {FORM: {"type": "string", "description": "The gateway's fields, with their `sign`."}}
TAKEN = {200: Answer("It is taken.", {"type": "string"}, media_type="text/plain"), 403: Answer("It is not signed.")}
ROUTES = Routes("sms")

#: 15 segments of 67 letters, which are of two bytes there and of three in UTF-8 where they are Chinese.
MOST_BYTES = 15 * 67 * 2


@dataclass(frozen=True, slots=True, kw_only=True)
class SmsSettings:
    #: Where the gateway is, and what signs its forms.
    url: str
    key: str


class Account:
    name = "sms:city"


@dataclass(frozen=True, slots=True)
class Sms:
    """Our end of the gateway, and the channel's `Sender`."""

    platform: Platform
    settings: SmsSettings
    session: aiohttp.ClientSession
    has_windows = False

    def windows(self, _: Received) -> Sequence[Opened]:
        return ()

    async def send(self, outbound: Outbound) -> Outcome:
        form = {"to": outbound.contact, "text": outbound.reply.text, "ref": outbound.id}
        try:
            async with self.session.post(f"{self.settings.url}/send", data=form) as answer:
                told = dict(parse_qsl(await answer.text()))
        except aiohttp.ClientError as error:
            if is_unsent(error):
                return Later()
            raise
        match told.get("code", ""):
            case "":
                return Accepted(told["id"])
            case "BUSY":
                return Later()
            case "QUOTA":
                return Shut()
        return Refused(told["code"], {"en": "The gateway does not take it.", "zh-CN": "网关未接收。"})

    async def file(self, name: str) -> bytes:
        async with self.session.get(f"{self.settings.url}/files/{name}") as answer:
            return await answer.read()


SMS: Key[Sms] = Key("sms")


async def _form(call: Call) -> Mapping[str, str]:
    """The fields, if the gateway has signed them."""
    body = await read_body(call.request, 65_536, FORM)
    fields = dict(parse_qsl(body.decode(errors="replace"), keep_blank_values=True, max_num_fields=20))
    text = "&".join(f"{name}={fields[name]}" for name in sorted(fields) if name != "sign")
    right = hmac.new(call.platform[SMS].settings.key.encode(), text.encode(), hashlib.sha256).hexdigest()
    if not hmac.compare_digest(right.encode(), fields.get("sign", "").encode()):
        raise Forbidden
    return fields


def _content(sms: Sms, fields: Mapping[str, str]) -> Content:
    if name := fields.get("file"):
        return File(partial(sms.file, name), name)
    if place := fields.get("place"):
        latitude, longitude, label = place.split(",", 2)
        return Place(json.loads(latitude), json.loads(longitude), label)
    return Text(fields["text"])


@ROUTES.post("/v1/sms/in", Audience.ANYONE, TAKEN, raw_body=SIGNED_FORM)
async def take_sms(call: Call) -> web.StreamResponse:
    """Take what somebody wrote. Its answer is promised before the gateway hears that it is taken."""
    fields, conversations = await _form(call), call.platform[CONVERSATIONS]
    content = _content(call.platform[SMS], fields)
    received = Received(key=fields["id"], contact=fields["from"], content=content, at=call.now)
    await conversations.answer_later(Account(), received, await conversations.take(Account(), received))
    return web.Response(text="OK")


@ROUTES.post("/v1/sms/receipts", Audience.ANYONE, TAKEN, raw_body=SIGNED_FORM)
async def take_sms_receipt(call: Call) -> web.StreamResponse:
    """Take what became of a message."""
    fields = await _form(call)
    arrived, code = fields["status"] == "DELIVRD", fields["status"]
    await call.platform[CONVERSATIONS].delivered(
        Account.name, fields["id"], arrived=arrived, code="" if arrived else code
    )
    return web.Response(text="OK")


@hookimpl
def banshi_settings() -> type:
    return SmsSettings


@asynccontextmanager
async def opened(settings: SmsSettings, platform: Platform) -> AsyncIterator[Sms]:
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=10, connect=5)) as session:
        yield Sms(platform, settings, session)


@hookimpl
def banshi_resources(settings: SmsSettings) -> Sequence[Resource[Any]]:
    return [Resource(SMS, partial(opened, settings))]


@hookimpl
def banshi_routes() -> Sequence[Route]:
    return ROUTES


@hookimpl
def banshi_offers() -> Sequence[Offer[Any]]:
    return [Offer(OUTLETS, Outlet("sms", lambda platform: platform[SMS], knows_again=True, most_bytes=MOST_BYTES))]
