"""What is kept of a person here, forgotten in one request."""

from __future__ import annotations

import asyncio

from aiohttp import web

from banshi import Answer, Audience, Call, Platform
from banshi.sdk.http import Routes
from mobile_push.delivery.service import PUSH
from mobile_push.inbox.standings import FORGOTTEN
from mobile_push.phones.erasure import erase_person

ROUTES = Routes("push")


@ROUTES.delete("/v1/me/push", Audience.CITIZEN, {204: Answer("It is all forgotten.")})
async def forget_me(call: Call) -> web.StreamResponse:
    """Forget the caller's phones, messages, receipts and preferences.

    Open streams end. Cases stay as they are.
    """
    await forget_all(call.platform, call.principal.subject)
    return web.Response(status=204)


async def forget_all(platform: Platform, person: str, *, counter: bool = False) -> None:
    """Forget a person's phones, messages, receipts and preferences, with `counter` their inbox's too; streams end."""
    push = platform.get(PUSH)
    if push is None:  # a command beside the servers
        await erase_person(platform, person, counter=counter)
    else:
        # Not while one of their phones is being registered, or it would be there again.
        async with push.registering.setdefault(person, asyncio.Lock()):
            await erase_person(platform, person, counter=counter)
        push.forget(person)
    # Processes that hear no signals find by it that streams are to end.
    await platform.store.take_number(FORGOTTEN)
