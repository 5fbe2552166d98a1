"""Events as documents, and what routes are asked by: `documents.json` beside `event.json`."""

from __future__ import annotations

from typing import Any

from banshi import Answer, Link, Parameter, Platform
from banshi.sdk.documents import ID, MAYBE_TEXT, TEXT, Record, array, optional
from road.board import feature_of
from road.tables.models import RoadEvent
from road.vocabulary import COLUMNS, DEFAULTS, DOCUMENTS, MEMBERS

GEOJSON = "application/geo+json"
PARAMETERS = {name: Parameter(name, **one) for name, one in DOCUMENTS["parameters"].items()}

_SAID = {name: one for name, one in MEMBERS.items() if name not in COLUMNS}
_ALWAYS = {name: MEMBERS[name] for name in ("kind", "road", "division")} | DOCUMENTS["feature"]
#: Of GeoJSON: its geometry is in WGS 84, and null where the road's name is all that is known.
FEATURE = Record(
    type={"const": "Feature"},
    id=ID,
    geometry=MEMBERS["geometry"],
    properties=Record(**_ALWAYS, **{n: one if n in {*DEFAULTS, "text"} else optional(one) for n, one in _SAID.items()}),
    gcj02=optional(MEMBERS["geometry"]),
    gcj02_detour_line=optional(MEMBERS["detour_line"]),
)
COLLECTION = Record(
    type={"const": "FeatureCollection"}, features=array(FEATURE), next=optional(ID), license=optional(TEXT)
)
STEP = Record(**DOCUMENTS["step"])
RECORD = Record(**DOCUMENTS["record"], event=FEATURE, steps=optional(array(STEP)))


def record(platform: Platform, row: RoadEvent, **more: Any) -> dict[str, Any]:
    """What staff see of an event."""
    return {**RECORD.of(platform, row, event=feature_of(platform, row)), **more}


def leads(place: str) -> list[Link]:
    """Where a record leads that stands there in an answer."""
    own, version = {"id": f"{place}/id"}, {"version": f"{place}/version"}
    return [Link("show_road_record", own), Link("change_road_event", own, version)]


PAGE = Record(items=array(RECORD), next=MAYBE_TEXT, reports=TEXT)
RECORDS = Answer("A page, where to go on, and where the reports wait.", PAGE, links=leads("$response.body#/items/0"))
