"""The public key that a browser subscribes with."""

from __future__ import annotations

from aiohttp import web

from banshi import Answer, Audience, Call, reply
from banshi.sdk.documents import Record
from banshi.sdk.http import Routes
from mobile_push.delivery.service import PUSH

ROUTES = Routes("push")

#: A key is changed once in years, and each browser asks for it once.
CACHED = {"Cache-Control": "public, max-age=3600"}


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
