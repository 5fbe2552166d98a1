"""One message: read, archived, deleted. What is done with it shows on all phones of its reader."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from aiohttp import web

from banshi import Answer, Audience, Call, Form, Link, NotFound, reply
from banshi.sdk.http import Routes
from mobile_push.delivery.service import PUSH
from mobile_push.inbox import messages as inbox_messages
from mobile_push.inbox import standings, states
from mobile_push.phones.reading.message_schema import ONE
from mobile_push.sentences import say
from mobile_push.tables.models import InboxMessage

ROUTES = Routes("push")

CHANGES = Form.from_schema(
    {
        "type": "object",
        "minProperties": 1,
        "additionalProperties": False,
        "properties": {
            "read": {"const": True, "description": "It was read; the first time counts."},
            "archived": {"type": "boolean", "description": "Whether it is put away; it stays in the inbox."},
        },
    }
)

_OWN = {"id": "$response.body#/id"}

SHOWN = {200: Answer("The message.", ONE, links=[Link("change_message", _OWN), Link("delete_message", _OWN)])}


@ROUTES.get("/v1/inbox/{id}", Audience.CITIZEN, SHOWN)
async def read_message(call: Call) -> web.StreamResponse:
    """Read one message: the caller's own, or a notice or an alert that is for them."""
    return reply(call, await _document(call))


@ROUTES.patch("/v1/inbox/{id}", Audience.CITIZEN, SHOWN, body=CHANGES)
async def change_message(call: Call) -> web.StreamResponse:
    """Mark one message as read, archive it, or bring it back; again changes nothing."""
    await _document(call)
    values: dict[str, Any] = {"read_at": call.now} if "read" in call.body else {}
    if "archived" in call.body:
        values["archived_at"] = call.now if call.body["archived"] else None
    await _change(call, values)
    return reply(call, await _document(call))


@ROUTES.delete("/v1/inbox/{id}", Audience.CITIZEN, {204: Answer("It is deleted.")})
async def delete_message(call: Call) -> web.StreamResponse:
    """Delete one message, on all phones; its number stays empty. Again changes nothing."""
    identity, person = UUID(call.path["id"]), call.principal.subject
    if not await InboxMessage.filter(id=identity, person=person).exists():
        reader = await states.Reader.of(person)
        if identity not in reader.states or reader.states[identity].deleted_at is None:
            await _document(call)
    await _change(call, {"deleted_at": call.now})
    return web.Response(status=204)


async def _change(call: Call, values: Mapping[str, Any]) -> None:
    person = call.principal.subject
    if await states.change(call.platform, person, [UUID(call.path["id"])], values):
        call.platform[PUSH].show_changes(person)
        if values.keys() & {"read_at", "deleted_at"}:
            await call.platform[PUSH].clear(person, [UUID(call.path["id"])])


async def _document(call: Call) -> dict[str, Any]:
    """The message as its reader sees it. Raises NotFound: nobody learns that another has it."""
    platform, person, identity = call.platform, call.principal.subject, UUID(call.path["id"])
    if row := await InboxMessage.get_or_none(id=identity, person=person, deleted_at__isnull=True):
        return inbox_messages.document(platform, row, call.language)
    listener = await standings.listener_of(platform, person)
    for entry in platform[PUSH].hub.log.behind(0, listener):
        if entry.broadcast.id == identity:
            reader = await states.Reader.of(person)
            if identity not in reader.states or reader.states[identity].deleted_at is None:
                return reader.document(platform, entry, call.language)
    raise NotFound(say("There is no such message in your inbox."))
