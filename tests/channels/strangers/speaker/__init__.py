"""Says something unasked on any channel, as an officer or a notice does."""

from __future__ import annotations

from collections.abc import Sequence

from aiohttp import web

from banshi import Answer, Audience, Call, Form, NotFound, Route, hookimpl, reply
from banshi.sdk.http import Routes
from conversations import CONVERSATIONS, Reply
from conversations.tables.models import Said

ROUTES = Routes("speaker")
TEXT = {"type": "string"}
SAID = Form.checked({"type": "object", "properties": {"account": TEXT, "contact": TEXT, "text": TEXT}})


@ROUTES.post("/v1/speaker/said", Audience.ANYONE, {200: Answer("Promised.", {"type": "object"})}, body=SAID)
async def say(call: Call) -> web.StreamResponse:
    """Say something; once it answers, it is promised."""
    conversations, body = call.platform[CONVERSATIONS], call.body
    conversation = await conversations.find(body["account"], body["contact"])
    if conversation is None:
        raise NotFound
    said = await conversations.say(conversation, Reply(text=body["text"]), by="officer", key=body["text"])
    return reply(call, {"id": str(said)})


@ROUTES.get("/v1/speaker/waiting", Audience.ANYONE, {200: Answer("How much is still to be said.", {"type": "object"})})
async def show_waiting(call: Call) -> web.StreamResponse:
    """How much is still to be said."""
    return reply(call, {"waiting": await Said.filter(state="waiting").count()})


@hookimpl
def banshi_routes() -> Sequence[Route]:
    return ROUTES
