"""Messages: how many are unread, marked as read together, and each read, archived, deleted by itself.

What is done with one shows on all phones of its reader.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from aiohttp import web

from banshi import Answer, Audience, Call, FieldProblem, Form, InvalidFields, Link, NotFound, reply
from banshi.sdk.documents import ID, Record, array, optional
from banshi.sdk.http import Routes
from mobile_push.delivery.service import PUSH
from mobile_push.inbox import messages as inbox_messages
from mobile_push.inbox import standings, states
from mobile_push.inbox.unread import unread
from mobile_push.phones.reading.message_schema import ONE
from mobile_push.sentences import say
from mobile_push.tables import cursor
from mobile_push.tables.cursor import Cursor
from mobile_push.tables.models import InboxMessage

ROUTES = Routes("push")

UNREAD: dict[str, Any] = Record(unread={"type": "integer", "minimum": 0, "description": "For the app's badge."})

_THESE = "These messages; what isn't in the caller's inbox is left out."

#: Messages that are marked at once.
MAX_MARKED = 200

_MARKS = Record(
    through=optional(
        {
            "type": ["integer", "string"],
            "minimum": 0,
            "maximum": cursor.MAX_NUMBER,
            "pattern": cursor.PATTERN,
            "description": "All up to the last message that was seen: its `seq`, or a cursor of the inbox.",
            "x-pattern-hint": say("Send a message's seq, or a cursor of the inbox, unchanged."),
        }
    ),
    ids=optional(array(ID, minItems=1, maxItems=MAX_MARKED, description=_THESE)),
)
MARK = Form.from_schema({**_MARKS, "minProperties": 1, "maxProperties": 1})


@ROUTES.get("/v1/inbox/unread", Audience.CITIZEN, {200: Answer("How many.", UNREAD)})
async def count_unread(call: Call) -> web.StreamResponse:
    """Count the messages that are neither opened nor marked as read."""
    person = call.principal.subject
    return reply(call, {"unread": (await unread(call.platform, [person]))[person]})


@ROUTES.post(
    "/v1/inbox/read",
    Audience.CITIZEN,
    {200: Answer("How many are left.", UNREAD)},
    body=MARK,
    operation="mark_read",
    counts=False,
)
async def mark(call: Call) -> web.StreamResponse:
    """Mark messages as read, these or all up to a place; again, or an earlier one, changes nothing.

    The answer says what is left, and the caller's phones hear of it on their streams.
    """
    platform, person, body = call.platform, call.principal.subject, call.body
    if "ids" in body:
        read = {UUID(one) for one in body["ids"]}
        new = await states.change(platform, person, read, {"read_at": call.now})
    else:
        new = await states.mark_read(platform, person, _place(body["through"]))
        read = await states.read_since(person, call.now) if new else set()
    if new:
        platform[PUSH].show_changes(person)
        await platform[PUSH].clear(person, read)
    return await count_unread(call)


def _place(through: int | str) -> Cursor:
    try:
        return Cursor.of(through) if isinstance(through, str) else Cursor(int(through))
    except ValueError:
        raise InvalidFields(
            [FieldProblem("/through", say("That is no place in this inbox; read the inbox again."), "unknown")]
        ) from None


# -- one by itself -------------------------------------------------------------------------------------------------

_CHANGES = Record(
    read=optional({"const": True, "description": "It was read; the first time counts."}),
    archived=optional({"type": "boolean", "description": "Whether it is put away; it stays in the inbox."}),
)
CHANGES = Form.from_schema({**_CHANGES, "minProperties": 1})

SHOWN = {200: Answer("The message.", ONE, links=Link.to("change_message", "delete_message"))}


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
