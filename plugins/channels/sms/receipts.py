"""What the gateway says became of texts. A receipt proves itself by what the gateway alone was given with the text."""

from __future__ import annotations

import orjson
from aiohttp import web

from banshi import Answer, Audience, Call, Problem, reply
from banshi.sdk.documents import Record
from banshi.sdk.http import Routes, read_body
from conversations import CONVERSATIONS
from sms.sender import ACCOUNT, SMS
from sms.sentences import say

ROUTES = Routes("sms", lenient=True)

#: Bytes of a call: 2,000 receipts.
MAX_BYTES = 1_048_576

#: The network's word for a text that has arrived.
ARRIVED = "DELIVRD"


class ReceiptsNotProven(Problem, status=401, code="not-proven", says=say):
    """This is no list of receipts of which one proves that it is for a message of ours."""


@ROUTES.post(
    "/v1/sms/receipts",
    Audience.ANYONE,
    {200: Answer("They are taken.", Record(code={"const": 0})), 401: Answer("None of them is proven.")},
    raw_body={"application/json": {"type": "array", "items": {"type": "object"}, "maxItems": 2000}},
)
async def take_sms_receipts(call: Call) -> web.StreamResponse:
    """Take what became of texts. What came twice counts once; what proves nothing is left out."""
    sms, body = call.platform[SMS], await read_body(call.request, MAX_BYTES)
    try:
        told = {sms.proven(one.get("callData")): str(one["status"]) for one in orjson.loads(body) if "status" in one}
    except (orjson.JSONDecodeError, AttributeError, TypeError):
        raise ReceiptsNotProven from None
    if not any(told) and body != b"[]":
        raise ReceiptsNotProven
    for identity, status in told.items():
        if identity:
            arrived, conversations = status == ARRIVED, call.platform[CONVERSATIONS]
            await conversations.delivered(ACCOUNT, identity, arrived=arrived, code=status)
    return reply(call, {"code": 0})
