"""The events that are not over as this process knows them: found by place in memory, each ready as GeoJSON.

A city has some hundreds, and ten thousand are some megabytes. Whoever asks first after a change reads what is new.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from math import inf
from typing import Any
from uuid import UUID

import orjson

from banshi import Key, Platform
from lines import Grid, geometry_of, positions
from road.tables.models import RoadChange, RoadEvent
from wire.places import to_gcj02

#: Seconds until it is looked for changes that nobody told of; for which another machine's clock may be behind.
LOOK_S, LATE = 2.0, timedelta(seconds=10)
#: Rows that are read at once: in between, others have their turn.
ROWS = 500


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
            there = {name: _shifted(one) for name, one in places.items() if one}
            self._gcj02 = self.plain[:-1] + b"," + orjson.dumps(there)[1:] if there else self.plain
        return self._gcj02

    def is_over(self, now: datetime) -> bool:
        return self.event.ends_at is not None and self.event.ends_at <= now


def _shifted(geometry: Any) -> dict[str, Any]:
    """A geometry as a Chinese map has it."""
    line = [to_gcj02(one.imag, one.real) for one in positions(geometry)]
    return geometry_of(geometry["type"], [complex(east, north) for north, east in line])


def feature_of(platform: Platform, event: RoadEvent, **more: datetime | None) -> dict[str, Any]:
    """An event as a Feature of GeoJSON (RFC 7946), with further moments."""
    told = {name: getattr(event, name) for name in ("kind", "road", "division", "version", "is_stale")}
    moments = {name: getattr(event, name) for name in ("starts_at", "ends_at", "checked_at", "updated_at")} | more
    told |= {name: platform.moment(at) for name, at in moments.items()} | event.details
    return {"type": "Feature", "id": str(event.id), "geometry": event.geometry, "properties": told}


@dataclass(slots=True)
class Board:
    """All events that are not over, by id and by their place."""

    platform: Platform
    shown: dict[UUID, Shown] = field(default_factory=dict)
    places: Grid[UUID] = field(default_factory=Grid)
    _wake: asyncio.Event = field(default_factory=asyncio.Event)
    _turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    _read_at: float = -inf
    #: What was changed before is known.
    _since: datetime | None = None

    def __post_init__(self) -> None:
        self.platform.store.on_rows(RoadChange, self._wake.set)

    async def fresh(self) -> Board:
        """Itself: whatever this process has written is known, and what others wrote a moment ago."""
        clock = asyncio.get_running_loop().time
        async with self._turn:
            if self._wake.is_set() or clock() - self._read_at > LOOK_S:
                self._wake.clear()
                await self._read()
                self._read_at = clock()
        return self

    async def _read(self) -> None:
        now, known = self.platform.now(), self.shown
        changed = RoadEvent.filter(**({"updated_at__gt": self._since} if self._since else {"state": "in-force"}))
        seen: Any = await changed.values_list("id", "version")
        new = [one for one, version in seen if one not in known or known[one].event.version != version]
        for begin in range(0, len(new), ROWS):
            for row in await RoadEvent.filter(id__in=new[begin : begin + ROWS]):
                self._put(row)
        self._since = now - LATE

    def _put(self, row: RoadEvent) -> None:
        if row.state == "in-force":
            self.shown[row.id] = Shown(row, str(row.id), orjson.dumps(feature_of(self.platform, row)))
            self.places.put(row.id, positions(row.geometry))
        else:
            self.shown.pop(row.id, None)
            self.places.drop(row.id)


BOARD: Key[Board] = Key("roads' board")
