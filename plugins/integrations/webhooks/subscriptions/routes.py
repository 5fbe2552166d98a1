"""The routes of webhooks."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Any

from banshi import Answer, Audience, Call, Form, Parameter, Route
from banshi.sdk.documents import ID
from banshi.sdk.http import PAGE_PARAMETERS

from ..events.matching import SCOPE
from . import forms, handlers, representations

if TYPE_CHECKING:
    from aiohttp import web

ONE = "/v1/webhooks/{id}"
PATH: Mapping[str, Any] = {"id": ID}

NOT_FOUND = Answer(description="Your client has no such webhook.")
CONFLICT = Answer(description="Its state does not allow it, or it has just changed.")
BUSY = Answer(description="Your client is having a receiver asked at this moment; see Retry-After.")


def _action(
    name: str,
    handler: Callable[[Call], Awaitable[web.StreamResponse]],
    summary: str,
    body: Form,
    answer: Answer,
    status: int = 200,
) -> Route:
    return Route(
        method="POST",
        path=f"{ONE}/actions/{name}",
        audience=Audience.INTEGRATOR,
        scope=SCOPE,
        handler=handler,
        operation=f"{name}_webhook",
        summary=summary,
        tag="webhooks",
        path_schemas=PATH,
        body=body,
        answers={status: answer, 404: NOT_FOUND, 409: CONFLICT, 429: BUSY},
    )


SHOWN = Answer(description="The webhook.", schema=representations.WEBHOOK)
UNKEPT = {"Cache-Control": "no-store"}
SECRET = Answer(description="The webhook, with its secret: shown this once.", schema=representations.WITH_SECRET)

ROUTES = (
    Route(
        method="POST",
        path="/v1/webhooks",
        audience=Audience.INTEGRATOR,
        scope=SCOPE,
        handler=handlers.create,
        operation="create_webhook",
        summary="Have events sent to a receiver of yours.",
        tag="webhooks",
        body=forms.NEW,
        creates=True,
        answers={
            201: Answer(
                description="It is there. While it is `unproven`, nothing is sent, and `reason` says why.",
                schema=representations.WITH_SECRET,
                headers={"Location": "The webhook."},
            ),
            409: Answer(description="Your client has as many webhooks as it may have."),
            429: BUSY,
        },
    ),
    Route(
        method="GET",
        path="/v1/webhooks",
        audience=Audience.INTEGRATOR,
        scope=SCOPE,
        handler=handlers.list_all,
        operation="list_webhooks",
        summary="List your client's webhooks.",
        tag="webhooks",
        answers={200: Answer(description="All of them.", schema=representations.WEBHOOKS)},
    ),
    Route(
        method="GET",
        path="/v1/event-types",
        audience=Audience.INTEGRATOR,
        scope=SCOPE,
        handler=handlers.list_types,
        operation="list_event_types",
        summary="List the types of events that there can be.",
        tag="webhooks",
        answers={200: Answer(description="All of them.", schema=representations.TYPES)},
    ),
    Route(
        method="GET",
        path=ONE,
        audience=Audience.INTEGRATOR,
        scope=SCOPE,
        handler=handlers.show,
        operation="show_webhook",
        summary="Show a webhook, with how its receiver does.",
        tag="webhooks",
        path_schemas=PATH,
        answers={200: SHOWN, 404: NOT_FOUND},
    ),
    Route(
        method="PATCH",
        path=ONE,
        audience=Audience.INTEGRATOR,
        scope=SCOPE,
        handler=handlers.change,
        operation="change_webhook",
        summary="Change what a webhook asks for.",
        tag="webhooks",
        path_schemas=PATH,
        body=forms.CHANGE,
        answers={200: SHOWN, 404: NOT_FOUND, 409: CONFLICT, 429: BUSY},
    ),
    Route(
        method="DELETE",
        path=ONE,
        audience=Audience.INTEGRATOR,
        scope=SCOPE,
        handler=handlers.delete,
        operation="delete_webhook",
        summary="Delete a webhook.",
        tag="webhooks",
        path_schemas=PATH,
        answers={204: Answer(description="Nothing more is sent."), 404: NOT_FOUND},
    ),
    _action("pause", handlers.pause, "Send nothing for a while.", forms.NOTHING, SHOWN),
    _action("resume", handlers.resume, "Ask the receiver again, and go on.", forms.NOTHING, SHOWN),
    _action("rotate", handlers.rotate, "Take another secret.", forms.ROTATE, SECRET),
    _action(
        "test",
        handlers.test,
        "Send a test event now.",
        forms.NOTHING,
        Answer(description="What came of it.", schema=representations.TESTED),
    ),
    _action(
        "replay",
        handlers.replay,
        "Send what happened in a span of time once more.",
        forms.REPLAY,
        Answer(description="It is being sent, behind what is new.", schema=representations.REPLAYED),
        202,
    ),
    Route(
        method="GET",
        path=f"{ONE}/deliveries",
        audience=Audience.INTEGRATOR,
        scope=SCOPE,
        handler=handlers.list_deliveries,
        operation="list_deliveries",
        summary="List what became of a webhook's events.",
        tag="webhooks",
        path_schemas=PATH,
        parameters=(
            Parameter(
                name="state", schema={"enum": list(representations.ENDS)}, description="Those that ended so, or wait."
            ),
            *PAGE_PARAMETERS,
        ),
        answers={
            200: Answer(description="One page, the newest first.", schema=representations.DELIVERIES),
            404: NOT_FOUND,
        },
    ),
)
