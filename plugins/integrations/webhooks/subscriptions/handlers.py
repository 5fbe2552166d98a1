"""A client's webhooks: made, shown, changed, tried out. A client sees its own alone."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Collection, Mapping
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import web
from uuid_utils.compat import uuid7

from banshi import Answer, Audience, Call, Conflict, NotFound, Parameter, TooManyRequests, Update, Write, reply
from banshi.sdk.events import event_types
from banshi.sdk.http import PAGE_PARAMETERS, Page, Routes, page_of
from banshi.sdk.outgoing import SEAL, new_secret

from ..delivery.dispatcher import DISPATCHER, Dispatcher
from ..events import journal
from ..events.matching import SCOPE
from ..models import DeliveryRow, Subscription
from ..sentences import say
from . import forms, handshake, representations

ROUTES = Routes("webhooks", scope=SCOPE)

#: How a receiver begins.
WELL: dict[str, Any] = {"failures": 0, "failing_since": None, "rests": 0, "rest_until": 0}

SHOWN = Answer("The webhook.", representations.WEBHOOK)
NOT_FOUND = Answer("Your client has no such webhook.")
CONFLICT = Answer("Its state does not allow it, or it has just changed.")
BUSY = Answer("Your client is having a receiver asked at this moment; see Retry-After.")
#: What whatever asks a receiver or changes a webhook may come to.
REFUSED = {404: NOT_FOUND, 409: CONFLICT, 429: BUSY}


@ROUTES.post(
    "/v1/webhooks",
    Audience.INTEGRATOR,
    {
        201: Answer(
            "It is there. While it is `unproven`, nothing is sent, and `reason` says why.",
            representations.MADE,
            headers={"Location": "The webhook."},
        ),
        409: Answer("Your client has as many webhooks as it may have."),
        429: BUSY,
    },
    body=forms.NEW,
    creates=True,
)
async def create_webhook(call: Call) -> web.StreamResponse:
    """Have events sent to a receiver of yours.

    Its receiver is asked first; where it refuses, the webhook waits, unproven.
    """
    office, body = call.platform[DISPATCHER], call.body
    values = forms.checked(call, office, await types_of(office), body)
    secret = body.get("secret") or new_secret()
    async with asking(call, office):
        if await Subscription.filter(client=call.client.id).count() >= office.settings.per_client:
            told = say(
                "Your client has {per_client} webhooks; delete one before you make another.",
                per_client=office.settings.per_client,
            )
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


async def types_of(office: Dispatcher) -> Collection[str]:
    """The types of events that there can be, looked up once."""
    known = office.types.get()
    if not known:
        known.append(await asyncio.to_thread(event_types, office.platform.registry))
    return known[0]


@asynccontextmanager
async def asking(call: Call, office: Dispatcher) -> AsyncIterator[None]:
    """One request that a client waits for at a time: nobody has us knock at many doors."""
    client = call.client.id
    if office.asking[client]:
        told = say("Your client is having another receiver asked at this moment; send this when that is answered.")
        raise TooManyRequests(told, headers={"Retry-After": "1"})
    office.asking[client] += 1
    try:
        yield
    finally:
        del office.asking[client]


async def permission(office: Dispatcher, url: str) -> dict[str, Any]:
    """Ask a receiver; the columns that its answer sets."""
    said = await handshake.ask(office.outgoing, office.settings, url, office.platform.settings.address)
    return {"state": "unproven" if said.refusal else "active", "reason": said.refusal[:200], "pace": said.pace}


@ROUTES.get("/v1/webhooks", Audience.INTEGRATOR, {200: Answer("All of them.", representations.WEBHOOKS)})
async def list_webhooks(call: Call) -> web.StreamResponse:
    """List your client's webhooks."""
    rows = await Subscription.filter(client=call.client.id).order_by("-id")
    return reply(call, {"items": [representations.webhook(call.platform, row) for row in rows], "next": None})


@ROUTES.get("/v1/webhooks/{id}", Audience.INTEGRATOR, {200: SHOWN, 404: NOT_FOUND})
async def show_webhook(call: Call) -> web.StreamResponse:
    """Show a webhook, with how its receiver does."""
    return reply(call, representations.webhook(call.platform, await own(call)))


async def own(call: Call) -> Subscription:
    """The webhook of the path, if it is the client's; else NotFound, as if it did not exist."""
    row = await Subscription.get_or_none(id=call.path["id"], client=call.client.id)
    if row is None:
        raise NotFound(say("Your client has no such webhook; look for it in the list of webhooks."), see="/v1/webhooks")
    return row


@ROUTES.patch("/v1/webhooks/{id}", Audience.INTEGRATOR, {200: SHOWN, **REFUSED}, body=forms.CHANGE)
async def change_webhook(call: Call) -> web.StreamResponse:
    """Change what a webhook asks for.

    Another address is asked first.
    """
    office, row = call.platform[DISPATCHER], await own(call)
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
        return await changed(call, row, values | WELL, waits_anew(call, row))
    return await changed(call, row, values)


async def changed(
    call: Call, row: Subscription, values: Mapping[str, Any], *more: Update, **shown: Any
) -> web.StreamResponse:
    """Write columns, unless somebody else has changed it meanwhile, and show it."""
    guard = Update(Subscription, {"id": row.id, "version": row.version}, {**values, "version": row.version + 1})
    await call.platform.store.commit(Write(updates=[guard, *more]))
    call.platform[DISPATCHER].changed()
    fresh = await own(call)
    headers = {"Cache-Control": "no-store"} if shown else {}
    return reply(call, representations.webhook(call.platform, fresh) | shown, headers=headers)


def waits_anew(call: Call, row: Subscription) -> Update:
    """What waits is tried now, and for as long as if it were new."""
    anew = {"next_at": 0, "since": int(call.now.timestamp() * 1000)}
    return Update(DeliveryRow, {"subscription": row.id, "state": "waiting"}, anew, rows=None)


@ROUTES.delete("/v1/webhooks/{id}", Audience.INTEGRATOR, {204: Answer("Nothing more is sent."), 404: NOT_FOUND})
async def delete_webhook(call: Call) -> web.StreamResponse:
    """Delete a webhook.

    Nothing more is sent.
    """
    row = await own(call)
    await Subscription.filter(id=row.id).delete()
    call.platform[DISPATCHER].changed()
    return web.Response(status=204)


@ROUTES.get(
    "/v1/webhooks/{id}/deliveries",
    Audience.INTEGRATOR,
    {200: Answer("One page, the newest first.", representations.DELIVERIES), 404: NOT_FOUND},
    parameters=(
        Parameter("state", {"enum": list(representations.ENDS)}, "Those that ended so, or wait."),
        *PAGE_PARAMETERS,
    ),
)
async def list_deliveries(call: Call) -> web.StreamResponse:
    """List what became of a webhook's events.

    The newest comes first.
    """
    row = await own(call)
    query = DeliveryRow.filter(subscription=row.id)
    if state := call.query.get("state"):
        query = query.filter(state=state)
    rows, after = await page_of(call, query, {"-seq": int})
    return reply(call, Page([representations.delivery(call.platform, one) for one in rows], after).document())


@ROUTES.get("/v1/event-types", Audience.INTEGRATOR, {200: Answer("All of them.", representations.TYPES)})
async def list_event_types(call: Call) -> web.StreamResponse:
    """List the types of events that there can be."""
    return reply(call, {"items": sorted(await types_of(call.platform[DISPATCHER]))})
