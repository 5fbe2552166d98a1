"""Services as the API shows them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from banshi.sdk.documents import array

from .lifecycle import permitted

if TYPE_CHECKING:
    from datetime import datetime, tzinfo

    from ..models import RemoteService, ServiceVersion
    from .lifecycle import By

_TIME = {"type": ["string", "null"], "format": "date-time"}
_TEXT = {"type": "string"}

VERSION_SCHEMA: Mapping[str, Any] = {
    "type": "object",
    "required": ["id", "number", "state", "mode", "endpoint", "calls", "items", "registers", "created_at", "proven_at"],
    "properties": {
        "id": {"type": "string", "format": "uuid"},
        "number": {"type": "integer"},
        "state": {
            "type": "string",
            "enum": ["registered", "waiting", "current", "superseded", "refused", "replaced"],
        },
        "mode": {"type": "string", "enum": ["test", "team", "live"], "description": "Whether it is for real."},
        "endpoint": _TEXT,
        "calls": array(_TEXT),
        "items": array({"type": "object"}),
        "registers": array({"type": "object"}),
        "created_at": _TIME,
        "proven_at": _TIME,
        "decided_at": _TIME,
    },
}

SERVICE_SCHEMA: Mapping[str, Any] = {
    "type": "object",
    "required": ["code", "department", "state", "reason", "permitted_actions", "newest", "current", "links"],
    "properties": {
        "code": _TEXT,
        "department": _TEXT,
        "client": {
            "type": "object",
            "required": ["id", "name"],
            "properties": {"id": _TEXT, "name": _TEXT},
        },
        "state": {"type": "string", "enum": ["new", "running", "suspended", "retired"]},
        "reason": _TEXT,
        "permitted_actions": array(_TEXT),
        "newest": {"type": "integer"},
        "current": {"type": "integer"},
        "version": VERSION_SCHEMA,
        "secret": {"type": "string", "description": "Shown once, where it was made."},
        "created_at": _TIME,
        "updated_at": _TIME,
        "links": {"type": "object", "additionalProperties": _TEXT},
    },
}


def service_document(
    service: RemoteService,
    zone: tzinfo,
    by: By,
    version: ServiceVersion | None = None,
    *,
    actions: tuple[str, ...] = (),
) -> dict[str, Any]:
    """A service, with one of its versions where that is given.

    Args:
        actions: What may be done with that version, beside what may be done with the service.
    """
    document: dict[str, Any] = {
        "code": service.code,
        "department": service.department,
        "client": {"id": service.client, "name": service.client_name},
        "state": service.state,
        "reason": service.reason,
        "permitted_actions": [*actions, *permitted(service, by)],
        "newest": service.newest,
        "current": service.current,
        "created_at": _moment(service.created_at, zone),
        "updated_at": _moment(service.updated_at, zone),
        "links": {"self": f"/v1/services/{service.code}"},
    }
    if version is not None:
        document["version"] = version_document(version, zone)
        if by == "staff":
            document["links"] = {"self": f"/v1/service-approvals/{version.id}"}
    return document


def version_document(version: ServiceVersion, zone: tzinfo) -> dict[str, Any]:
    return {
        "id": str(version.id),
        "number": version.number,
        "state": version.state,
        "mode": version.mode,
        "endpoint": version.endpoint,
        "calls": version.calls,
        "items": version.items,
        "registers": version.registers,
        "created_at": _moment(version.created_at, zone),
        "proven_at": _moment(version.proven_at, zone),
        "decided_at": _moment(version.decided_at, zone),
    }


def _moment(at: datetime | None, zone: tzinfo) -> str | None:
    return at.astimezone(zone).isoformat(timespec="seconds") if at else None
