"""What goes in and comes out, for the API's description: the standard's field names, held to what is sent here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from banshi.sdk.documents import MAYBE_MOMENT, MAYBE_TEXT, MOMENT, TEXT, Record, array, optional

from .arguments import CONTACT, MAX_LENGTHS

DEGREES: dict[str, Any] = {"type": ["number", "null"]}
STATUS: dict[str, Any] = {"enum": ["open", "closed"]}


def listed(**members: Mapping[str, Any]) -> dict[str, Any]:
    """A list of such objects: what the standard answers with."""
    return array(Record(**members))


ERRORS = listed(code={"type": "integer"}, description=TEXT)

DISCOVERY = Record(
    changeset=TEXT,
    contact=TEXT,
    key_service=TEXT,
    endpoints=listed(
        specification=TEXT, url=TEXT, changeset=TEXT, type={"enum": ["production", "test"]}, formats=array(TEXT)
    ),
)
SERVICES = listed(
    service_code=TEXT,
    service_name=TEXT,
    description=TEXT,
    metadata={"type": "boolean"},
    type={"const": "realtime"},
    keywords=TEXT,
    group=TEXT,
)
DATATYPES = ["string", "number", "datetime", "text", "singlevaluelist", "multivaluelist"]
DEFINITION = Record(
    service_code=TEXT,
    attributes=listed(
        variable={"type": "boolean"},
        code=TEXT,
        datatype={"enum": DATATYPES},
        required={"type": "boolean"},
        datatype_description=MAYBE_TEXT,
        order={"type": "integer"},
        description=TEXT,
        values=optional(listed(key=TEXT, name=TEXT)),
    ),
)
RECEIPTS = listed(service_request_id=TEXT, service_notice=MAYBE_TEXT, account_id=MAYBE_TEXT)
TOKENS = listed(service_request_id=TEXT, token=TEXT)
REQUESTS = listed(
    service_request_id=TEXT,
    status=STATUS,
    status_notes=MAYBE_TEXT,
    service_name=TEXT,
    service_code=TEXT,
    description=MAYBE_TEXT,
    agency_responsible=MAYBE_TEXT,
    service_notice=MAYBE_TEXT,
    requested_datetime=MOMENT,
    updated_datetime=MOMENT,
    expected_datetime=MAYBE_MOMENT,
    address=MAYBE_TEXT,
    address_id=MAYBE_TEXT,
    zipcode=MAYBE_TEXT,
    lat=DEGREES,
    long=DEGREES,
    media_url=MAYBE_TEXT,
)
UPDATES = listed(
    update_id={"type": "string", "format": "uuid"},
    service_request_id=TEXT,
    status=STATUS,
    updated_datetime=MOMENT,
    description=MAYBE_TEXT,
    media_url=MAYBE_TEXT,
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
        **{name: {"type": "string", "maxLength": most} for name, most in {**MAX_LENGTHS, **CONTACT}.items()},
    },
}
