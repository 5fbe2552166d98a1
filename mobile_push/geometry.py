"""Where things are: polygons and circles in WGS 84 degrees, and whether they cover a point or meet each other.

Latitude comes before longitude, as in CAP. An edge is straight in degrees, which is what maps draw; inside is the
even-odd rule, and the edge itself counts as inside, because a phone on the line must hear of the danger.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

#: (latitude, longitude)
Point = tuple[float, float]
#: (latitude, longitude) of the lower end, then of the upper.
Edge = tuple[float, float, float, float]

#: Mean radius of the earth (IUGG) in kilometres.
EARTH_KM = 6371.0088
#: Kilometres of one degree of latitude on that sphere.
DEGREE_KM = math.pi * EARTH_KM / 180
#: Points of one polygon; more say nothing that a phone could act on.
MOST_POINTS = 10_000


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
        if len(self.points) > MOST_POINTS:
            raise ValueError(f"a polygon of {len(self.points)} points; simplify it to {MOST_POINTS} at most")
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
    def _bands(self) -> tuple[float, tuple[tuple[Edge, ...], ...]]:
        """Bands a degree of latitude, and the edges that touch each band from south to north.

        A point, or an edge of another polygon, is held against the edges of its own bands alone.
        """
        south, _, north, _ = self.box
        bands = max(1, min(len(self.points), 4096))
        scale = bands / (north - south) if north > south else 0.0
        if not math.isfinite(scale):
            scale = 0.0
        edges: list[list[Edge]] = [[] for _ in range(bands)]
        for a, b in self.edges():
            low, high = (a, b) if a[0] <= b[0] else (b, a)
            first, last = (min(bands - 1, int((lat - south) * scale)) for lat in (low[0], high[0]))
            for band in range(first, last + 1):
                edges[band].append((*low, *high))
        return scale, tuple(tuple(band) for band in edges)

    def covers(self, lat: float, lon: float) -> bool:
        """Whether a point is inside or on the edge."""
        south, west, north, east = self.box
        if not (south <= lat <= north and west <= lon <= east):
            return False
        scale, bands = self._bands
        inside = False
        for lat1, lon1, lat2, lon2 in bands[min(len(bands) - 1, int((lat - south) * scale))]:
            if lat1 <= lat < lat2:
                side = (lon2 - lon1) * (lat - lat1) - (lon - lon1) * (lat2 - lat1)
                if side > 0:
                    inside = not inside
                elif side == 0:
                    return True
            elif lat1 == lat == lat2 and (lon1 <= lon <= lon2 or lon2 <= lon <= lon1):
                return True
        # The upper end of an edge belongs to none of the half-open spans above.
        return inside or (lat, lon) in self._vertices

    def _near(self, south: float, north: float) -> Iterator[Edge]:
        scale, bands = self._bands
        first, last = (max(0, min(len(bands) - 1, int((lat - self.box[0]) * scale))) for lat in (south, north))
        for band in bands[first : last + 1]:
            yield from band


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


def intersects(a: Shape, b: Shape) -> bool:
    """Whether two shapes have a point in common; touching is enough.

    A circle and a polygon are compared on a flat map around the circle's centre: right to a percent or so for circles
    of a city's or a province's size.
    """
    match a, b:
        case Polygon(), Polygon():
            return _polygons_meet(a, b)
        case Circle(), Circle():
            return distance_km(a.center, b.center) <= a.radius_km + b.radius_km
        case Circle(), Polygon():
            return _circle_meets(a, b)
        case Polygon(), Circle():
            return _circle_meets(b, a)
    raise TypeError(f"{type(a).__name__} and {type(b).__name__} are no shapes")


def _polygons_meet(a: Polygon, b: Polygon) -> bool:
    south, west, north, east = (
        max(a.box[0], b.box[0]),
        max(a.box[1], b.box[1]),
        min(a.box[2], b.box[2]),
        min(a.box[3], b.box[3]),
    )
    if south > north or west > east:
        return False
    # One may lie within the other without their edges meeting; then any of its points will do.
    if a.covers(*b.points[0]) or b.covers(*a.points[0]):
        return True
    fewer, more = (a, b) if len(a.points) <= len(b.points) else (b, a)
    for p, q in fewer.edges():
        low, high = min(p[0], q[0]), max(p[0], q[0])
        if low <= north and high >= south and any(_cross(p, q, edge) for edge in more._near(low, high)):
            return True
    return False


def _side(a: Point, b: Point, c: Point) -> float:
    """Positive when c is on the one side of the line from a to b, negative on the other, 0 on it."""
    return (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])


def _cross(p: Point, q: Point, edge: Edge) -> bool:
    """Whether two edges have a point in common."""
    r, s = edge[:2], edge[2:]
    if any(max(p[i], q[i]) < min(r[i], s[i]) or max(r[i], s[i]) < min(p[i], q[i]) for i in (0, 1)):
        return False
    d1, d2, d3, d4 = _side(r, s, p), _side(r, s, q), _side(p, q, r), _side(p, q, s)
    return (d1 <= 0 <= d2 or d2 <= 0 <= d1) and (d3 <= 0 <= d4 or d4 <= 0 <= d3)


def _circle_meets(circle: Circle, polygon: Polygon) -> bool:
    lat, lon = circle.center
    if polygon.covers(lat, lon):
        return True
    narrowing = math.cos(math.radians(lat))

    def flat(point: Point) -> Point:
        # The shorter way around, so that a circle at 179° E sees a polygon at 179° W.
        east = (point[1] - lon + 180) % 360 - 180
        return (point[0] - lat) * DEGREE_KM, east * DEGREE_KM * narrowing

    return any(circle.covers(*a) or _distance_to(flat(a), flat(b)) <= circle.radius_km for a, b in polygon.edges())


def _distance_to(a: Point, b: Point) -> float:
    """From the origin to the segment between two points."""
    north, east = b[0] - a[0], b[1] - a[1]
    length = north * north + east * east
    along = 0.0 if length == 0 else max(0.0, min(1.0, -(a[0] * north + a[1] * east) / length))
    return math.hypot(a[0] + along * north, a[1] + along * east)
