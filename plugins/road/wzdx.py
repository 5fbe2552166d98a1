"""Works and detours as a feed of Work Zone Data Exchange 4.2 (usdot-jpo-ode/wzdx), whose words ours mostly are."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from banshi import Call, text_in
from road.board import Board, Shown
from road.settings import SETTINGS, item_of
from road.vocabulary import DOCUMENTS

#: The one licence that such a feed can name (`FeedInfo.license`).
CC0 = "https://creativecommons.org/publicdomain/zero/1.0/"
#: What limits a vehicle, as it is called there, and its unit.
LIMITS: Mapping[str, tuple[str, str]] = DOCUMENTS["limits"]


def feed_of(call: Call, board: Board) -> dict[str, Any]:
    """The feed of what is not over and whose place is known. Others' events aren't in this standard."""
    item = item_of(call.platform)
    source = item.department if item else "-"
    publisher = text_in(call.platform.registry.departments[source].title, call.language) if item else "-"
    shown = [one for one in board.shown.values() if one.line and not one.is_over(call.now)]
    info: dict[str, Any] = {"publisher": publisher, "version": "4.2", "update_date": _utc(call.now)}
    info["data_sources"] = [{"data_source_id": source, "organization_name": publisher}]
    info |= {"license": CC0} if call.platform[SETTINGS].licence == CC0 else {}
    found = [feature for one in sorted(shown, key=lambda one: one.key) for feature in _features(call, one, source)]
    return {"feed_info": info, "type": "FeatureCollection", "features": found}


def _features(call: Call, one: Shown, source: str) -> Iterator[dict[str, Any]]:
    """Works as a work zone, and whichever event has a detour whose place is known as that."""
    event, said = one.event, one.event.details
    detour = f"{one.key}-detour"
    core = {"data_source_id": source, "direction": said["direction"], "road_names": [event.road]}
    core |= {"description": said.get("text_en", said["text"]) if call.language == "en" else said["text"]}
    core["update_date"] = _utc(event.updated_at)
    # Of an end that nobody knows, a feed has to say something: when it is looked at again.
    dates: dict[str, Any] = {"start_date": _utc(event.starts_at)}
    dates["end_date"] = _utc(event.ends_at or event.asks_at or call.now)
    dates["is_start_date_verified"] = event.starts_at <= call.now
    dates["is_end_date_verified"] = event.ends_at is not None and said["end_is"] == "known"
    if event.kind == "works":
        zone = dates | {"vehicle_impact": said["lanes"], "location_method": "unknown"}
        zone |= dict.fromkeys(("is_start_position_verified", "is_end_position_verified"), False)
        zone |= {"reduced_speed_limit_kph": said["speed_limit"]} if "speed_limit" in said else {}
        limits = [{"type": LIMITS[n][0], "value": said[n], "unit": LIMITS[n][1]} for n in LIMITS if n in said]
        zone["restrictions"] = limits + ([{"type": "no-trucks"}] if "trucks" in said.get("closed_for", ()) else [])
        related = {"related_road_events": [{"type": "related-detour", "id": detour}]} if "detour_line" in said else {}
        is_point, at = event.geometry["type"] == "Point", event.geometry["coordinates"]
        place = {"type": "MultiPoint", "coordinates": [at]} if is_point else event.geometry
        yield _feature(one.key, place, core | {"event_type": "work-zone"} | related, zone)
    if "detour_line" in said:
        own = core | {"event_type": "detour"}
        own |= {"description": said["detour"]} if "detour" in said else {}
        yield _feature(detour, said["detour_line"], own, dates)


def _feature(identity: str, place: Any, core: dict[str, Any], more: dict[str, Any]) -> dict[str, Any]:
    return {"id": identity, "type": "Feature", "geometry": place, "properties": {"core_details": core, **more}}


def _utc(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
