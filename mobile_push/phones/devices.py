"""The devices' face: a phone registers, is listed, and is forgotten; and the key that a browser subscribes with."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from aiohttp import web
from tortoise.models import Model

from banshi import LANGUAGES, Answer, Audience, Call, Conflict, Form, Link, NotFound, reply
from banshi.sdk.documents import ID, LINKS, MOMENT, TEXT, Record, array, optional
from banshi.sdk.http import Routes, page_answer
from mobile_push.audience import areas
from mobile_push.delivery.service import PUSH
from mobile_push.phones import registration
from mobile_push.phones.addresses.given import given_in
from mobile_push.phones.erasure import erase_device
from mobile_push.phones.registration import MAX_TRIES
from mobile_push.providers.webpush.subscriptions import MAX_ENDPOINT_LENGTH
from mobile_push.sentences import say
from mobile_push.tables.models import Device

ROUTES = Routes("push")

#: Of a subscription, in base64url.
_KEYS = {key: {"type": "string", "maxLength": 200} for key in ("p256dh", "auth")}

FIELDS: dict[str, Any] = {
    "token": {
        "type": "string",
        "minLength": 8,
        "maxLength": 4096,
        "pattern": "^[!-~]+$",
        "description": "The provider's registration token; for `stream` an id that the app has made up.",
    },
    "subscription": {
        "type": "object",
        "description": "For `webpush` in place of the token: what `PushSubscription.toJSON()` gives.",
        "required": ["endpoint", "keys"],
        "properties": {
            "endpoint": {"type": "string", "maxLength": MAX_ENDPOINT_LENGTH},
            "expirationTime": {"type": ["number", "null"]},
            "keys": {"type": "object", "required": [*_KEYS], "properties": _KEYS},
        },
    },
    "language": {"type": "string", "enum": list(LANGUAGES)},
    "area": areas.AREA,
}

#: Addresses of one phone beside the one that it has first.
MAX_ADDRESSES_BESIDE = 5

#: How a phone is reached, and what it is.
PHONE: dict[str, Any] = {
    "provider": {
        "type": "string",
        "pattern": "^[a-z0-9-]{1,16}$",
        "description": "`fcm`, `stream`, `webpush`, or another one that is set up here.",
    },
    "platform": {"type": "string", "enum": ["android", "ios", "harmony", "web"]},
}

FIELDS["addresses"] = {
    **array(
        Record(provider=PHONE["provider"], **{name: optional(FIELDS[name]) for name in ("token", "subscription")}),
        maxItems=MAX_ADDRESSES_BESIDE,
    ),
    "description": "All other ways to this phone, one for each provider. Which is taken first is the city's choice; "
    "another is when that one is out of order. Without it they stay as they are.",
}

REGISTRATION = Record(**PHONE, **{name: optional(schema) for name, schema in FIELDS.items()}).form()

CHANGE = Form.from_schema({"type": "object", "minProperties": 1, "additionalProperties": False, "properties": FIELDS})

DEVICE = Record(
    id=ID,
    provider=TEXT,
    providers=array(TEXT, description="Of all its addresses; `provider` is the first."),
    platform=TEXT,
    language=TEXT,
    area=areas.SHOWN,
    created_at=MOMENT,
    seen_at={**MOMENT, "description": "A phone that isn't seen is forgotten."},
    links=LINKS,
)

#: A key is changed once in years, and each browser asks for it once.
CACHED = {"Cache-Control": "public, max-age=3600"}


def device_document(call: Call, device: Device, providers: Sequence[str]) -> dict[str, Any]:
    """A device as its owner sees it. The token stays with us."""
    links = {"self": f"/v1/devices/{device.id}", "inbox": "/v1/inbox", "stream": "/v1/inbox/stream"}
    shown: dict[str, Any] = {"provider": providers[0], "providers": providers, "links": links}
    return DEVICE.of(call.platform, device, area=areas.document(device), **shown)


@ROUTES.post(
    "/v1/devices",
    Audience.CITIZEN,
    {
        201: Answer(
            "It is registered.",
            DEVICE,
            headers={"Location": "The device."},
            links=[*Link.to("change_device", "forget_device"), Link("list_devices")],
        )
    },
    body=REGISTRATION,
    creates=True,
)
async def register_device(call: Call) -> web.StreamResponse:
    """Register a phone for messages.

    What is known of it is renewed. One that changes hands leaves its owner.
    """
    push = call.platform[PUSH]
    given = given_in(push, push.providers, call.body)
    documents: list[dict[str, Any]] = []

    def receipt(device: Device, providers: Sequence[str]) -> Sequence[Model]:
        documents.append(device_document(call, device, providers))
        return call.once.receipt(documents[-1], headers=_location(device))

    async with push.registering.setdefault(call.principal.subject, asyncio.Lock()):
        for _ in range(MAX_TRIES):
            if device := await registration.register(call, given, receipt):
                await push.heed(device.person)
                return reply(call, documents[-1], status=201, headers=_location(device))
            # Another request registers this very phone, or has used this Idempotency-Key: look again.
            if stored := await call.once.stored():
                return stored
    raise Conflict(say("Others are registering this phone at the same time; send the request again."))


def _location(device: Device) -> dict[str, str]:
    return {"Location": f"/v1/devices/{device.id}"}


@ROUTES.patch(
    "/v1/devices/{id}",
    Audience.CITIZEN,
    {200: Answer("The phone.", DEVICE, links=Link.to("forget_device"))},
    body=CHANGE,
)
async def change_device(call: Call) -> web.StreamResponse:
    """Give a phone its new token or addresses, language or area.

    Pushes that are due follow.
    """
    push, person = call.platform[PUSH], call.principal.subject
    async with push.registering.setdefault(person, asyncio.Lock()):
        device = await registration.change(call, UUID(call.path["id"]), person, push.providers)
    await push.heed(person)
    return reply(call, device_document(call, device, await registration.providers_of(device)))


@ROUTES.get(
    "/v1/devices",
    Audience.CITIZEN,
    {200: page_answer(DEVICE, *Link.to("change_device", "forget_device", at="/items/0"))},
)
async def list_devices(call: Call) -> web.StreamResponse:
    """List the caller's phones."""
    devices = await Device.filter(person=call.principal.subject).order_by("id")
    shown = [device_document(call, device, await registration.providers_of(device)) for device in devices]
    return reply(call, {"items": shown, "next": None})


@ROUTES.delete("/v1/devices/{id}", Audience.CITIZEN, {204: Answer("It is forgotten.")})
async def forget_device(call: Call) -> web.StreamResponse:
    """Forget a phone.

    Nothing more is sent to it; its token and its receipts are deleted.
    """
    if not await erase_device(call.platform, UUID(call.path["id"]), call.principal.subject):
        raise NotFound(say("You have no such device."))
    await call.platform[PUSH].heed(call.principal.subject)
    return web.Response(status=204)


@ROUTES.get(
    "/v1/push/webpush-key",
    Audience.ANYONE,
    {
        200: Answer(
            "The key.",
            Record(
                application_server_key={
                    "type": ["string", "null"],
                    "pattern": "^[A-Za-z0-9_-]{87}$",
                    "description": "For `pushManager.subscribe`, in base64url; null where it is not set up.",
                }
            ),
        )
    },
)
async def read_webpush_key(call: Call) -> web.StreamResponse:
    """Read the key that a browser subscribes to pushes with."""
    return reply(call, {"application_server_key": call.platform[PUSH].webpush_key}, headers=CACHED)
