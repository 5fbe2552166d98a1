"""What a client does with a webhook: pause and resume it, try it out, have another secret or what was once more."""

from __future__ import annotations

from datetime import timedelta

from aiohttp import web
from uuid_utils.compat import uuid7

from banshi import Answer, Audience, Call, Conflict, FieldProblem, InvalidFields, Write, reply
from banshi.sdk.events import Event
from banshi.sdk.http import Routes, in_utc
from banshi.sdk.outgoing import SEAL, new_secret

from ..delivery.dispatcher import DISPATCHER
from ..delivery.sending import send
from ..events import journal
from ..events.cloudevents import MODES, batched, document_of
from ..events.matching import SCOPE
from ..models import Replay
from ..sentences import say
from . import forms, representations
from .handlers import REFUSED, SHOWN, WELL, asking, changed, own, permission, waits_anew

ROUTES = Routes("webhooks", scope=SCOPE)

#: What a test is called.
TEST = "banshi.webhook.test"

#: Events that one replay may span.
MAX_REPLAYED_EVENTS = 100_000

#: Secrets that sign at once: the receiver looks at no more signatures than five.
MAX_SECRETS = 3


@ROUTES.post("/v1/webhooks/{id}/actions/pause", Audience.INTEGRATOR, {200: SHOWN, **REFUSED}, body=forms.NOTHING)
async def pause_webhook(call: Call) -> web.StreamResponse:
    """Send nothing for a while.

    Events are kept until it is resumed.
    """
    row = await own(call)
    if row.state not in {"active", "paused"}:
        raise Conflict(say("It is {state}: only a webhook that is active can be paused.", state=row.state))
    return await changed(call, row, {"state": "paused", "reason": "paused by its client"})


@ROUTES.post("/v1/webhooks/{id}/actions/resume", Audience.INTEGRATOR, {200: SHOWN, **REFUSED}, body=forms.NOTHING)
async def resume_webhook(call: Call) -> web.StreamResponse:
    """Ask the receiver again, and go on.

    Sending goes on where it ended.
    """
    office, row = call.platform[DISPATCHER], await own(call)
    if row.state == "active":
        return reply(call, representations.webhook(call.platform, row))
    async with asking(call, office):
        values = await permission(office, row.url)
    if values["state"] == "unproven":
        # It stays what it was, and says why.
        values["state"] = row.state
        return await changed(call, row, values)
    return await changed(call, row, values | WELL, waits_anew(call, row))


@ROUTES.post(
    "/v1/webhooks/{id}/actions/rotate",
    Audience.INTEGRATOR,
    {200: Answer("The webhook, with its secret: shown this once.", representations.WITH_SECRET), **REFUSED},
    body=forms.ROTATE,
)
async def rotate_webhook(call: Call) -> web.StreamResponse:
    """Take another secret.

    The one before signs beside it for a while, so that no delivery is refused meanwhile.
    """
    if wrong := forms.secret_problems(call.body):
        raise InvalidFields(wrong)
    row, secret = await own(call), call.body.get("secret") or new_secret()
    now = int(call.now.timestamp() * 1000)
    until = int((call.now + timedelta(hours=call.body.get("overlap_hours", 24))).timestamp() * 1000)
    before = [
        {"secret": one["secret"], "until": until if one["until"] is None else min(one["until"], until)}
        for one in row.secrets
    ]
    still = [one for one in before if one["until"] > now][: MAX_SECRETS - 1]
    sealed = call.platform[SEAL].sealed(secret)
    return await changed(call, row, {"secrets": [{"secret": sealed, "until": None}, *still]}, secret=secret)


@ROUTES.post(
    "/v1/webhooks/{id}/actions/test",
    Audience.INTEGRATOR,
    {200: Answer("What came of it.", representations.TESTED), **REFUSED},
    body=forms.NOTHING,
)
async def test_webhook(call: Call) -> web.StreamResponse:
    """Send a test event now.

    It says that it is a test; the answer tells what came of it.
    """
    office, row = call.platform[DISPATCHER], await own(call)
    if row.state == "unproven":
        raise Conflict(say("Its receiver has not allowed us to send; resume it, which asks again."))
    event = Event(
        id=str(uuid7()),
        type=TEST,
        at=call.now,
        source="/v1/webhooks",
        subject=str(row.id),
        data={"webhook": str(row.id), "test": True},
    )
    document = document_of(event, call.platform.settings.address)
    headers, body = batched([document]) if row.mode == "batch" else MODES[row.mode](document)
    async with asking(call, office):
        outcome = await send(call.platform, office.outgoing, row, event.id, headers, body, office.settings.timeout)
    office.metrics.count(outcome)
    ended = {"status": outcome.status, "outcome": outcome.code, "took_ms": outcome.took}
    return reply(call, {"event": event.id, "delivered": outcome.ok, **ended})


@ROUTES.post(
    "/v1/webhooks/{id}/actions/replay",
    Audience.INTEGRATOR,
    {202: Answer("It is being sent, behind what is new.", representations.REPLAYED), **REFUSED},
    body=forms.REPLAY,
)
async def replay_webhook(call: Call) -> web.StreamResponse:
    """Send what happened in a span of time once more.

    It goes behind what is new.
    """
    office, row = call.platform[DISPATCHER], await own(call)
    begins, ends = (_milliseconds(call.body[name], name) for name in ("from", "to"))
    if await Replay.filter(subscription=row.id, state="due").exists():
        raise Conflict(say("A span is being sent once more already; wait until that is done."))
    count, first, last = await journal.span(begins, ends)
    if count > MAX_REPLAYED_EVENTS:
        told = say(
            "There were {count} events; choose a span of at most {max_replayed_events}.",
            count=count,
            max_replayed_events=MAX_REPLAYED_EVENTS,
        )
        raise InvalidFields([FieldProblem("/to", told, "span")])
    one = Replay(
        id=uuid7(),
        subscription=row.id,
        begins=begins,
        ends=ends,
        until=last,
        position=max(0, first - 1),
        state="due" if count else "done",
        created_at=call.now,
    )
    await call.platform.store.commit(Write(rows=[one]))
    office.changed()
    return reply(call, {"id": str(one.id), "events": count}, status=202)


def _milliseconds(text: str, name: str) -> int:
    try:
        return int(in_utc(text).timestamp() * 1000)
    except ValueError:
        raise InvalidFields([FieldProblem(f"/{name}", say("Give a moment with its offset."), "format")]) from None
