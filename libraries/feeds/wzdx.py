"""Works and detours as a feed of Work Zone Data Exchange 4.2 (usdot-jpo-ode/wzdx)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

#: The one licence that such a feed can name (`FeedInfo.license`).
CC0 = "https://creativecommons.org/publicdomain/zero/1.0/"
#: What limits a vehicle: as it is called there, and its unit.
LIMITS = {
    "max_height": ("reduced-height", "centimeters"), "max_width": ("reduced-width", "centimeters"),
    "max_weight": ("gross-weight-limit", "kilograms"),
}  # fmt: skip
#: For whom a road is closed, where there is a word for that.
CLOSED_FOR = {"trucks": "no-trucks"}


def work_zones(
    events: Iterable[Mapping[str, Any]], source: str, publisher: str, at: datetime, language: str, licence: str
) -> dict[str, Any]:
    """The feed of events, each a Feature of GeoJSON: its works and its detour, where the place of those is known.

    `properties.asks_at` is when one whose end isn't known is looked at again.
    """
    info: dict[str, Any] = {"publisher": publisher, "version": "4.2", "update_date": utc(at)}
    info["data_sources"] = [{"data_source_id": source, "organization_name": publisher}]
    info |= {"license": CC0} if licence == CC0 else {}
    found = [feature for one in events for feature in _features(one, source, at, language)]
    return {"feed_info": info, "type": "FeatureCollection", "features": found}


def _features(event: Mapping[str, Any], source: str, now: datetime, language: str) -> Iterator[dict[str, Any]]:
    """Works as a work zone, and whichever event has a detour whose place is known as that."""
    said, key, end = event["properties"], event["id"], "_en" if language == "en" else ""
    detour = f"{key}-detour"
    core = {"data_source_id": source, "direction": said["direction"], "road_names": [said["road"]]}
    core |= {"description": said.get(f"text{end}", said["text"]), "update_date": utc(said["updated_at"])}
    # Of an end that nobody knows, a feed has to say something: when it is looked at again.
    dates: dict[str, Any] = {"start_date": utc(said["starts_at"])}
    dates["end_date"] = utc(said["ends_at"] or said.get("asks_at") or now)
    dates["is_start_date_verified"] = datetime.fromisoformat(said["starts_at"]) <= now
    dates["is_end_date_verified"] = said["ends_at"] is not None and said["end_is"] == "known"
    place = event["geometry"]
    if said["kind"] == "works" and place:
        zone = dates | {"vehicle_impact": said["lanes"], "location_method": "unknown"}
        zone |= dict.fromkeys(("is_start_position_verified", "is_end_position_verified"), False)
        zone |= {"reduced_speed_limit_kph": said["speed_limit"]} if "speed_limit" in said else {}
        limits = [
            {"type": sort, "value": said[name], "unit": unit} for name, (sort, unit) in LIMITS.items() if name in said
        ]
        closed = [{"type": CLOSED_FOR[one]} for one in said.get("closed_for", ()) if one in CLOSED_FOR]
        zone["restrictions"] = limits + closed
        related = {"related_road_events": [{"type": "related-detour", "id": detour}]} if "detour_line" in said else {}
        if place["type"] == "Point":
            place = {"type": "MultiPoint", "coordinates": [place["coordinates"]]}
        yield _feature(key, place, core | {"event_type": "work-zone"} | related, zone)
    if "detour_line" in said:
        own = core | {"event_type": "detour"}
        own |= {"description": said.get(f"detour{end}", said["detour"])} if "detour" in said else {}
        own |= {"related_road_events": [{"type": "related-work-zone", "id": key}]} if said["kind"] == "works" else {}
        yield _feature(detour, said["detour_line"], own, dates)


def _feature(identity: str, place: Any, core: dict[str, Any], more: dict[str, Any]) -> dict[str, Any]:
    return {"id": identity, "type": "Feature", "geometry": place, "properties": {"core_details": core, **more}}


def utc(at: datetime | str) -> str:
    """A moment as the standard writes it."""
    moment = datetime.fromisoformat(at) if isinstance(at, str) else at
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
