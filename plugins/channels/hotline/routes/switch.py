"""What a switch tells, signed: that a call rings, is answered, has ended, was missed."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from banshi import Answer, Audience, Call, NotFound, Problem
from banshi.sdk.documents import Record, optional
from banshi.sdk.http import Routes, parse_body, read_body
from banshi.sdk.outgoing import NotSigned, verified
from desk import DESK
from hotline import merging
from hotline.moments import moment
from hotline.sentences import say
from hotline.settings import SETTINGS
from hotline.slips import number_in

ROUTES = Routes("hotline")

#: Bytes of one event.
MAX_BODY_BYTES = 16_384

JSON = "application/json"
LINE = {"type": "string", "maxLength": 64}
#: Longer than any: whoever calls may name themselves as they like, and what is none is hidden.
NUMBER = {**LINE, "maxLength": 1_024}
EVENT = Record(
    event={"enum": [*merging.MOMENTS]},
    call={"type": "string", "pattern": "^[A-Za-z0-9._:@-]{1,128}$", "description": "The switch's own id of the call."},
    at={"type": "string", "format": "date-time", "maxLength": 40, "description": "With its offset from UTC."},
    line=optional({**LINE, "description": "The number that was dialled; it leads to a desk."}),
    number=optional({**NUMBER, "description": "The caller's, in any spelling; empty or left out where it is hidden."}),
    agent=optional({"type": "string", "maxLength": 255, "description": "Who answers: a subject, or an extension."}),
    recording=optional(
        Record(
            reference={"type": "string", "minLength": 1, "maxLength": 255},
            sha256={"type": "string", "pattern": "^[0-9a-f]{64}$"},
        )
    ),
).form()


class SwitchRefused(Problem, status=401, code="not-signed", says=say):
    """This is not signed as the hotline's switch signs, or was signed too long ago."""


@ROUTES.post(
    "/v1/hotline/events",
    Audience.ANYONE,
    {
        204: Answer("It is taken and written, also where it had been before."),
        401: Answer("It isn't signed by the switch, or was signed for another time."),
        404: Answer("No switch has a secret here."),
    },
    raw_body={JSON: EVENT.schema},
)
async def take_call_event(call: Call) -> web.StreamResponse:
    """Tell what happened to a call. Signed by Standard Webhooks; send it again after 5xx and silence.

    Events of a call may come twice, late and in any order. `missed`, and `ended` without `answered`, is a call that is
    called back.
    """
    secrets = call.platform[SETTINGS].secrets
    if not secrets or not call.platform[DESK].desks:
        raise NotFound
    raw = await read_body(call.request, MAX_BODY_BYTES, JSON)
    try:
        verified(secrets, call.request.headers, raw, call.now.timestamp())
    except NotSigned as error:
        raise SwitchRefused(why=error.code) from None
    body = parse_body(raw, call.request)
    EVENT.check(body, call.language, at=call.platform.city_time())
    await merging.take(call.platform, _told(call, body))
    return web.Response(status=204)


def _told(call: Call, body: Any) -> merging.Told:
    recording = body.get("recording", {})
    return merging.Told(
        event=body["event"],
        ref=body["call"],
        at=moment(body, "at"),
        line=body.get("line", ""),
        number=number_in(call.platform, body.get("number", "")),
        agent=body.get("agent", ""),
        recording=recording.get("reference", ""),
        sha256=recording.get("sha256", ""),
    )
