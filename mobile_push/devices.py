"""The devices' face: a phone registers, is listed, and is forgotten."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from tortoise.exceptions import IntegrityError
from uuid_utils.compat import uuid7

from banshi import (
    LANGUAGES,
    Answer,
    Audience,
    Call,
    Conflict,
    FieldProblem,
    Form,
    InvalidFields,
    NotFound,
    Route,
    Stale,
    Update,
    Write,
    reply,
)
from mobile_push.models import Device
from mobile_push.service import PUSH, Push
from mobile_push.webpush import subscription
from mobile_push.webpush.subscriptions import LONGEST_ENDPOINT

if TYPE_CHECKING:
    from aiohttp import web

#: How often a registration is prepared anew when another one of the same phone comes between.
TRIES = 5

REGISTRATION = Form.from_schema(
    {
        "type": "object",
        "required": ["provider", "platform"],
        "additionalProperties": False,
        "properties": {
            "provider": {"type": "string", "enum": ["fcm", "stream", "webpush"]},
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
                    "endpoint": {"type": "string", "maxLength": LONGEST_ENDPOINT},
                    "expirationTime": {"type": ["number", "null"]},
                    "keys": {
                        "type": "object",
                        "required": ["p256dh", "auth"],
                        "properties": {
                            "p256dh": {"type": "string", "maxLength": 200},
                            "auth": {"type": "string", "maxLength": 200},
                        },
                    },
                },
            },
            "platform": {"type": "string", "enum": ["android", "ios", "harmony", "web"]},
            "language": {"type": "string", "enum": list(LANGUAGES)},
        },
    }
)

DEVICE: dict[str, Any] = {
    "type": "object",
    "required": ["id", "provider", "platform", "language", "created_at", "links"],
    "additionalProperties": False,
    "properties": {
        "id": {"type": "string", "format": "uuid"},
        "provider": {"type": "string"},
        "platform": {"type": "string"},
        "language": {"type": "string"},
        "created_at": {"type": "string", "format": "date-time"},
        "links": {"type": "object", "additionalProperties": {"type": "string"}},
    },
}


def device_document(call: Call, device: Device) -> dict[str, Any]:
    """A device as its owner sees it. The token stays with us."""
    return {
        "id": str(device.id),
        "provider": device.provider,
        "platform": device.platform,
        "language": device.language,
        "created_at": device.created_at.astimezone(call.platform.settings.timezone).isoformat(timespec="milliseconds"),
        "links": {"self": f"/v1/devices/{device.id}", "inbox": "/v1/inbox", "stream": "/v1/inbox/stream"},
    }


async def register(call: Call) -> web.StreamResponse:
    """Register this phone for the caller. A phone that changes hands leaves its former owner."""
    push, body = call.platform[PUSH], call.body
    if body["provider"] not in push.providers:
        raise InvalidFields([FieldProblem("/provider", f"Set up here: {', '.join(push.providers)}.", "unavailable")])
    address = _address(push, body)
    async with push.registering.setdefault(call.principal.subject, asyncio.Lock()):
        for _ in range(TRIES):
            write, document = await _registration(call, address)
            headers = {"Location": document["links"]["self"]}
            write.rows = [*write.rows, *call.once.receipt(document, headers=headers)]
            try:
                await call.platform.store.commit(write)
            except (IntegrityError, Stale):
                # Another request registers this very phone, or has used this Idempotency-Key: look again.
                if stored := await call.once.stored():
                    return stored
                continue
            return reply(call, document, status=201, headers=headers)
    raise Conflict("Others are registering this phone at the same time; send the request again.")


def _address(push: Push, body: Mapping[str, Any]) -> str:
    """What the provider calls this phone: its token, or the subscription as one text."""
    settings = push.settings.webpush if body["provider"] == "webpush" else None
    field, other = ("subscription", "token") if settings else ("token", "subscription")
    problems = []
    if field not in body:
        told = "Send what subscription.toJSON() gives." if settings else "Send the provider's registration token."
        problems.append(FieldProblem(f"/{field}", told, "required"))
    if other in body:
        problems.append(FieldProblem(f"/{other}", f"Leave it out: this provider takes a {field}.", "not-taken"))
    if problems:
        raise InvalidFields(problems)
    if settings is None:
        return str(body["token"])
    try:
        return subscription(body["subscription"], settings)
    except ValueError as error:
        raise InvalidFields([FieldProblem("/subscription", f"{error}.", "unusable")]) from None


async def _registration(call: Call, address: str) -> tuple[Write, dict[str, Any]]:
    """What makes the phone the caller's, and the document of it. Raises Conflict at the limit."""
    push, person, body = call.platform[PUSH], call.principal.subject, call.body
    digest = hashlib.sha256(f"{body['provider']}\0{address}".encode()).hexdigest()
    present = await Device.get_or_none(token_hash=digest)
    more = present is None or present.person != person
    if more and await Device.filter(person=person).count() >= push.settings.devices:
        raise Conflict(f"You have {push.settings.devices} devices already; forget one first.")
    values = {
        "person": person,
        "platform": body["platform"],
        "language": body.get("language", call.language),
        "seen_at": call.now,
    }
    if present is None:
        device = Device(
            id=uuid7(), provider=body["provider"], token=address, token_hash=digest, created_at=call.now, **values
        )
        return Write(rows=[device]), device_document(call, device)
    guard = Update(Device, {"id": present.id, "person": present.person}, values)
    return Write(updates=[guard]), device_document(call, present.update_from_dict(values))


async def list_devices(call: Call) -> web.StreamResponse:
    devices = await Device.filter(person=call.principal.subject).order_by("id")
    return reply(call, {"items": [device_document(call, device) for device in devices], "next": None})


async def forget(call: Call) -> web.StreamResponse:
    """Forget a phone: nothing more is sent to it, and its token is deleted."""
    from aiohttp import web

    if not await Device.filter(id=call.path["id"], person=call.principal.subject).delete():
        raise NotFound("You have no device of that id.")
    return web.Response(status=204)


ROUTES = (
    Route(
        method="POST",
        path="/v1/devices",
        audience=Audience.CITIZEN,
        handler=register,
        operation="register_device",
        summary="Register a phone for messages.",
        tag="push",
        body=REGISTRATION,
        creates=True,
        answers={
            201: Answer(description="It is registered.", schema=DEVICE, headers={"Location": "The device."}),
        },
    ),
    Route(
        method="GET",
        path="/v1/devices",
        audience=Audience.CITIZEN,
        handler=list_devices,
        operation="list_devices",
        summary="List the caller's phones.",
        tag="push",
        answers={
            200: Answer(
                description="The phones.",
                schema={
                    "type": "object",
                    "required": ["items"],
                    "properties": {"items": {"type": "array", "items": DEVICE}},
                },
            )
        },
    ),
    Route(
        method="DELETE",
        path="/v1/devices/{id}",
        audience=Audience.CITIZEN,
        handler=forget,
        operation="forget_device",
        summary="Forget a phone.",
        tag="push",
        path_schemas={"id": {"type": "string", "format": "uuid"}},
        answers={204: Answer(description="It is forgotten.")},
    ),
)
