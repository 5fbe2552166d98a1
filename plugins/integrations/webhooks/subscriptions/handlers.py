"""A client's webhooks: made, shown, changed, tried out. A client sees its own alone."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Collection, Mapping
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from uuid_utils.compat import uuid7

from banshi import (
    Call,
    Conflict,
    FieldProblem,
    InvalidFields,
    NotFound,
    TooManyRequests,
    Update,
    Write,
    reply,
)
from banshi.sdk.events import Event, event_types
from banshi.sdk.http import Page, from_cursor, in_utc, limit_of
from banshi.sdk.outgoing import SEAL, new_secret

from ..delivery.dispatcher import OFFICE, Office
from ..delivery.sending import send
from ..events import journal
from ..events.cloudevents import MODES, batched, document_of
from ..events.matching import SCOPE
from ..models import DeliveryRow, Replay, Subscription
from . import forms, handshake, representations

if TYPE_CHECKING:
    from aiohttp import web

#: What a test is called.
TEST = "banshi.webhook.test"

#: Events that one replay may span.
MAX_REPLAYED_EVENTS = 100_000

#: Secrets that sign at once: the receiver looks at no more signatures than five.
MAX_SECRETS = 3

#: How a receiver begins.
WELL: dict[str, Any] = {"failures": 0, "failing_since": None, "rests": 0, "rest_until": 0}


async def create(call: Call) -> web.StreamResponse:
    """Make a webhook, once its receiver has been asked; where it refuses, the webhook waits, unproven."""
    office, body = call.platform[OFFICE], call.body
    values = forms.checked(call, office, await types_of(office), body)
    secret = body.get("secret") or new_secret()
    async with asking(call, office):
        if await Subscription.filter(client=call.client.id).count() >= office.settings.per_client:
            told = f"Your client has {office.settings.per_client} webhooks; delete one before you make another."
            raise Conflict(told)
        state = await permission(office, values["url"])
        row = Subscription(
            id=uuid7(),
            client=call.client.id,
            **{"mode": "structured", "types": [], "departments": [], "items": [], **values, **state},
            scopes=scopes_of(call),
            secrets=[{"secret": call.platform[SEAL].sealed(secret), "until": None}],
            created_at=call.now,
            position=await journal.top(),
        )
        document = representations.webhook(call.platform, row)
        headers = {"Location": f"/v1/webhooks/{row.id}", "Cache-Control": "no-store"}
        # A repetition is answered without the secret: stored answers are for anybody who reads the tables.
        await call.platform.store.commit(Write(rows=[row, *call.once.receipt(document, headers=headers)]))
    office.changed()
    return reply(call, document | {"secret": secret}, status=201, headers=headers)


def scopes_of(call: Call) -> list[str]:
    """What the caller's token allows of webhooks."""
    return sorted(scope for scope in call.client.scopes if scope.partition(":")[0] == SCOPE)


async def types_of(office: Office) -> Collection[str]:
    """The types of events that there can be, looked up once."""
    known = office.types.get()
    if not known:
        known.append(await asyncio.to_thread(event_types, office.platform.registry))
    return known[0]


@asynccontextmanager
async def asking(call: Call, office: Office) -> AsyncIterator[None]:
    """One request that a client waits for at a time: nobody has us knock at many doors."""
    client = call.client.id
    if office.asking[client]:
        told = "Your client is having another receiver asked at this moment; send this when that is answered."
        raise TooManyRequests(told, headers={"Retry-After": "1"})
    office.asking[client] += 1
    try:
        yield
    finally:
        del office.asking[client]


async def permission(office: Office, url: str) -> dict[str, Any]:
    """Ask a receiver; the columns that its answer sets."""
    said = await handshake.ask(office.outgoing, office.settings, url, office.platform.settings.address)
    return {"state": "unproven" if said.refusal else "active", "reason": said.refusal[:200], "pace": said.pace}


async def list_all(call: Call) -> web.StreamResponse:
    """All of the client's."""
    rows = await Subscription.filter(client=call.client.id).order_by("-id")
    return reply(call, {"items": [representations.webhook(call.platform, row) for row in rows], "next": None})


async def show(call: Call) -> web.StreamResponse:
    """One of the client's."""
    return reply(call, representations.webhook(call.platform, await own(call)))


async def own(call: Call) -> Subscription:
    """The webhook of the path, if it is the client's; else NotFound, as if it did not exist."""
    row = await Subscription.get_or_none(id=call.path["id"], client=call.client.id)
    if row is None:
        raise NotFound("Your client has no webhook of that id; GET /v1/webhooks lists them.")
    return row


async def change(call: Call) -> web.StreamResponse:
    """Change what it asks for. Another address is asked first."""
    office, row = call.platform[OFFICE], await own(call)
    values = forms.checked(call, office, await types_of(office), call.body)
    # What the token allows that changes it counts from now on.
    values["scopes"] = scopes_of(call)
    if values.get("url", row.url) != row.url:
        async with asking(call, office):
            asked = await permission(office, values["url"])
        if row.state == "paused" and asked["state"] == "active":
            asked |= {"state": row.state, "reason": row.reason}
        values |= asked
        # The other receiver's failures are not this one's.
        return await changed(call, row, values | WELL, _waits_anew(call, row))
    return await changed(call, row, values)


async def changed(
    call: Call, row: Subscription, values: Mapping[str, Any], *more: Update, **shown: Any
) -> web.StreamResponse:
    """Write columns, unless somebody else has changed it meanwhile, and show it."""
    guard = Update(Subscription, {"id": row.id, "version": row.version}, {**values, "version": row.version + 1})
    await call.platform.store.commit(Write(updates=[guard, *more]))
    call.platform[OFFICE].changed()
    fresh = await own(call)
    headers = {"Cache-Control": "no-store"} if shown else {}
    return reply(call, representations.webhook(call.platform, fresh) | shown, headers=headers)


async def delete(call: Call) -> web.StreamResponse:
    """Send nothing more, and forget it."""
    from aiohttp import web

    row = await own(call)
    await Subscription.filter(id=row.id).delete()
    call.platform[OFFICE].changed()
    return web.Response(status=204)


async def pause(call: Call) -> web.StreamResponse:
    """Keep events until it is resumed."""
    row = await own(call)
    if row.state not in {"active", "paused"}:
        raise Conflict(f"It is {row.state}: only a webhook that is active can be paused.")
    return await changed(call, row, {"state": "paused", "reason": "paused by its client"})


async def resume(call: Call) -> web.StreamResponse:
    """Ask the receiver again, and go on where sending ended."""
    office, row = call.platform[OFFICE], await own(call)
    if row.state == "active":
        return reply(call, representations.webhook(call.platform, row))
    async with asking(call, office):
        values = await permission(office, row.url)
    if values["state"] == "unproven":
        # It stays what it was, and says why.
        values["state"] = row.state
        return await changed(call, row, values)
    return await changed(call, row, values | WELL, _waits_anew(call, row))


def _waits_anew(call: Call, row: Subscription) -> Update:
    """What waits is tried now, and for as long as if it were new."""
    anew = {"next_at": 0, "since": int(call.now.timestamp() * 1000)}
    return Update(DeliveryRow, {"subscription": row.id, "state": "waiting"}, anew, rows=None)


async def rotate(call: Call) -> web.StreamResponse:
    """Another secret. The one before signs beside it for a while, so that no delivery is refused meanwhile."""
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


async def test(call: Call) -> web.StreamResponse:
    """Send an event that says that it is a test, now, and tell what came of it."""
    office, row = call.platform[OFFICE], await own(call)
    if row.state == "unproven":
        raise Conflict("Its receiver has not allowed us to send; resume it, which asks again.")
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


async def replay(call: Call) -> web.StreamResponse:
    """Have what happened between two moments sent once more, behind what is new."""
    office, row = call.platform[OFFICE], await own(call)
    begins, ends = (_milliseconds(call.body[name], name) for name in ("from", "to"))
    if await Replay.filter(subscription=row.id, state="due").exists():
        raise Conflict("A span is being sent once more already; wait until that is done.")
    count, first, last = await journal.span(call.platform, begins, ends)
    if count > MAX_REPLAYED_EVENTS:
        told = f"There were {count} events; choose a span of at most {MAX_REPLAYED_EVENTS}."
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
        raise InvalidFields([FieldProblem(f"/{name}", "Give a moment with its offset.", "format")]) from None


async def list_deliveries(call: Call) -> web.StreamResponse:
    """What became of events, the newest first."""
    row = await own(call)
    query = DeliveryRow.filter(subscription=row.id)
    if state := call.query.get("state"):
        query = query.filter(state=state)
    if after := from_cursor(call, _number):
        query = query.filter(seq__lt=after)
    limit = limit_of(call)
    rows = await query.order_by("-seq").limit(limit + 1)
    shown = rows[:limit]
    more = str(shown[-1].seq) if len(rows) > limit else None
    return reply(call, Page([representations.delivery(call.platform, one) for one in shown], more).document())


def _number(text: str) -> int:
    """An event's number, in a column of 64 bits."""
    if not (text.isascii() and text.isdigit() and len(text) <= 18):
        raise ValueError(text)
    return int(text)


async def list_types(call: Call) -> web.StreamResponse:
    """The types of events that there can be."""
    return reply(call, {"items": sorted(await types_of(call.platform[OFFICE]))})
