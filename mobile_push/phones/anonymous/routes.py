"""What a phone does before anybody has signed in on it: register for alerts and notices, change that, end it.

What it proves itself with travels in a header: addresses are kept by proxies.
"""

from __future__ import annotations

from functools import partial
from typing import Any

from aiohttp import web

from banshi import Answer, Audience, Call, Conflict, Form, Link, NotFound, Parameter, reply
from banshi.sdk.documents import MOMENT, Record, optional
from banshi.sdk.http import Routes
from mobile_push.audience import areas
from mobile_push.delivery.service import PUSH
from mobile_push.phones import devices, preferences, registration
from mobile_push.phones.addresses.given import given_in
from mobile_push.phones.anonymous.flood import FLOODED, REGISTRATIONS
from mobile_push.phones.anonymous.registration import GONE, end_of, proven, register
from mobile_push.phones.anonymous.subjects import subject_of
from mobile_push.phones.erasure import erase_device
from mobile_push.phones.registration import MAX_TRIES
from mobile_push.sentences import say
from mobile_push.tables.models import Device

ROUTES = Routes("push", unnamed=True)

#: Nothing on the way keeps an answer with a secret or a place in it.
NOT_KEPT = {"Cache-Control": "no-store"}

SECRET = Parameter(
    "Device-Secret",
    {"type": "string", "minLength": 1, "maxLength": 128},
    "What the registration's answer showed.",
    place="header",
)

_WISHES = {**devices.FIELDS, **preferences.FIELDS}

REGISTRATION = Record(**devices.PHONE, **{name: optional(schema) for name, schema in _WISHES.items()}).form()

CHANGE = Form.from_schema({"type": "object", "additionalProperties": False, "properties": _WISHES})

ANONYMOUS_DEVICE = Record(
    **{name: schema for name, schema in devices.DEVICE["properties"].items() if name != "seen_at"},
    **preferences.FIELDS,
    ends_at={**MOMENT, "description": "Each change, an empty one too, puts it off."},
)

NEW = Record(secret={"type": "string", "description": "Shown once: keep it as a password."}, device=ANONYMOUS_DEVICE)

_UNKNOWN = {404: Answer("No such phone, another one's secret, or it has ended.")}


@ROUTES.post(
    "/v1/devices/anonymous",
    Audience.ANYONE,
    {
        201: Answer(
            "It is registered; this is its secret.",
            NEW,
            links=Link.to("change_anonymous_device", "forget_anonymous_device", at="/device"),
        ),
        **FLOODED,
    },
    body=REGISTRATION,
)
async def register_anonymous_device(call: Call) -> web.StreamResponse:
    """Register a phone on which nobody has signed in, for alerts and notices.

    The answer shows its secret. The same phone again is a new registration, and the one before ends.
    """
    push = call.platform[PUSH]
    preferences.check(call.platform, call.body)
    given = given_in(push, push.couriered, call.body)
    call.platform[REGISTRATIONS].one_more(call.request)
    for _ in range(MAX_TRIES):
        if made := await register(call, given):
            device, secret = made
            return reply(
                call, {"secret": secret, "device": await _document(call, device)}, status=201, headers=NOT_KEPT
            )
    raise Conflict(say("Others are registering this phone at the same time; send the request again."))


@ROUTES.patch(
    "/v1/devices/anonymous/{id}",
    Audience.ANYONE,
    {200: Answer("The phone.", ANONYMOUS_DEVICE, links=Link.to("forget_anonymous_device")), **_UNKNOWN},
    body=CHANGE,
    parameters=(SECRET,),
)
async def change_anonymous_device(call: Call) -> web.StreamResponse:
    """Give such a phone its new token or addresses, language, area or wishes.

    Each change, an empty one too, is a sign of life.
    """
    body = call.body
    identity = await proven(call, _secret(call))
    preferences.check(call.platform, body)
    person = subject_of(identity)
    along = partial(preferences.write, person=person, body=body) if body.keys() & preferences.FIELDS.keys() else None
    device = await registration.change(call, identity, person, call.platform[PUSH].couriered, along)
    return reply(call, await _document(call, device), headers=NOT_KEPT)


@ROUTES.delete(
    "/v1/devices/anonymous/{id}", Audience.ANYONE, {204: Answer("It is forgotten."), **_UNKNOWN}, parameters=(SECRET,)
)
async def forget_anonymous_device(call: Call) -> web.StreamResponse:
    """Forget such a phone: its token, its area and its wishes.

    Nothing more is sent to it.
    """
    identity = await proven(call, _secret(call))
    if not await erase_device(call.platform, identity, subject_of(identity)):
        raise NotFound(GONE)
    return web.Response(status=204)


def _secret(call: Call) -> str:
    return str(call.request.headers.get(SECRET.name, ""))


async def _document(call: Call, device: Device) -> dict[str, Any]:
    """Such a phone as its app sees it. The token stays with us."""
    wishes = await preferences.document(call.platform, device.person)
    return ANONYMOUS_DEVICE.of(
        call.platform,
        device,
        providers=await registration.providers_of(device),
        area=areas.document(device),
        **{name: wishes[name] for name in preferences.FIELDS},
        ends_at=call.platform.moment(end_of(call.platform[PUSH].settings, device)),
        links={"self": f"/v1/devices/anonymous/{device.id}", "alerts": "/v1/alerts"},
    )
