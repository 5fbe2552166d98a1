"""Where things are: polygons and circles in WGS 84 degrees, and whether they cover a point.

Latitude comes before longitude, as in CAP. An edge is straight in degrees, which is what maps draw; inside is the
even-odd rule, and the edge itself counts as inside, because a phone on the line must hear of the danger.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

#: (latitude, longitude)
Point = tuple[float, float]
#: One end, then the other.
Edge = tuple[float, float, float, float]

#: Mean radius of the earth (IUGG) in kilometres.
EARTH_KM = 6371.0088
#: Kilometres of one degree of latitude on that sphere.
DEGREE_KM = math.pi * EARTH_KM / 180
#: Points of one polygon; more say nothing that a phone could act on.
MAX_POINTS = 10_000


def _checked(point: Point) -> Point:
    lat, lon = point
    if not (-90 <= lat <= 90 and -180 <= lon <= 180):
        raise ValueError(
            f"{lat},{lon} is no place on earth: latitude (-90 to 90) comes first, then longitude (-180 to 180)"
        )
    return point


@dataclass(frozen=True)
class Polygon:
    """A closed line around an area, without holes.

    Raises:
        ValueError: the points are no closed line of at least four, or cross the 180th meridian.
    """

    #: (latitude, longitude) in degrees; the last is the first again.
    points: tuple[Point, ...]

    def __post_init__(self) -> None:
        if len(self.points) < 4:
            raise ValueError(f"a polygon of {len(self.points)} points; give at least four, the last being the first")
        if len(self.points) > MAX_POINTS:
            raise ValueError(f"a polygon of {len(self.points)} points; simplify it to {MAX_POINTS} at most")
        for point in self.points:
            _checked(point)
        if self.points[0] != self.points[-1]:
            raise ValueError("the polygon is not closed; repeat its first point as the last")
        if len(set(self.points)) < 3:
            raise ValueError("the polygon has fewer than three different points, so there is nothing inside it")
        if any(abs(a[1] - b[1]) > 180 for a, b in self.edges()):
            raise ValueError("the polygon crosses the 180th meridian; cut it there into two polygons")

    def edges(self) -> Iterator[tuple[Point, Point]]:
        return zip(self.points, self.points[1:], strict=False)

    @cached_property
    def box(self) -> tuple[float, float, float, float]:
        """South, west, north, east."""
        lats, lons = [lat for lat, _ in self.points], [lon for _, lon in self.points]
        return min(lats), min(lons), max(lats), max(lons)

    @cached_property
    def _vertices(self) -> frozenset[Point]:
        return frozenset(self.points)

    @cached_property
    def _bands(self) -> _Bands:
        return _Bands.of(self)

    def covers(self, lat: float, lon: float) -> bool:
        """Whether a point is inside or on the edge."""
        south, west, north, east = self.box
        if not (south <= lat <= north and west <= lon <= east):
            return False
        bands = self._bands
        along, across = (lon, lat) if bands.turned else (lat, lon)
        inside = False
        for along1, across1, along2, across2 in bands.at(along):
            if along1 <= along < along2:
                side = (across2 - across1) * (along - along1) - (across - across1) * (along2 - along1)
                if side > 0:
                    inside = not inside
                elif side == 0:
                    return True
            elif along1 == along == along2 and (across1 <= across <= across2 or across2 <= across <= across1):
                return True
        # The far end of an edge belongs to none of the half-open spans above.
        return inside or (lat, lon) in self._vertices


class _Bands(NamedTuple):
    """A polygon's edges, sorted into bands from south to north, or from west to east where that parts them better.

    A point is held against the edges of its own band alone.
    """

    #: Whether the bands go from west to east, and edges begin with their longitude.
    turned: bool
    start: float
    #: Bands a degree.
    scale: float
    edges: tuple[tuple[Edge, ...], ...]

    @classmethod
    def of(cls, polygon: Polygon) -> _Bands:
        south, west, north, east = polygon.box
        edges = [(*a, *b) for a, b in polygon.edges()]
        # How often the line goes over the whole height or width: so many edges are in a band at least.
        over_height = sum(abs(edge[2] - edge[0]) for edge in edges) / ((north - south) or 1)
        over_width = sum(abs(edge[3] - edge[1]) for edge in edges) / ((east - west) or 1)
        turned = over_width < over_height
        if turned:
            edges = [(lon1, lat1, lon2, lat2) for lat1, lon1, lat2, lon2 in edges]
        start, end, over = (west, east, over_width) if turned else (south, north, over_height)
        # A comb's teeth are in every band; fewer bands keep what is stored near four times the edges.
        count = max(1, min(len(edges), int(4 * len(edges) / max(over, 1))))
        scale = count / (end - start) if end > start else 0.0
        if not math.isfinite(scale):
            scale = 0.0
        bands: list[list[Edge]] = [[] for _ in range(count)]
        for a1, b1, a2, b2 in edges:
            edge = (a1, b1, a2, b2) if a1 <= a2 else (a2, b2, a1, b1)
            for band in range(_band(edge[0], start, scale, count), _band(edge[2], start, scale, count) + 1):
                bands[band].append(edge)
        return cls(turned, start, scale, tuple(tuple(band) for band in bands))

    def at(self, along: float) -> tuple[Edge, ...]:
        return self.edges[_band(along, self.start, self.scale, len(self.edges))]


def _band(along: float, start: float, scale: float, count: int) -> int:
    return max(0, min(count - 1, int((along - start) * scale)))


@dataclass(frozen=True)
class Circle:
    """Everything within so many kilometres of a point, along great circles."""

    #: (latitude, longitude) in degrees.
    center: Point
    #: Kilometres; 0 is the point alone.
    radius_km: float

    def __post_init__(self) -> None:
        _checked(self.center)
        if not 0 <= self.radius_km <= math.pi * EARTH_KM:
            raise ValueError(f"a circle with a radius of {self.radius_km} km; give 0 to 20015 km")

    @property
    def box(self) -> tuple[float, float, float, float]:
        """South, west, north, east of a box around it, the whole parallel where a pole or the meridian is near."""
        lat, lon = self.center
        high = self.radius_km / DEGREE_KM
        south, north = max(-90.0, lat - high), min(90.0, lat + high)
        widest = math.cos(math.radians(max(abs(south), abs(north))))
        wide = 360.0 if widest < 1e-6 else high / widest
        if lon - wide < -180 or lon + wide > 180:
            return south, -180.0, north, 180.0
        return south, lon - wide, north, lon + wide

    def covers(self, lat: float, lon: float) -> bool:
        """Whether a point is inside or on the edge."""
        if abs(lat - self.center[0]) * DEGREE_KM > self.radius_km + 1e-9:
            return False
        return distance_km(self.center, (lat, lon)) <= self.radius_km


Shape = Polygon | Circle


def distance_km(a: Point, b: Point) -> float:
    """The great-circle distance between two points (haversine), in kilometres."""
    lat1, lat2 = math.radians(a[0]), math.radians(b[0])
    half_lat, half_lon = math.sin((lat2 - lat1) / 2), math.sin(math.radians(b[1] - a[1]) / 2)
    return 2 * EARTH_KM * math.asin(min(1.0, math.sqrt(half_lat**2 + math.cos(lat1) * math.cos(lat2) * half_lon**2)))
