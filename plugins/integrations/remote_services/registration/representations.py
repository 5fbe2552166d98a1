"""Services as the API shows them."""

from __future__ import annotations

from typing import Any

from banshi import Platform
from banshi.sdk.documents import ID, LINKS, MAYBE_MOMENT, MOMENT, TEXT, Record, array, optional

from ..calls.line import AWAY, WRONG
from ..models import RemoteService, ServiceVersion
from .declaration import CALLS
from .lifecycle import By, permitted

VERSION_SCHEMA = Record(
    id=ID,
    number={"type": "integer"},
    state={"type": "string", "enum": ["registered", "waiting", "current", "superseded", "refused", "replaced"]},
    mode={"type": "string", "enum": ["test", "team", "live"], "description": "Whether it is for real."},
    endpoint=TEXT,
    calls=array(TEXT),
    items=array({"type": "object"}),
    registers=array({"type": "object"}),
    created_at=MAYBE_MOMENT,
    proven_at=MAYBE_MOMENT,
    decided_at=MAYBE_MOMENT,
)

SERVICE_SCHEMA = Record(
    code=TEXT,
    department=TEXT,
    client=Record(id=TEXT, name=TEXT),
    state={"type": "string", "enum": ["new", "running", "suspended", "retired"]},
    reason=TEXT,
    permitted_actions=array(TEXT),
    newest={"type": "integer"},
    current={"type": "integer"},
    version=optional(VERSION_SCHEMA),
    secret=optional({"type": "string", "description": "Shown once, where it was made."}),
    created_at=MAYBE_MOMENT,
    updated_at=MAYBE_MOMENT,
    links=LINKS,
)

FAILED_CALL = Record(
    at=MOMENT,
    call={"type": "string", "enum": [*CALLS, "query"]},
    item={**TEXT, "description": "Empty of a query, which asks a register."},
    version={"type": "integer", "description": "Of the service."},
    webhook_id={**TEXT, "description": "The header that the call had."},
    outcome={
        "type": "string",
        "enum": [AWAY, WRONG],
        "description": "away: it is asked again, as it said or after a while. wrong: mend it.",
    },
    status={"type": ["integer", "null"], "description": "HTTP status of the answer; null where there was none."},
    reason={**TEXT, "description": "What was wrong, in English."},
)


def service_document(
    platform: Platform, service: RemoteService, by: By, version: ServiceVersion | None = None
) -> dict[str, Any]:
    """A service, with one of its versions where that is given."""
    document = SERVICE_SCHEMA.of(
        platform,
        service,
        client={"id": service.client, "name": service.client_name},
        permitted_actions=permitted(service, by, version),
        links={"self": f"/v1/services/{service.code}", "calls": f"/v1/services/{service.code}/calls"},
    )
    if version is not None:
        document["version"] = VERSION_SCHEMA.of(platform, version)
        if by == "staff":
            document["links"] = {"self": f"/v1/service-approvals/{version.id}"}
    return document
