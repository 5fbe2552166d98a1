"""For benchmarks of conversations: a channel over plain HTTP, and an item to talk of."""

from __future__ import annotations

import asyncio
import os
import signal
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from aiohttp import web
from uuid_utils.compat import uuid7

from banshi import Answer, Audience, Call, Form, Offer, Platform, Route, Write, hookimpl, reply
from banshi.sdk.http import Routes
from conversations import (
    CONVERSATIONS,
    OUTLETS,
    Accepted,
    Notice,
    Outbound,
    Outcome,
    Outlet,
    Received,
    Text,
)
from conversations.contacts.bound import bound_after, has_app
from conversations.outbound.telling import News, tell
from conversations.tables.models import ChannelConversation, ContactLink, Said


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
        key=body["key"], contact=body["contact"], content=Text(body["text"]), at=call.platform.now(), language="zh-CN"
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


#: Contacts that are written and told at once, and seconds that the provider takes for a notice.
ALERTED_AT_ONCE, NOTICE_S = 50, 0.02


class Sender:
    """Takes all, and counts what it took by contact."""

    has_windows = False

    def __init__(self) -> None:
        self.took: Counter[str] = Counter()
        self.telling: asyncio.Task[None] | None = None

    def windows(self, _: Received) -> Sequence[Any]:
        return ()

    async def send(self, outbound: Outbound) -> Outcome:
        await asyncio.sleep(NOTICE_S)
        self.took[outbound.contact] += 1
        return Accepted()

    async def notice(self, to: Outbound, _: str, __: Mapping[str, str]) -> Notice:
        return Notice(lambda: self.send(to))


SENDER = Sender()


async def tell_all(platform: Platform, count: int) -> None:
    """Promise an alert to as many contacts, as the engine does with one that is published."""
    now = platform.now()
    news = News(id="alert", kind="alert", known={"title": "预警"}, words="预警", until=now + timedelta(hours=1))
    for start in range(0, count, ALERTED_AT_ONCE):
        rows: list[Any] = []
        for number in range(start, min(start + ALERTED_AT_ONCE, count)):
            name = f"alerted-{number}"
            of = {"account": ACCOUNT.name, "contact": name, "state": "idle", "memory": {"dialogues": []}}
            row = ChannelConversation(id=uuid7(), begun_at=now, heard_at=now, **of)
            link = {"person": name, "known": {}, "way": "app", "linked_at": now}
            rows += [row, ContactLink(id=uuid7(), conversation_id=row.id, **link)]
        await platform.store.commit(Write(rows=rows))
    behind = UUID(int=0)
    while contacts := await bound_after("benchmark", behind, ALERTED_AT_ONCE):
        behind = contacts[-1].link
        told = [one for one in contacts if one.contact.startswith("alerted-")]
        await tell(platform, [one for one in told if not await has_app(platform, one.person)], news)


@ROUTES.post("/v1/benchmark/alerts", Audience.ANYONE, SHOWN, body=Form.from_schema({"type": "object"}))
async def benchmark_alerts(call: Call) -> web.StreamResponse:
    """Begin to tell as many contacts of an alert."""
    SENDER.telling = asyncio.create_task(tell_all(call.platform, call.body["count"]))
    return reply(call, {"text": ""})


@ROUTES.get("/v1/benchmark/alerts", Audience.ANYONE, SHOWN)
async def benchmark_told(call: Call) -> web.StreamResponse:
    """How many were promised, are still to be sent, and have come how often."""
    own = Said.filter(kind="alert")
    promised, waiting = await own.count(), await own.filter(state="waiting").count()
    is_over = SENDER.telling is None or SENDER.telling.done()
    came = {"once": sum(n == 1 for n in SENDER.took.values()), "more": sum(n > 1 for n in SENDER.took.values())}
    return reply(call, {"text": "", "promised": promised, "waiting": waiting, "over": is_over, **came})


@hookimpl
def banshi_offers() -> Sequence[Offer[Any]]:
    return [Offer(OUTLETS, Outlet("benchmark", lambda _: SENDER, notifier=lambda _: SENDER))]


@hookimpl
def banshi_routes() -> Sequence[Route]:
    return ROUTES
