"""What is kept of a person here, forgotten in one request."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from banshi import Answer, Audience, Call, Route
from mobile_push.erasure import erase_person
from mobile_push.service import PUSH

if TYPE_CHECKING:
    from aiohttp import web


async def forget_me(call: Call) -> web.StreamResponse:
    """Forget the caller's phones, messages, receipts and preferences; open streams end. Cases stay as they are."""
    from aiohttp import web

    push, person = call.platform[PUSH], call.principal.subject
    # Not while one of their phones is being registered, or it would be there again.
    async with push.registering.setdefault(person, asyncio.Lock()):
        await erase_person(call.platform, person)
    push.hub.cut(person)
    return web.Response(status=204)


ROUTES = (
    Route(
        method="DELETE",
        path="/v1/me/push",
        audience=Audience.CITIZEN,
        handler=forget_me,
        operation="forget_me",
        summary="Forget the caller's phones, messages, receipts and preferences.",
        tag="push",
        answers={204: Answer(description="It is all forgotten.")},
    ),
)
