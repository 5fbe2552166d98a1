"""The routes of services: for integrators, for the department's staff, and for a service's own signed answers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from banshi import Answer, Audience, Parameter, Route
from banshi.sdk.documents import Record, optional
from banshi.sdk.http import PAGE_PARAMETERS, page_answer, ref

from .answers import answering, reading_cases
from .registration import approving, registering
from .registration.declaration import NEW_SERVICE, NEW_VERSION, SCOPE, SLUG
from .registration.representations import SERVICE_SCHEMA

UUID: Mapping[str, Any] = {"type": "string", "format": "uuid"}

JSON = "application/json"

#: What an action may have; `rotate` alone takes any.
ACTION = Record(
    secret=optional({"type": "string", "maxLength": 120, "description": "For `rotate`: one of your own making."}),
    overlap_days=optional(
        {
            "type": "integer",
            "minimum": 0,
            "maximum": registering.MAX_OVERLAP_DAYS,
            "description": "For `rotate`: days for which the secret before is still good.",
        }
    ),
).form()

DECISION = Record(
    reason=optional({"type": "string", "maxLength": 1000, "description": "The integrator reads it."})
).form()

SERVICE = Answer(description="The service, with its newest version.", schema=SERVICE_SCHEMA)

CLIENTS_ACTION = {"type": "string", "enum": ["prove", "rotate", "suspend", "resume", "retire"]}
STAFFS_ACTION = {"type": "string", "enum": ["approve", "refuse", "suspend", "resume", "retire"]}

STATE = Parameter(
    name="state",
    schema={"type": "string", "enum": ["waiting", "current", "superseded", "refused"], "default": "waiting"},
    description="Versions in this state.",
)


ROUTES = (
    Route(
        method="POST",
        path="/v1/services",
        audience=Audience.INTEGRATOR,
        scope=SCOPE,
        handler=registering.register,
        operation="register_service",
        summary="Register a service that offers items.",
        tag="services",
        body=NEW_SERVICE,
        answers={
            201: Answer(description="It is kept.", schema=SERVICE_SCHEMA, headers={"Location": "The service."}),
            409: Answer(description="Its code or an item's is taken, or the client has too many."),
        },
    ),
    Route(
        method="GET",
        path="/v1/services",
        audience=Audience.INTEGRATOR,
        scope=SCOPE,
        handler=registering.list_services,
        operation="list_services",
        summary="List the client's services.",
        tag="services",
        parameters=PAGE_PARAMETERS,
        answers={200: page_answer(SERVICE_SCHEMA)},
    ),
    Route(
        method="GET",
        path="/v1/services/{code}",
        audience=Audience.INTEGRATOR,
        scope=SCOPE,
        handler=registering.show_service,
        operation="show_service",
        summary="Show a service of the client's.",
        tag="services",
        path_schemas={"code": SLUG},
        answers={200: SERVICE},
    ),
    Route(
        method="PUT",
        path="/v1/services/{code}",
        audience=Audience.INTEGRATOR,
        scope=SCOPE,
        handler=registering.give_version,
        operation="give_service_version",
        summary="Register a new version; the one that runs goes on until this one is approved.",
        tag="services",
        path_schemas={"code": SLUG},
        body=NEW_VERSION,
        answers={200: SERVICE, 409: Answer(description="The service is retired, or an item's code is taken.")},
    ),
    Route(
        method="POST",
        path="/v1/services/{code}/actions/{action}",
        audience=Audience.INTEGRATOR,
        scope=SCOPE,
        handler=registering.act,
        operation="act_on_service",
        summary="Prove a service's endpoint, change its secret, suspend, resume or retire it.",
        tag="services",
        path_schemas={"code": SLUG, "action": CLIENTS_ACTION},
        body=ACTION,
        answers={200: SERVICE},
    ),
    Route(
        method="GET",
        path="/v1/services/{code}/cases/{id}",
        audience=Audience.INTEGRATOR,
        scope=SCOPE,
        handler=reading_cases.read_case,
        operation="show_service_case",
        summary="Show a case of one of the service's items.",
        tag="services",
        path_schemas={"code": SLUG, "id": UUID},
        answers={200: Answer(description="The case, as staff see it.", schema=ref("Case"))},
    ),
    Route(
        method="GET",
        path="/v1/services/{code}/cases/{id}/files/{file}",
        audience=Audience.INTEGRATOR,
        scope=SCOPE,
        handler=reading_cases.read_file,
        operation="read_service_file",
        summary="Read a file of a case of the service's.",
        tag="services",
        path_schemas={"code": SLUG, "id": UUID, "file": UUID},
        answers={200: Answer(description="The file's bytes.", media_type="*/*")},
    ),
    Route(
        method="POST",
        path="/v1/services/{code}/answers",
        audience=Audience.ANYONE,
        handler=answering.take_answer,
        operation="answer_as_service",
        summary="Take a step with a case, signed by Standard Webhooks with the service's secret.",
        tag="services",
        path_schemas={"code": SLUG},
        raw_body={JSON: answering.ANSWER_SCHEMA},
        answers={
            200: Answer(description="The case after the step.", schema=answering.STEP_SCHEMA),
            401: Answer(description="The signature is missing or wrong, or its time is."),
            502: Answer(description="The service failed when it was asked for claims; nothing was changed."),
            504: Answer(description="The service took too long when it was asked; nothing was changed."),
        },
    ),
    Route(
        method="GET",
        path="/v1/service-approvals",
        audience=Audience.STAFF,
        handler=approving.list_approvals,
        operation="list_service_approvals",
        summary="List services that wait for the department's approval.",
        tag="staff",
        parameters=(STATE, *PAGE_PARAMETERS),
        answers={200: page_answer(SERVICE_SCHEMA)},
    ),
    Route(
        method="GET",
        path="/v1/service-approvals/{id}",
        audience=Audience.STAFF,
        handler=approving.show_approval,
        operation="show_service_approval",
        summary="Show what a service would offer.",
        tag="staff",
        path_schemas={"id": UUID},
        answers={200: Answer(description="The service with that version.", schema=SERVICE_SCHEMA)},
    ),
    Route(
        method="POST",
        path="/v1/service-approvals/{id}/actions/{action}",
        audience=Audience.STAFF,
        handler=approving.decide,
        operation="decide_on_service",
        summary="Approve or refuse a version of a service; suspend, resume or retire the service.",
        tag="staff",
        path_schemas={"id": UUID, "action": STAFFS_ACTION},
        body=DECISION,
        answers={200: Answer(description="The service with that version.", schema=SERVICE_SCHEMA)},
    ),
)
