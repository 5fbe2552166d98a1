"""A program makes itself a channel while the platform runs: it says where it is called, and shows that it is there."""

from __future__ import annotations

from aiohttp import web

from banshi import Answer, Audience, Call, Conflict, FieldProblem, InvalidFields, NotFound, Update, Write, reply
from banshi.sdk.documents import Record, array
from banshi.sdk.http import Routes
from banshi.sdk.outgoing import SEAL, key_of
from http_channel import forms
from http_channel.line import LINE, SCOPE
from http_channel.models import ChannelRow
from http_channel.sentences import say
from http_channel.settings import SETTINGS

ROUTES = Routes("channels", scope=SCOPE, path_schemas={"name": forms.NAME})

NOT_FOUND = Answer("Your client has no such channel.")
CHANNELS = Record(items=array(forms.CHANNEL))


def admitted(call: Call) -> None:
    """Raise Conflict for a client that is no channel: what people hand in there is real."""
    if call.client.mode != "live" or SCOPE not in call.client.scopes:
        told = "Cases that come of a chat are real: the client has to be live, with the scope {scope} for all."
        raise Conflict(say(told, scope=SCOPE))


async def own(call: Call) -> ChannelRow:
    """The channel of the path, if it is the client's and runs; else NotFound, as if it did not exist."""
    admitted(call)
    row = await ChannelRow.get_or_none(name=call.path["name"], client=call.client.id, ended_at=None)
    if row is None:
        raise NotFound(say("Your client has no such channel; register it first."), see="/v1/channels")
    return row


@ROUTES.put(
    "/v1/channels/{name}",
    Audience.INTEGRATOR,
    {
        200: Answer("It runs as you say.", forms.CHANNEL),
        201: Answer("It is there.", forms.CHANNEL, headers={"Location": "The channel."}),
        409: Answer("The name is another client's, or yours has too many channels or is not live."),
        422: Answer("Something is wrong with it, or its endpoint did not pass the challenge."),
    },
    body=forms.CHANNEL_BODY,
)
async def register_channel(call: Call) -> web.StreamResponse:
    """Make your client's program a channel, or change where it is called.

    Its endpoint is called twice: with a wrong signature, which it has to refuse, and with a challenge. A name stays
    your client's for ever, also once the channel has ended.
    """
    admitted(call)
    name, line, client = call.path["name"], call.platform[LINE], call.client.id
    row = await ChannelRow.get_or_none(name=name)
    if row is not None and row.client != client:
        raise Conflict(say("There is a channel of that name already; take another one."))
    most = call.platform[SETTINGS].channels
    if await ChannelRow.filter(client=client, ended_at=None).exclude(name=name).count() >= most:
        raise Conflict(say("Your client has {most} channels; end one before you register another.", most=most))
    endpoint = _endpoint(call)
    await line.prove(name, endpoint, call.body["secret"])
    values = {"title": call.body["title"], "endpoint": endpoint, "updated_at": call.now, "ended_at": None}
    values["secret"] = call.platform[SEAL].sealed(call.body["secret"])
    if row is None:
        made = ChannelRow(name=name, client=client, created_at=call.now, **values)
        await call.platform.store.commit(Write(rows=[made]))
    else:
        await call.platform.store.commit(Write([Update(ChannelRow, {"name": name, "client": client}, values)]))
    document = channel_document(call, await own(call))
    if row is not None:
        return reply(call, document)
    return reply(call, document, status=201, headers={"Location": f"/v1/channels/{name}"})


def _endpoint(call: Call) -> str:
    """The address as it is called. Raises InvalidFields with everything that is wrong."""
    endpoint, wrong = "", []
    try:
        endpoint = call.platform[LINE].outgoing.checked(call.body["endpoint"])
    except ValueError as error:
        wrong.append(FieldProblem("/endpoint", say("It {error}.", error=error), "endpoint"))
    try:
        key_of(call.body["secret"])
    except ValueError as error:
        wrong.append(FieldProblem("/secret", say("It {error}.", error=error), "secret"))
    if wrong:
        raise InvalidFields(wrong)
    return endpoint


def channel_document(call: Call, row: ChannelRow) -> dict[str, object]:
    return forms.CHANNEL.of(call.platform, row)


@ROUTES.get("/v1/channels", Audience.INTEGRATOR, {200: Answer("All that run.", CHANNELS)})
async def list_channels(call: Call) -> web.StreamResponse:
    """List your client's channels."""
    rows = await ChannelRow.filter(client=call.client.id, ended_at=None).order_by("name")
    return reply(call, {"items": [channel_document(call, row) for row in rows]})


@ROUTES.get("/v1/channels/{name}", Audience.INTEGRATOR, {200: Answer("The channel.", forms.CHANNEL), 404: NOT_FOUND})
async def show_channel(call: Call) -> web.StreamResponse:
    """Show a channel of your client's."""
    return reply(call, channel_document(call, await own(call)))


@ROUTES.delete(
    "/v1/channels/{name}", Audience.INTEGRATOR, {204: Answer("Nothing more is taken or said."), 404: NOT_FOUND}
)
async def end_channel(call: Call) -> web.StreamResponse:
    """End a channel.

    What waits to be said on it is refused. Its name stays your client's: register it again, and it goes on.
    """
    row = await own(call)
    ends = Update(ChannelRow, {"name": row.name, "client": row.client}, {"ended_at": call.now})
    await call.platform.store.commit(Write([ends]))
    return web.Response(status=204)
