"""What push services say of messages by themselves: their calls, each proven as its provider has it."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from aiohttp import web
from tortoise.transactions import in_transaction

from banshi import Answer, Audience, Call, NotFound, Platform, Problem
from banshi.sdk.documents import TEXT
from banshi.sdk.http import Routes, read_body
from mobile_push.delivery.service import PUSH
from mobile_push.phones.addresses.given import digest_of
from mobile_push.phones.receipts import Said, record
from mobile_push.providers.told import Forged, Telling, Told
from mobile_push.sentences import say
from mobile_push.tables.models import Address, Broadcast, Device, InboxMessage
from mobile_push.ways import DEAD, SECOND, Grave, leave_alone

ROUTES = Routes("push", lenient=True)

#: Bytes of a call, and receipts that one statement writes down.
MAX_BODY_BYTES, MAX_WRITTEN_AT_ONCE = 262_144, 1_000
#: An id as messages bear it.
CANONICAL = re.compile("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


class NoProof(Problem, status=401, code="not-proven", says=say):
    """This bears no proof that it comes from the push service, or one that is too old."""


class UnreadableReceipt(Problem, status=400, code="malformed-body", says=say):
    """This is nothing that the push service says."""


ANSWERS = {
    200: Answer("What the push service wants to hear.", {"type": "string"}, media_type="*/*"),
    401: Answer("It bears no proof, or a wrong one."),
}


@ROUTES.get("/v1/push/receipts/{provider}", Audience.ANYONE, ANSWERS)
async def check_receipts_address(call: Call) -> web.StreamResponse:
    """Answer a push service that checks the address for its receipts."""
    return await _heard(call, b"")


@ROUTES.post(
    "/v1/push/receipts/{provider}",
    Audience.ANYONE,
    {**ANSWERS, 400: Answer("It can't be read.")},
    raw_body={"*/*": {**TEXT, "description": "As the push service writes it."}},
)
async def take_receipts(call: Call) -> web.StreamResponse:
    """Take what a push service says of messages: that they arrived, were shown, were opened.

    What is of no message or phone here is left out.
    """
    return await _heard(call, await read_body(call.request, MAX_BODY_BYTES, call.request.content_type))


async def _heard(call: Call, body: bytes) -> web.StreamResponse:
    couriers, name = call.platform[PUSH].couriers, call.path["provider"]
    provider = next((one.provider for one in couriers if one.provider.name == name), None)
    if not isinstance(provider, Telling):
        raise NotFound
    try:
        heard = provider.heard(call.request.headers, call.request.query, body, call.now.timestamp())
    except Forged:
        raise NoProof from None
    except ValueError:
        raise UnreadableReceipt from None
    await take_in(call.platform, name, heard.told, call.now)
    return web.Response(body=heard.body, content_type=heard.media_type)


async def take_in(platform: Platform, provider: str, told: Sequence[Told], now: datetime) -> None:
    """Write down what a provider says of messages that are known, to phones that are: all of it, or nothing."""
    places = await _phones(provider, [one.token for one in told])
    begun = await _begun([one.message_id for one in told])
    said: dict[tuple[UUID, UUID], Said] = {}
    dead: dict[str, dict[UUID, Grave]] = defaultdict(dict)
    for one in (one for one in told if one.token in places):
        device, person, name = places[one.token]
        if one.event == "dead":
            dead[name][device] = one.token, one.at
        elif (message := begun.get(one.message_id)) and message[2] in (person, None):
            at = _between(message[1], one.at, now)
            said.setdefault((message[0], device), Said(at)).hear(one.event, at)
    for name, graves in dead.items():
        await leave_alone(name, graves, DEAD)
    async with in_transaction() as connection:
        # First, so that a phone which is forgotten in this moment leaves no receipt behind.
        phones = Device.filter(id__in=sorted({device for _, device in said})).using_db(connection).order_by("id")
        whose: Any = dict(await phones.select_for_update().values_list("id", "person"))
        rows = [(*key, whose[key[1]], one) for key, one in sorted(said.items()) if key[1] in whose]
        for start in range(0, len(rows), MAX_WRITTEN_AT_ONCE):
            await record(platform, connection, rows[start : start + MAX_WRITTEN_AT_ONCE], provider)


async def _phones(provider: str, tokens: Sequence[str]) -> dict[str, tuple[UUID, str, str]]:
    """Whose these addresses are: the phone, its person, and by which way it is reached so."""
    digests = {digest_of(provider, token): token for token in tokens}
    own: Any = await Device.filter(token_hash__in=list(digests)).values_list("token_hash", "id", "person")
    found = {digests[digest]: (device, person, provider) for digest, device, person in own}
    beside: Any = dict(await Address.filter(token_hash__in=list(digests)).values_list("device_id", "token_hash"))
    for device in await Device.filter(id__in=list(beside)).only("id", "person") if beside else ():
        found[digests[beside[device.id]]] = (device.id, device.person, provider + SECOND)
    return found


async def _begun(names: Sequence[str]) -> dict[str, tuple[UUID, datetime, str | None]]:
    """The messages of these ids: since when there is one, and whose it is, None for everybody's."""
    ids = [UUID(name) for name in names if CANONICAL.fullmatch(name)]
    own: Any = await InboxMessage.filter(id__in=ids).values_list("id", "created_at", "person")
    published: Any = await Broadcast.filter(id__in=ids, seq__isnull=False).values_list("id", "published_at")
    found = {str(one): (one, at, person) for one, at, person in own}
    return found | {str(one): (one, datetime.fromtimestamp(at / 1000, UTC), None) for one, at in published}


def _between(start: datetime, at: float | None, now: datetime) -> datetime:
    """A service's time within what can be true: not before the message, nor after now."""
    try:
        return max(start, min(now, datetime.fromtimestamp(at, UTC) if at is not None else now))
    except (ValueError, OverflowError, OSError):  # a year of six digits
        return now
