"""The peer of turns: the leanest handler that one would write by hand with aiohttp and Tortoise for one form.

It writes what a turn writes and does nothing else: it reads conversation, link and turn by the ORM, answers a repeat
from the table, and writes the conversation, the turn, and at the end of the form case, entry and promise in one
transaction. It reads no answer and asks no form: replies and memories are those of one conversation with the platform.

Arguments: the address of the database, and the file with that conversation.
"""

from __future__ import annotations

import hashlib
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
import uvloop
from aiohttp import web
from tortoise.transactions import in_transaction
from uuid_utils.compat import uuid7

import conversations
import desk
from banshi.foundation.database.opening import open_store
from benchmarks.peers.lean import CASE, begin
from benchmarks.peers.serving import serve
from conversations.tables.models import ChannelConversation, ContactLink, Turn

ACCOUNT = "benchmark:http"
SIGN_UP = CASE | {"item": "sign-up", "department": "talking", "unit": ""}


def handlers(steps: list[dict[str, Any]]) -> tuple[Any, Any]:
    """What takes a message, and what binds a contact."""

    async def message(request: web.Request) -> web.Response:
        body = orjson.loads(await request.read())
        digest = hashlib.blake2b(body["text"].encode(), digest_size=16).hexdigest()
        row = await ChannelConversation.get_or_none(account=ACCOUNT, contact=body["contact"])
        if row is not None:
            turn = await Turn.get_or_none(conversation_id=row.id, key=body["key"], digest=digest)
            if turn is not None:
                return web.json_response({"text": turn.reply["text"]})
        number = 0 if row is None else 1 + (row.version - 1) % (len(steps) - 1)
        await written(row, body, digest, steps[number], is_last=number == len(steps) - 1)
        return web.json_response({"text": steps[number]["reply"]})

    async def person(request: web.Request) -> web.Response:
        contact = orjson.loads(await request.read())["contact"]
        row = await ChannelConversation.get(account=ACCOUNT, contact=contact)
        known: dict[str, Any] = {"known": {"name": "李示例"}, "way": "app", "linked_at": datetime.now(UTC)}
        await ContactLink.create(conversation_id=row.id, person=contact, **known)
        return web.json_response({"text": ""})

    return message, person


async def written(row: Any, body: dict[str, Any], digest: str, step: dict[str, Any], *, is_last: bool) -> None:
    """The rows of a turn, in one transaction."""
    at, contact = datetime.now(UTC), body["contact"]
    person = "" if row is None else (await ContactLink.get(conversation_id=row.id, ended_at=None)).person
    told = {"state": step["state"], "memory": step["memory"], "heard_at": at}
    async with in_transaction() as connection:
        if row is None:
            row = await ChannelConversation.create(
                account=ACCOUNT, contact=contact, version=1, begun_at=at, **told, using_db=connection
            )
        else:
            mine = ChannelConversation.filter(id=row.id, version=row.version).using_db(connection)
            assert await mine.update(version=row.version + 1, **told)
        turn = {"key": body["key"], "digest": digest, "at": at, "heard": {"text": body["text"]}}
        reply = {"text": step["reply"], "buttons": []}
        await Turn.create(conversation_id=row.id, **turn, reply=reply, using_db=connection)
        if is_last:
            identity = uuid7()
            case = {"id": identity, "number": str(identity)[-20:], "person": person, "answers": step["answers"]}
            await begin(connection, {**SIGN_UP, **case, "created_at": at, "updated_at": at})


async def answer(url: str, steps: list[dict[str, Any]]) -> None:
    message, person = handlers(steps)
    async with open_store(url, {one.__name__: one.banshi_tables() for one in (desk, conversations)}):
        await serve(web.post("/v1/benchmark/messages", message), web.post("/v1/benchmark/people", person))


if __name__ == "__main__":
    uvloop.run(answer(sys.argv[1], orjson.loads(Path(sys.argv[2]).read_bytes())))
