"""What a channel hands in: what people write there, and what became of what was said."""

from __future__ import annotations

import math
from dataclasses import dataclass

from aiohttp import web

from banshi import Answer, Audience, Call, TooManyRequests, reply
from banshi.sdk.http import Routes
from banshi.sdk.limits import RATES
from conversations import CONVERSATIONS
from http_channel import forms
from http_channel.line import SCOPE
from http_channel.models import ChannelRow
from http_channel.registering import NOT_FOUND, own
from http_channel.settings import SETTINGS

ROUTES = Routes("channels", scope=SCOPE, path_schemas={"name": forms.NAME})

BUSY = Answer("Too much from this channel at once; see Retry-After.")


@dataclass(slots=True)
class HttpAccount:
    """A channel as the conversations know it."""

    name: str


async def _mine(call: Call) -> ChannelRow:
    """The channel, with one more of what it may hand in counted. Raises NotFound and TooManyRequests."""
    row = await own(call)
    wait = await call.platform[RATES].wait(f"http_channel.{row.name}", call.platform[SETTINGS].messages_a_minute, 60)
    if wait:
        raise TooManyRequests(headers={"Retry-After": str(math.ceil(wait))})
    return row


@ROUTES.post(
    "/v1/channels/{name}/messages",
    Audience.INTEGRATOR,
    {200: Answer("What they are to read.", forms.REPLY), 404: NOT_FOUND, 429: BUSY},
    body=forms.MESSAGE,
)
async def take_channel_message(call: Call) -> web.StreamResponse:
    """Hand in what a contact has sent; the answer is the reply, once all of it is written.

    A repeat, by its `key`, does nothing again and gets the same reply. Send it again after 503, 429 and silence.
    """
    channel = await _mine(call)
    taken = await call.platform[CONVERSATIONS].take(HttpAccount(channel.account), forms.received(call, channel))
    return reply(call, forms.spoken(taken))


@ROUTES.post(
    "/v1/channels/{name}/outcomes",
    Audience.INTEGRATOR,
    {204: Answer("It is noted; what is no message of the channel's changes nothing."), 404: NOT_FOUND, 429: BUSY},
    body=forms.OUTCOME,
)
async def take_channel_outcome(call: Call) -> web.StreamResponse:
    """Hand in what the provider says became of a message that it had taken. Said twice, it counts once."""
    channel, body = await _mine(call), call.body
    arrived, code = body["outcome"] == "arrived", body.get("code", "")
    await call.platform[CONVERSATIONS].delivered(channel.account, body["id"], arrived=arrived, code=code)
    return web.Response(status=204)
