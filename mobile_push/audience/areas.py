"""Where a phone is at home: an administrative division, a position, or both, as the app says."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from banshi import FieldProblem, InvalidFields
from banshi.sdk.documents import MAYBE_TEXT, Record, optional
from mobile_push.cap.geo.divisions import check_division
from mobile_push.sentences import say
from mobile_push.tables.models import Device

#: Decimals of a degree that are kept: about a hundred metres, which tells the street that floods but not the door.
#: What was never stored can't be asked for, or stolen.
DECIMALS = 3

DIVISION: dict[str, Any] = {
    "type": "string",
    "pattern": "^(1[1-9]|[2-9][0-9])[0-9]{4}([0-9]{3}){0,2}$",
    "description": "GB/T 2260: 6 digits; 9 with the street or town, 12 with the community or village.",
    "x-pattern-hint": say(
        "Send the code of an administrative division: 6 digits, 9 with the street, or 12 with the community."
    ),
}

LOCATION: dict[str, Any] = {
    **Record(
        latitude={"type": "number", "minimum": -90, "maximum": 90},
        longitude={"type": "number", "minimum": -180, "maximum": 180},
    ),
    "description": f"WGS 84, in degrees (not GCJ-02). {DECIMALS} decimals are kept, about a hundred metres.",
}

UNKNOWN = say("There is no such administrative division; give its code of 6, 9 or 12 digits.")

#: What an app sends.
AREA: dict[str, Any] = {
    **Record(division=optional(DIVISION), location=optional(LOCATION)),
    "type": ["object", "null"],
    "description": "Where notices and alerts for an area reach this phone. null forgets it.",
    "minProperties": 1,
}

#: What it is shown.
SHOWN: dict[str, Any] = {
    **Record(division=MAYBE_TEXT, location={**LOCATION, "type": ["object", "null"]}),
    "type": ["object", "null"],
}


def columns(area: Mapping[str, Any] | None) -> dict[str, Any]:
    """What the device's row keeps of an area; it takes the place of all that was there. Raises InvalidFields."""
    area = area or {}
    if "division" in area:
        try:
            check_division(area["division"])
        except ValueError:
            raise InvalidFields([FieldProblem("/area/division", UNKNOWN, "unknown")]) from None
    location = area.get("location") or {}
    return {
        "division": area.get("division", ""),
        "latitude": _rounded(location.get("latitude")),
        "longitude": _rounded(location.get("longitude")),
    }


def document(device: Device) -> dict[str, Any] | None:
    """A device's area as its owner sees it."""
    location = None
    if device.latitude is not None and device.longitude is not None:
        location = {"latitude": device.latitude, "longitude": device.longitude}
    if location is None and not device.division:
        return None
    return {"division": device.division or None, "location": location}


def _rounded(degrees: float | None) -> float | None:
    # Plus zero: no app reads -0.0 as a place.
    return None if degrees is None else round(float(degrees), DECIMALS) + 0.0
