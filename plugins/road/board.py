"""The events that are not over as this process knows them: found by place in memory, each ready as GeoJSON.

A city has some hundreds, and ten thousand are some megabytes. Whoever asks first after a change reads what is new.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from math import inf
from typing import Any
from uuid import UUID

import orjson

from banshi import Key, Platform
from lines import Box, Grid, geometry_of, positions
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
    line: Sequence[complex]
    #: A Feature of GeoJSON, and that with its place in GCJ-02, once somebody has asked for it.
    plain: bytes
    _gcj02: bytes = b""

    def feature(self, *, gcj02: bool) -> bytes:
        if not gcj02 or not self.line:
            return self.plain
        if not self._gcj02:
            shifted = (complex(*to_gcj02(one.imag, one.real)) for one in self.line)
            line = [complex(one.imag, one.real) for one in shifted]
            there = orjson.dumps(geometry_of(self.event.geometry["type"], line))
            self._gcj02 = b'%b,"gcj02":%b}' % (self.plain[:-1], there)
        return self._gcj02

    def is_over(self, now: datetime) -> bool:
        return self.event.ends_at is not None and self.event.ends_at <= now


def feature_of(platform: Platform, event: RoadEvent) -> dict[str, Any]:
    """An event as a Feature of GeoJSON (RFC 7946)."""
    told = {name: getattr(event, name) for name in ("kind", "road", "division", "version", "is_stale")}
    moments = ("starts_at", "ends_at", "checked_at", "updated_at")
    told |= {name: platform.moment(getattr(event, name)) for name in moments} | event.details
    return {"type": "Feature", "id": str(event.id), "geometry": event.geometry, "properties": told}


@dataclass(slots=True)
class Board:
    """All events that are not over, by id and by where they are."""

    platform: Platform
    shown: dict[UUID, Shown] = field(default_factory=dict)
    _grid: Grid[UUID] = field(default_factory=Grid)
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
        self.shown.pop(row.id, None)
        line = positions(row.geometry) if row.state == "in-force" else []
        self._grid.put(row.id, line)
        if row.state == "in-force":
            self.shown[row.id] = Shown(row, str(row.id), line, orjson.dumps(feature_of(self.platform, row)))

    def in_box(self, box: Box) -> list[Shown]:
        """Those whose place is in the box, or touches it."""
        return [self.shown[one] for one in self._grid.in_box(box)]

    def along(self, line: Sequence[complex], width: float) -> list[Shown]:
        """Those that are no more than so many metres beside a line."""
        return [self.shown[one] for one in self._grid.along(line, width)]


BOARD: Key[Board] = Key("roads' board")
