"""Alerts by staff: in the terms of CAP 1.2, published as an Alert, an Update or a Cancel."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from aiohttp import web

from banshi import Answer, Audience, Call, Conflict, FieldProblem, InvalidFields, Link, reply
from banshi.sdk.documents import ID, array
from banshi.sdk.http import Routes, SignedBody, page_answer
from mobile_push.broadcasts import addressing, publication, representations, sending, staff
from mobile_push.broadcasts.alerts import checks, signed_senders
from mobile_push.broadcasts.timing import SEND_AT, timing
from mobile_push.cap.errors import CapError
from mobile_push.cap.representations import ALERT_SCHEMA, GIVEN, MEDIA_TYPE, alert_of
from mobile_push.cap.values import Alert
from mobile_push.cap.vocabulary import MessageType, Status
from mobile_push.delivery.service import PUSH
from mobile_push.sentences import say
from mobile_push.tables.models import Broadcast

ROUTES = Routes("push")
SHOWN = Link.to("show_alert")

#: Lists have no bounds of their own: the size of a body bounds them.
_CAP = {name: schema for name, schema in ALERT_SCHEMA["properties"].items() if name != "references"}
_OWN: dict[str, Any] = {
    "references": array(
        ID,
        minItems=1,
        maxItems=signed_senders.MAX_EARLIER,
        uniqueItems=True,
        description="The ids of the alerts that an Update or a Cancel takes the place of.",
    ),
    "audience": {
        **addressing.SCHEMA,
        "description": "Whom it is for, where that is not who is in its areas. A Cancel goes to those of the alert.",
    },
    "send_at": SEND_AT,
    "collapse_key": staff.COLLAPSE_KEY,
}

ABOUT = "An alert in the terms of OASIS CAP 1.2, and how it is sent."
ALERT, CHANGE = staff.forms({**_CAP, **_OWN}, ALERT_SCHEMA["required"], ABOUT)


async def values_of(call: Call, row: Broadcast, body: Mapping[str, Any]) -> dict[str, Any]:
    """The columns that a body sets. Raises InvalidFields with everything that is wrong."""
    push = call.platform[PUSH].settings
    if not push.alerts.sender:
        raise Conflict(
            say("No alerts are sent from here yet; the operator has to give the city a sender's name first.")
        )
    before = row.cap or {}
    earlier = await _earlier(row, body)
    members = {name: body.get(name, before.get(name)) for name in _CAP if name in body or name in before}
    alert = _alert(call, row, members, earlier)
    wrong = checks.check(alert)
    if earlier and alert.message_type is MessageType.ALERT:
        wrong.append(FieldProblem("/references", say("An Alert is new; take Update or Cancel."), "forbidden"))
    values = checks.columns(alert, earlier, push.ttl)
    if "collapse_key" in body:
        values["collapse_key"] = body["collapse_key"]
    times = {"send_at": body["send_at"]} if "send_at" in body else {}
    when: dict[str, Any] = {}
    wrong += timing(call.platform, push.ttl, row, times, when)
    send_at = when.get("send_at", row.send_at)
    values["send_at"] = send_at
    if send_at is not None and values["ttl"] is None and values["expires_at"] <= send_at:
        wrong.append(FieldProblem("/send_at", say("It would be over before it is sent; give an earlier time."), "past"))
    if not wrong:
        values["audience"] = await _audience(call, row, alert, earlier, body)
    if wrong:
        raise InvalidFields(wrong)
    return values


def _alert(call: Call, row: Broadcast, members: Mapping[str, Any], earlier: Sequence[Broadcast]) -> Alert:
    """The alert with the time of this moment; sending gives it its own."""
    platform = call.platform
    sent = platform.now().astimezone(platform.settings.timezone).replace(microsecond=0)
    document = dict(members)
    if earlier:
        document["references"] = [one.cap and {name: one.cap[name] for name in GIVEN} for one in earlier]
    try:
        return alert_of(document, sender=platform[PUSH].settings.alerts.sender, identifier=str(row.id), sent=sent)
    except CapError as error:
        raise checks.wrong_with(error) from None


async def _earlier(row: Broadcast, body: Mapping[str, Any]) -> list[Broadcast]:
    """The public alerts of the department that it refers to."""
    if "references" not in body:
        ids = publication.earlier_of(row)
        there = {one.id: one for one in await Broadcast.filter(id__in=ids)} if ids else {}
        return [there[one] for one in ids if one in there]
    missing = say("Your department has no such public alert.")
    found, wrong = await staff.earlier_in(row, body["references"], "references", missing)
    if wrong:
        raise InvalidFields(wrong)
    return found


async def _audience(
    call: Call, row: Broadcast, alert: Alert, earlier: Sequence[Broadcast], body: Mapping[str, Any]
) -> dict[str, Any]:
    """Whom it is for: as the body says, or as its areas do. Raises InvalidFields."""
    push = call.platform[PUSH].settings
    derived = checks.audience_of(alert, earlier, push.alerts.exercise_topic)
    audience: dict[str, Any] | None = body.get("audience")
    if audience is not None and alert.message_type is MessageType.CANCEL and alert.status is Status.ACTUAL:
        detail = say("A Cancel goes to all who got what it cancels; leave this out.")
        raise InvalidFields([FieldProblem("/audience", detail, "forbidden")])
    if audience is None:
        audience = row.audience if await _said(row, push.alerts.exercise_topic) else derived
    if audience is None:
        detail = say("Its areas say neither division (GB/T 2260) nor polygon nor circle; say whom it is for.")
        raise InvalidFields([FieldProblem("/audience", detail, "required")])
    wrong = [*addressing.problems(call.platform, push.topics, row.department, audience)]
    wrong = wrong or checks.check_audience(alert, audience)
    if wrong:
        raise InvalidFields(wrong)
    return audience


async def _said(row: Broadcast, exercise_topic: str) -> bool:
    """Whether somebody has said whom a stored alert is for: it is not what its areas make."""
    if row.cap is None:
        return False
    before = await _earlier(row, {})
    return bool(row.audience != checks.audience_of(sending.stored(row.cap), before, exercise_topic))


@ROUTES.post(
    "/v1/alerts",
    Audience.STAFF,
    {
        200: Answer("The signed alert was here already.", signed_senders.RECEIVED, links=SHOWN),
        201: Answer(
            "It is stored; of a signed one what is public.",
            {"oneOf": [representations.RECORD, signed_senders.RECEIVED]},
            headers={"Location": "The alert."},
            links=[*staff.leads("alert"), *SHOWN],
        ),
        403: Answer("The role is missing, or the signature is not one that is trusted."),
    },
    body=ALERT,
    signed=SignedBody(
        media_type=MEDIA_TYPE,
        handler=signed_senders.receive,
        schema={"type": "string", "description": "An alert of CAP 1.2 in XML, signed by a sender who is known."},
    ),
    creates=True,
)
async def create_alert(call: Call) -> web.StreamResponse:
    """Publish an alert, now or later, or store a draft; or hand in a signed one of CAP 1.2."""
    return await staff.create("alert", values_of, call)


@ROUTES.get(
    "/v1/alerts/{id}/record",
    Audience.STAFF,
    {200: Answer("The record.", representations.WHOLE_RECORD, links=staff.leads("alert", whole=True))},
)
async def show_alert_record(call: Call) -> web.StreamResponse:
    """All of an alert, with who did what and what the caller may do now."""
    return reply(call, await staff.whole(call, await staff.find(call, "alert")))


@ROUTES.get(
    "/v1/alerts/records",
    Audience.STAFF,
    {200: page_answer(representations.RECORD, *staff.leads("alert", first=True))},
    parameters=staff.LIST,
)
async def list_alert_records(call: Call) -> web.StreamResponse:
    """List the alerts of the caller's departments, drafts too, the newest first."""
    return await staff.list_records("alert", call)


ROUTES += staff.routes("alert", values_of, CHANGE)
