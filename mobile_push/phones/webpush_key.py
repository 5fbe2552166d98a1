"""The public key that a browser subscribes with."""

from __future__ import annotations

from typing import TYPE_CHECKING

from banshi import Answer, Audience, Call, Route, reply
from mobile_push.delivery.service import PUSH

if TYPE_CHECKING:
    from aiohttp import web

#: A key is changed once in years, and each browser asks for it once.
CACHED = {"Cache-Control": "public, max-age=3600"}


async def read_key(call: Call) -> web.StreamResponse:
    return reply(call, {"application_server_key": call.platform[PUSH].webpush_key}, headers=CACHED)


ROUTES = (
    Route(
        method="GET",
        path="/v1/push/webpush-key",
        audience=Audience.ANYONE,
        handler=read_key,
        operation="read_webpush_key",
        summary="Read the key that a browser subscribes to pushes with.",
        tag="push",
        answers={
            200: Answer(
                description="The key.",
                schema={
                    "type": "object",
                    "required": ["application_server_key"],
                    "additionalProperties": False,
                    "properties": {
                        "application_server_key": {
                            "type": ["string", "null"],
                            "pattern": "^[A-Za-z0-9_-]{87}$",
                            "description": "For `pushManager.subscribe`, in base64url; null where it is not set up.",
                        }
                    },
                },
            )
        },
    ),
)
