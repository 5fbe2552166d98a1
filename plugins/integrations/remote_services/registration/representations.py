"""Services as the API shows them."""

from __future__ import annotations

from typing import Any

from banshi import Platform
from banshi.sdk.documents import ID, LINKS, MAYBE_MOMENT, TEXT, Record, array, optional

from ..models import RemoteService, ServiceVersion
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


def service_document(
    platform: Platform, service: RemoteService, by: By, version: ServiceVersion | None = None
) -> dict[str, Any]:
    """A service, with one of its versions where that is given."""
    document = SERVICE_SCHEMA.of(
        platform,
        service,
        client={"id": service.client, "name": service.client_name},
        permitted_actions=permitted(service, by, version),
        links={"self": f"/v1/services/{service.code}"},
    )
    if version is not None:
        document["version"] = VERSION_SCHEMA.of(platform, version)
        if by == "staff":
            document["links"] = {"self": f"/v1/service-approvals/{version.id}"}
    return document
