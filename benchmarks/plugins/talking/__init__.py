"""For benchmarks of conversations: a channel over plain HTTP, and an item to talk of."""

from __future__ import annotations

import os
import signal
from collections.abc import Sequence

from aiohttp import web
from uuid_utils.compat import uuid7

from banshi import Answer, Audience, Call, Form, Route, Write, hookimpl, reply
from banshi.sdk.http import Routes
from conversations import CONVERSATIONS, Received, Text
from conversations.tables.models import ChannelConversation, ContactLink


class Account:
    """The one account."""

    name = "benchmark:http"


ACCOUNT = Account()

MESSAGE = Form.from_schema(
    {
        "type": "object",
        "required": ["key", "contact", "text"],
        "additionalProperties": False,
        "properties": {
            "key": {"type": "string"},
            "contact": {"type": "string"},
            "text": {"type": "string"},
            # The server is killed once all of it is written, and before anybody is answered.
            "dies": {"type": "boolean"},
        },
    }
)
PERSON = Form.from_schema(
    {
        "type": "object",
        "required": ["contact"],
        "additionalProperties": False,
        "properties": {"contact": {"type": "string"}},
    }
)
SHOWN = {200: Answer(description="What is answered.", schema={"type": "object"})}

ROUTES = Routes("benchmark")


@ROUTES.post("/v1/benchmark/messages", Audience.ANYONE, SHOWN, body=MESSAGE)
async def benchmark_message(call: Call) -> web.StreamResponse:
    """Take an inbound message, and answer with what is said to it."""
    body = call.body
    received = Received(
        key=body["key"],
        contact=body["contact"],
        content=Text(body["text"]),
        at=call.platform.now(),
        language="zh-CN",
    )
    said = await call.platform[CONVERSATIONS].take(ACCOUNT, received)
    if body.get("dies"):
        os.kill(os.getpid(), signal.SIGKILL)
    return reply(call, {"text": said.text})


@ROUTES.post("/v1/benchmark/people", Audience.ANYONE, SHOWN, body=PERSON)
async def benchmark_person(call: Call) -> web.StreamResponse:
    """Bind a contact to a citizen of the same name, as a sign-in for the contact does."""
    contact = call.body["contact"]
    row = await ChannelConversation.get(account=ACCOUNT.name, contact=contact)
    if not await ContactLink.filter(conversation_id=row.id, ended_at=None).exists():
        link = ContactLink(
            id=uuid7(),
            conversation_id=row.id,
            person=contact,
            known={"name": "李示例"},
            way="app",
            linked_at=call.platform.now(),
        )
        await call.platform.store.commit(Write(rows=[link]))
    return reply(call, {"text": ""})


@hookimpl
def banshi_routes() -> Sequence[Route]:
    return ROUTES
