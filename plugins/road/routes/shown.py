"""Events as documents: a Feature for everybody, and a record for staff around it."""

from __future__ import annotations

from typing import Any

from banshi import Link, Platform
from banshi.sdk.documents import ID, MAYBE_MOMENT, MOMENT, TEXT, Record, array, optional
from road.board import feature_of
from road.tables.models import RoadChange, RoadEvent
from road.vocabulary import COLUMNS, DEFAULTS, MEMBERS

GEOJSON = "application/geo+json"

VERSION = {"type": "integer", "minimum": 1}
FEATURE = Record(
    type={"const": "Feature"},
    id=ID,
    geometry={**MEMBERS["geometry"], "description": "WGS 84; null where the road's name is all that is known."},
    properties=Record(
        **{name: MEMBERS[name] for name in ("kind", "road", "division")},
        version=VERSION,
        is_stale={"type": "boolean", "description": "Nobody has said for long that it is still so."},
        starts_at={**MOMENT, "description": "It may be to come."},
        ends_at={**MAYBE_MOMENT, "description": "Null where nobody knows."},
        checked_at={**MOMENT, "description": "When somebody last said that it is so."},
        updated_at=MOMENT,
        **{
            name: one if name in DEFAULTS or name == "text" else optional(one)
            for name, one in MEMBERS.items()
            if name not in (*COLUMNS, "report")
        },
    ),
    gcj02=optional({**MEMBERS["geometry"], "description": "Where a Chinese map has it, if that was asked for."}),
)
COLLECTION = Record(
    type={"const": "FeatureCollection"},
    features=array(FEATURE),
    next=optional({**ID, "description": "There are more: ask again with `after`."}),
    license=optional({**TEXT, "description": "The licence's address."}),
)
STEP = Record(version=VERSION, what=TEXT, by=TEXT, at=MOMENT)
RECORD = Record(
    id=ID,
    version=VERSION,
    state={"type": "string", "enum": ["in-force", "ended"]},
    author=TEXT,
    asked_at={**MAYBE_MOMENT, "description": "Since when it is asked whether it is still so."},
    event=FEATURE,
    steps=optional(array(STEP, description="Who did what; of a single record.")),
)


def record(platform: Platform, row: RoadEvent, **more: Any) -> dict[str, Any]:
    """What staff see of an event."""
    return {**RECORD.of(platform, row, event=feature_of(platform, row)), **more}


def step_of(platform: Platform, row: RoadChange) -> dict[str, Any]:
    return STEP.of(platform, row)


def leads(place: str) -> list[Link]:
    """Where a record leads that stands there in an answer."""
    own, version = {"id": f"{place}/id"}, {"version": f"{place}/version"}
    return [Link("show_road_record", own), Link("change_road_event", own, version)]
