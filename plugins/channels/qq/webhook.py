"""QQ's side of the door: its check of our address, and events, whose answers go by calls of their own."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from banshi import Answer, Audience, Call, NotFound, Problem, reply
from banshi.sdk.http import Routes, parse_body, read_body
from conversations import CONVERSATIONS
from qq import signing
from qq.bots import BOTS
from qq.events import Unreadable, received
from qq.sentences import say

ROUTES = Routes("qq", lenient=True)

#: Bytes of an event.
MAX_BODY_BYTES = 65_536

#: What an event is for: something happened, we have taken it, an address is checked.
EVENT, TAKEN, CHECK = 0, 12, 13

BODY = {"application/json": {"type": "object", "description": "The event, signed in `X-Signature-Ed25519`."}}
ANSWERS = {
    200: Answer("It is taken, or the address is ours.", {"type": "object"}),
    403: Answer("It is not signed by the bot's secret."),
}


class NotFromQq(Problem, status=403, code="signature-refused", says=say):
    """This is not signed by this bot's secret."""


class NoEvent(Problem, status=400, code="malformed-body", says=say):
    """This is no event of QQ's that can be read."""


@ROUTES.post("/v1/qq/{bot}", Audience.ANYONE, ANSWERS, raw_body=BODY)
async def take_qq_event(call: Call) -> web.StreamResponse:
    """Take what QQ tells of people and groups. What is answered is promised with it."""
    bot, body = call.platform[BOTS].get(call.path["bot"]), await read_body(call.request, MAX_BODY_BYTES)
    if bot is None:
        raise NotFound
    event: Any = parse_body(body, call.request)
    if isinstance(event, dict) and event.get("op") == CHECK:
        told = event["d"] if isinstance(event.get("d"), dict) else {}
        token, at = (str(told.get(name, "")) for name in ("plain_token", "event_ts"))
        signature = signing.answer(bot.key, at, token)
        if signature is None:
            raise NotFromQq
        return reply(call, {"plain_token": token, "signature": signature})
    headers = call.request.headers
    signature, at = headers.get("X-Signature-Ed25519", ""), headers.get("X-Signature-Timestamp", "")
    if not signing.is_signed(bot.key, signature, at, body):
        raise NotFromQq
    try:
        found = received(event, bot.fetched, call.now) if event["op"] == EVENT else None
    except (Unreadable, KeyError, TypeError):
        raise NoEvent from None
    if found is not None:
        await call.platform[CONVERSATIONS].take(bot, found)
    return reply(call, {"op": TAKEN})
