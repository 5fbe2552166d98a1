"""The events that are not over as this process knows them: found by place in memory, each ready as GeoJSON.

A city has some hundreds, and ten thousand are some megabytes. Whoever asks first after a change reads what is new.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson

from banshi import Key, Platform
from banshi.sdk.database import KeptRows
from lines.geometry import moved, positions
from lines.grid import Grid
from road.tables.models import RoadChange, RoadEvent
from wire.places import to_gcj02


@dataclass(slots=True)
class Shown:
    """One event, ready to be given away."""

    event: RoadEvent
    #: Its id, by which lists are in order.
    key: str
    #: A Feature of GeoJSON, and that with its places in GCJ-02, once somebody has asked for it.
    plain: bytes
    _gcj02: bytes = b""

    def feature(self, *, gcj02: bool) -> bytes:
        if not gcj02:
            return self.plain
        if not self._gcj02:
            places = {"gcj02": self.event.geometry, "gcj02_detour_line": self.event.details.get("detour_line")}
            there = {name: moved(one, to_gcj02) for name, one in places.items() if one}
            self._gcj02 = self.plain[:-1] + b"," + orjson.dumps(there)[1:] if there else self.plain
        return self._gcj02

    def is_over(self, now: datetime) -> bool:
        return self.event.ends_at is not None and self.event.ends_at <= now


def feature_of(platform: Platform, event: RoadEvent, **more: datetime | None) -> dict[str, Any]:
    """An event as a Feature of GeoJSON (RFC 7946), with further moments."""
    told = {name: getattr(event, name) for name in ("kind", "road", "division", "version", "is_stale")}
    moments = {name: getattr(event, name) for name in ("starts_at", "ends_at", "checked_at", "updated_at")} | more
    told |= {name: platform.moment(at) for name, at in moments.items()} | event.details
    return {"type": "Feature", "id": str(event.id), "geometry": event.geometry, "properties": told}


class Board(KeptRows[RoadEvent]):
    """All events that are not over, by id and by where they are."""

    changes, model, at_first = RoadChange, RoadEvent, {"state": "in-force"}

    def __init__(self, platform: Platform) -> None:
        super().__init__(platform)
        self.shown, self.places = dict[UUID, Shown](), Grid[UUID]()

    def put(self, row: RoadEvent) -> None:
        self.shown.pop(row.id, None)
        line = positions(row.geometry) if row.state == "in-force" else []
        self.places.put(row.id, line)
        if row.state == "in-force":
            self.shown[row.id] = Shown(row, str(row.id), orjson.dumps(feature_of(self.platform, row)))


BOARD: Key[Board] = Key("roads' board")
