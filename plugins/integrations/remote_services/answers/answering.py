"""A service's later answer: a signed call that takes a step with a case of its items, as the staff would."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from aiohttp import web

from banshi import (
    Answer,
    Audience,
    Call,
    Conflict,
    FieldProblem,
    Forbidden,
    Form,
    InvalidFields,
    Principal,
    Problem,
    Role,
    reply,
)
from banshi.sdk.cases import Actor, find_case, move_case, steps_of
from banshi.sdk.documents import ID, TEXT, Record, optional
from banshi.sdk.http import CLIENTS, Routes, parse_body, read_body
from banshi.sdk.outgoing import NotSigned, verified

from ..calls.handlers import reason_of
from ..calls.line import WrongAnswer, good_secrets
from ..calls.sync import SERVICES
from ..models import RemoteService, TakenAnswer
from ..registration.declaration import SCOPE, SLUG
from ..registration.lifecycle import may_act
from ..sentences import say
from .reading_cases import own_item

ROUTES = Routes("services")

#: What a service sends.
ANSWER_SCHEMA: Mapping[str, Any] = Record(
    case=ID,
    action={"type": "string", "maxLength": 32, "description": "One of the case's permitted actions."},
    reason=optional(
        {
            "description": "What the citizen reads: a text, or one for each language.",
            "anyOf": [
                {"type": "string", "maxLength": 1000},
                {"type": "object", "minProperties": 1, "additionalProperties": {"type": "string", "maxLength": 1000}},
            ],
        }
    ),
    details=optional({"type": "object", "description": "What the action takes, such as an answer's text."}),
)

ANSWER = Form.from_schema(ANSWER_SCHEMA)

STEP_SCHEMA = Record(case=ID, state=TEXT, version={"type": "integer"})


class SignatureRefused(Problem, status=401, code="signature-refused", says=say):
    """The call is not signed as this service's calls are."""


class Replayed(Conflict, code="replayed", says=say):
    """An answer of this webhook-id was taken already; a new answer needs an id of its own."""


@ROUTES.post(
    "/v1/services/{code}/answers",
    Audience.ANYONE,
    {
        200: Answer("The case after the step.", STEP_SCHEMA),
        401: Answer("The signature is missing or wrong, or its time is."),
        403: Answer("The service's client was revoked, or may no longer answer."),
        502: Answer("The service failed when it was asked for claims; nothing was changed."),
        504: Answer("The service took too long when it was asked; nothing was changed."),
    },
    path_schemas={"code": SLUG},
    raw_body={"application/json": ANSWER_SCHEMA},
)
async def answer_as_service(call: Call) -> web.StreamResponse:
    """Take a step with a case, signed by Standard Webhooks with the service's secret.

    It is verified, held against what may be, and taken, all or nothing.
    """
    raw = await read_body(call.request, call.platform.settings.body_limit)
    service, webhook_id = await _verified(call, raw)
    body = parse_body(raw, call.request)
    ANSWER.check(body, call.language, at=call.platform.city_time())
    client = Principal(subject=f"client:{service.client}", name=service.code)
    # Enough to see the department's cases; what may be done with one comes from its own steps.
    case = await find_case(body["case"], Actor(replace(client, roles=(Role("reviewer", service.department),))))
    steps = steps_of(call.platform, own_item(call, service, case))
    actor = Actor(replace(client, roles=tuple(Role(step.role, service.department) for step in steps)))
    taken = TakenAnswer(service_id=service.id, webhook_id=webhook_id, taken_at=call.now)
    try:
        reason = reason_of(body.get("reason"))
    except WrongAnswer as error:
        raise InvalidFields([FieldProblem("/reason", say("{error}.", error=error), "invalid")]) from None
    after = await move_case(
        call.platform,
        case.id,
        body["action"],
        actor,
        reason=reason,
        details=body.get("details"),
        language=call.language,
        receipt=lambda _: [taken],
    )
    return reply(call, {"case": str(after.id), "state": after.state, "version": after.version})


async def _verified(call: Call, raw: bytes) -> tuple[RemoteService, str]:
    """The service that signed the call, and the call's id. Raises SignatureRefused, Replayed and Conflict."""
    service = await RemoteService.get_or_none(code=call.path["code"])
    services = call.platform[SERVICES]
    try:
        if service is None or service.state == "new":
            raise NotSigned("wrong-signature", "There is no running service of that code.")
        good = good_secrets(services.secrets(service), call.now)
        webhook_id = verified(good, call.request.headers, raw, call.now.timestamp())
    except NotSigned as refused:
        raise SignatureRefused(str(refused), reason=refused.code) from None
    if not may_act(service):
        told = say("The service is {state}; the department's staff go on with its cases.", state=service.state)
        raise Conflict(told, state=service.state)
    await _client_may(call, service)
    if await TakenAnswer.filter(service_id=service.id, webhook_id=webhook_id).exists():
        raise Replayed
    return service, webhook_id


async def _client_may(call: Call, service: RemoteService) -> None:
    """Raises Forbidden where the operator has revoked the client, or has taken the scope from it."""
    for _, clients in call.platform.registry.offered(CLIENTS):
        client = await clients.find(call.platform, service.client)
        if client is None or not client.may(SCOPE, service.department):
            raise Forbidden(
                say(
                    "The service's client was revoked, or may no longer have {scope}:{department}.",
                    scope=SCOPE,
                    department=service.department,
                )
            )
