"""What goes in and comes out, for the API's description: the standard's field names, held to what is sent here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .arguments import CONTACT, LONGEST

TEXT: dict[str, Any] = {"type": "string"}
MAYBE: dict[str, Any] = {"type": ["string", "null"]}
DEGREES: dict[str, Any] = {"type": ["number", "null"]}
MOMENT: dict[str, Any] = {"type": "string", "format": "date-time"}
MAYBE_MOMENT: dict[str, Any] = {"type": ["string", "null"], "format": "date-time"}
STATUS: dict[str, Any] = {"enum": ["open", "closed"]}


def record(members: Mapping[str, Any], optional: tuple[str, ...] = ()) -> dict[str, Any]:
    required = [name for name in members if name not in optional]
    return {"type": "object", "required": required, "additionalProperties": False, "properties": dict(members)}


def listed(members: Mapping[str, Any], optional: tuple[str, ...] = ()) -> dict[str, Any]:
    return {"type": "array", "items": record(members, optional)}


ERRORS = listed({"code": {"type": "integer"}, "description": TEXT})

DISCOVERY = record(
    {
        "changeset": TEXT,
        "contact": TEXT,
        "key_service": TEXT,
        "endpoints": listed(
            {
                "specification": TEXT,
                "url": TEXT,
                "changeset": TEXT,
                "type": {"enum": ["production", "test"]},
                "formats": {"type": "array", "items": TEXT},
            }
        ),
    }
)
SERVICES = listed(
    {
        "service_code": TEXT,
        "service_name": TEXT,
        "description": TEXT,
        "metadata": {"type": "boolean"},
        "type": {"const": "realtime"},
        "keywords": TEXT,
        "group": TEXT,
    }
)
DATATYPES = ["string", "number", "datetime", "text", "singlevaluelist", "multivaluelist"]
DEFINITION = record(
    {
        "service_code": TEXT,
        "attributes": listed(
            {
                "variable": {"type": "boolean"},
                "code": TEXT,
                "datatype": {"enum": DATATYPES},
                "required": {"type": "boolean"},
                "datatype_description": MAYBE,
                "order": {"type": "integer"},
                "description": TEXT,
                "values": listed({"key": TEXT, "name": TEXT}),
            },
            optional=("values",),
        ),
    }
)
RECEIPTS = listed({"service_request_id": TEXT, "service_notice": MAYBE, "account_id": MAYBE})
TOKENS = listed({"service_request_id": TEXT, "token": TEXT})
REQUESTS = listed(
    {
        "service_request_id": TEXT,
        "status": STATUS,
        "status_notes": MAYBE,
        "service_name": TEXT,
        "service_code": TEXT,
        "description": MAYBE,
        "agency_responsible": MAYBE,
        "service_notice": MAYBE,
        "requested_datetime": MOMENT,
        "updated_datetime": MOMENT,
        "expected_datetime": MAYBE_MOMENT,
        "address": MAYBE,
        "address_id": MAYBE,
        "zipcode": MAYBE,
        "lat": DEGREES,
        "long": DEGREES,
        "media_url": MAYBE,
    }
)
UPDATES = listed(
    {
        "update_id": {"type": "string", "format": "uuid"},
        "service_request_id": TEXT,
        "status": STATUS,
        "updated_datetime": MOMENT,
        "description": MAYBE,
        "media_url": MAYBE,
    }
)

#: `attribute[code]` goes beside these. Whatever the standard doesn't have is left out.
REQUEST_FORM: dict[str, Any] = {
    "type": "object",
    "required": ["api_key", "service_code"],
    "properties": {
        "api_key": TEXT,
        "jurisdiction_id": TEXT,
        "service_code": TEXT,
        "lat": {"type": "number", "minimum": -90, "maximum": 90},
        "long": {"type": "number", "minimum": -180, "maximum": 180},
        **{name: {"type": "string", "maxLength": most} for name, most in {**LONGEST, **CONTACT}.items()},
    },
}
