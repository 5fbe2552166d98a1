"""Points and lines on a map: in a box, beside a way, and where one crosses itself.

A position is a complex number: longitude and latitude in degrees (WGS 84), or metres. Along one way a degree is so many
metres everywhere: at 30 km that is wrong by a few metres in a thousand, and no database needs to know of places.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from math import ceil, cos, floor, radians
from typing import Any

#: West, south, east, north.
Box = tuple[float, float, float, float]
Part = tuple[complex, complex]

#: Metres of a degree of latitude: the mean of the ellipsoid's.
DEGREE_M = 111_195.0
#: Degrees of a cell of the grid by which events are found, some two kilometres; decimals that are kept, a decimetre.
CELL, DECIMALS = 0.02, 6
#: Degrees that a line may go in all, some 500 km: of each part of it, somebody looks through the grid.
MAX_DEGREES = 5.0


def positions(geometry: Mapping[str, Any] | None) -> list[complex]:
    """Those of a point or a line of GeoJSON, in their order."""
    if geometry is None:
        return []
    found = geometry["coordinates"]
    return [complex(*one) for one in ([found] if geometry["type"] == "Point" else found)]


def geometry_of(sort: str, line: Iterable[complex]) -> dict[str, Any]:
    """Positions as GeoJSON, with the decimals that are kept; those that fall together are one."""
    found = [[round(one.real, DECIMALS), round(one.imag, DECIMALS)] for one in line]
    kept = [one for one, before in zip(found, [None, *found], strict=False) if one != before]
    return {"type": sort, "coordinates": kept[0] if sort == "Point" else kept}


def moved(geometry: Mapping[str, Any], to: Callable[[float, float], tuple[float, float]]) -> dict[str, Any]:
    """The same with each place where `to` puts it, of latitude and longitude."""
    there = (complex(*reversed(to(one.imag, one.real))) for one in positions(geometry))
    return geometry_of(geometry["type"], there)


def around(line: Iterable[complex], most: float) -> dict[str, Any]:
    """A polygon of GeoJSON with all that is no farther than so many metres from a line or a point, and what lies
    between its ends: the hull of a square around each position."""
    y = most / DEGREE_M
    wide = ((one, y / cos(radians(one.imag))) for one in line)
    corners = {one + complex(east, north) for one, x in wide for east in (-x, x) for north in (-y, y)}
    found, ring = sorted(corners, key=lambda one: (one.real, one.imag)), list[complex]()
    for way in (found, found[::-1]):
        half: list[complex] = []
        for one in way:
            while len(half) > 1 and _side(half[-2], half[-1], one) <= 0:
                half.pop()
            half.append(one)
        ring += half[:-1]
    return {"type": "Polygon", "coordinates": [geometry_of("LineString", [*ring, ring[0]])["coordinates"]]}


def length_of(line: Sequence[complex]) -> float:
    """Degrees that a line goes from point to point: one that goes to and fro is long in a small box."""
    return sum(abs(b - a) for a, b in pairwise(line))


def parts(line: Sequence[complex], longest: float = CELL) -> Iterator[Part]:
    """The parts of a line, none longer than that to any side; a point is one part."""
    for a, b in zip(line, line[1:] or line, strict=False):
        way = b - a
        many = max(1, ceil(max(abs(way.real), abs(way.imag)) / longest))
        yield from ((a + way * n / many, a + way * (n + 1) / many) for n in range(many))


def box_of(line: Iterable[complex], x: float = 0.0, y: float = 0.0) -> Box:
    """The box around positions, wider by so much on each side."""
    lons, lats = zip(*((one.real, one.imag) for one in line), strict=True)
    return min(lons) - x, min(lats) - y, max(lons) + x, max(lats) + y


def cells(box: Box) -> tuple[range, range]:
    """The columns and the rows of the grid that a box touches."""
    west, south, east, north = (floor(one / CELL) for one in box)
    return range(west, east + 1), range(south, north + 1)


def overlap(one: Box, other: Box) -> bool:
    """Whether two boxes have anything in common."""
    return one[0] <= other[2] and other[0] <= one[2] and one[1] <= other[3] and other[1] <= one[3]


def in_box(line: Sequence[complex], box: Box) -> bool:
    """Whether a line or a point is anywhere in a box: what only touches its edge is."""
    west, south, east, north = box
    corners = [complex(x, y) for x in (west, east) for y in (south, north)]
    for a, b in zip(line, line[1:] or line, strict=False):
        sides = [_side(a, b, one) for one in corners]
        if overlap(box_of((a, b)), box) and min(sides) <= 0 <= max(sides):
            return True
    return False


def _side(a: complex, b: complex, c: complex) -> float:
    """On which side of the way from a to b a position is: 0 for on it."""
    return ((b - a).conjugate() * (c - a)).imag


def meet(one: Part, other: Part) -> bool:
    """Whether two parts whose boxes overlap have a position in common."""
    sides = _side(*one, other[0]) * _side(*one, other[1]), _side(*other, one[0]) * _side(*other, one[1])
    return max(sides) <= 0


def metres(line: Sequence[complex], latitude: float) -> list[complex]:
    """The positions in metres on a plane that is right around a latitude."""
    east = DEGREE_M * cos(radians(latitude))
    return [complex(one.real * east, one.imag * DEGREE_M) for one in line]


def is_near(one: Sequence[complex], other: Part, most: float) -> bool:
    """Whether a line or a point is no farther than so many metres from a part, all in metres."""
    for way in zip(one, one[1:] or one, strict=False):
        if min(_to(way[0], other), _to(way[1], other)) <= most or any(_to(end, way) <= most for end in other):
            return True
        if overlap(box_of(way), box_of(other)) and meet(way, other):
            return True
    return False


def _to(place: complex, part: Part) -> float:
    a, way = part[0], part[1] - part[0]
    length = abs(way) ** 2
    along = ((place - a) * way.conjugate()).real / length if length else 0.0
    return abs(place - a - way * min(1.0, max(0.0, along)))


def self_crossing(line: Sequence[complex]) -> int:
    """Behind which point a line meets an earlier part, or goes straight back; 0 for nowhere. A ring may close."""
    ways = [*pairwise(line)]
    boxes = [box_of(way) for way in ways]
    for place, (a, b) in enumerate(ways):
        first = 1 if place == len(ways) - 1 and b == line[0] else 0
        if any(overlap(boxes[n], boxes[place]) and meet(ways[n], (a, b)) for n in range(first, place - 1)):
            return place + 1
        if place:
            before = a - line[place - 1]
            turn = before.conjugate() * (b - a)
            if turn.imag == 0 and turn.real < 0:
                return place + 1
    return 0
