"""Polygons and circles, judged by GEOS through shapely."""

from __future__ import annotations

import math
import random
import time
from typing import Any

import pytest
import shapely
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from mobile_push.cap.geo.geometry import EARTH_KM, MAX_POINTS, Circle, Point, Polygon, distance_km
from tests.tries import tries

WITHIN = settings(max_examples=tries(60, 150))


def star(corners: int, lat: float = 30.0, lon: float = 120.0, size: float = 0.3) -> Polygon:
    """A wavy ring around a place."""
    points = []
    for step in range(corners):
        angle = 2 * math.pi * step / corners
        reach = size * (1 + 0.3 * math.sin(7 * angle))
        points.append((lat + reach * math.sin(angle), lon + reach * math.cos(angle)))
    return Polygon((*points, points[0]))


def geos(polygon: Polygon) -> Any:
    return shapely.Polygon([(lon, lat) for lat, lon in polygon.points])


SQUARE = Polygon(((0, 0), (0, 10), (10, 10), (10, 0), (0, 0)))

# A grid of whole numbers meets edges, corners and level lines all the time.
GRID = st.tuples(st.integers(0, 12), st.integers(0, 12)).map(lambda point: (float(point[0]), float(point[1])))


@st.composite
def rings(draw: st.DrawFn) -> Polygon:
    """A simple polygon with corners on the grid."""
    points = draw(st.lists(GRID, min_size=3, max_size=9, unique=True))
    lat, lon = (sum(values) / len(points) + 0.01 for values in zip(*points, strict=True))
    # Around their middle, so that few of them cross themselves.
    points.sort(key=lambda point: math.atan2(point[0] - lat, point[1] - lon))
    ring = Polygon((*points, points[0]))
    assume(geos(ring).is_valid)
    return ring


# -- a point in a polygon ------------------------------------------------------------------------------------------


@WITHIN
@given(rings(), GRID)
def test_a_polygon_covers_the_points_that_geos_says_it_covers(ring: Polygon, point: Point) -> None:
    assert ring.covers(*point) == geos(ring).covers(shapely.Point(point[1], point[0]))
    between = point[0] + 0.5, point[1] + 0.25
    assert ring.covers(*between) == geos(ring).covers(shapely.Point(between[1], between[0]))


@pytest.mark.parametrize("corners", [3, 8, 101, 5000])
def test_many_corners_change_nothing(corners: int) -> None:
    polygon, judge, chance = star(corners), geos(star(corners)), random.Random(7)
    shapely.prepare(judge)
    points = [(chance.uniform(29.5, 30.5), chance.uniform(119.5, 120.5)) for _ in range(5000)]
    inside = [polygon.covers(lat, lon) for lat, lon in points]
    assert inside == [bool(shapely.contains_xy(judge, lon, lat)) for lat, lon in points]
    assert 200 < sum(inside) < 4800


def test_edges_and_corners_belong_to_the_area() -> None:
    for point in [(0, 0), (10, 10), (0, 10), (10, 0), (0, 5), (10, 5), (5, 0), (5, 10), (5, 5)]:
        assert SQUARE.covers(*point), point
    for point in [(-1e-9, 5), (10 + 1e-9, 5), (5, -1e-9), (5, 10 + 1e-9), (11, 11), (5, math.nan), (math.inf, 5)]:
        assert not SQUARE.covers(*point), point


@pytest.mark.parametrize("far", [10.0, -10.0])
def test_a_lone_tip_belongs_to_the_area(far: float) -> None:
    """Two edges end there and none begins."""
    tip = Polygon(((0, 0), (far, 5), (0, 10), (0, 0)))
    turned = Polygon(tuple((lon, lat) for lat, lon in tip.points))
    assert tip.covers(far, 5)
    assert turned.covers(5, far)
    assert not tip.covers(far, 5.001)


def test_a_polygon_that_crosses_itself_follows_the_even_odd_rule() -> None:
    bow = Polygon(((0, 0), (10, 10), (0, 10), (10, 0), (0, 0)))
    assert bow.covers(3, 5) is False
    assert bow.covers(5, 9) is True


def test_a_million_points_are_no_matter_of_minutes() -> None:
    """2,000,000 a second were measured; a tenth of that passes here, beside other work."""
    polygon, chance = star(100), random.Random(1)
    points = [(chance.uniform(29.5, 30.5), chance.uniform(119.5, 120.5)) for _ in range(100_000)]
    began = time.process_time()
    assert any(polygon.covers(lat, lon) for lat, lon in points)
    for lat, lon in points:
        polygon.covers(lat, lon)
    assert time.process_time() - began < 1.0


def comb(*, turned: bool, lat: float = 0, lon: float = 0) -> Polygon:
    """As many teeth as a polygon may have, each over its whole height; turned, each over its whole width."""
    teeth = [(0.0 if step % 2 else 10.0, 0.001 * step) for step in range(MAX_POINTS - 2)]
    points = [(lat + a, lon + b) for a, b in [*teeth, (-1.0, 5.0), teeth[0]]]
    return Polygon(tuple((b, a) for a, b in points) if turned else tuple(points))


@pytest.mark.parametrize("turned", [True, False])
def test_hostile_polygons_of_the_largest_size_are_asked_in_bearable_time(turned: bool) -> None:
    one = comb(turned=turned)
    began = time.process_time()
    assert sum(one.covers(lat / 10, lon / 10) for lat in range(100) for lon in range(100)) > 100
    assert time.process_time() - began < 10
    stored = sum(len(band) for band in one._bands.edges)
    assert stored < 6 * MAX_POINTS, "a small document must not fill the memory"


def test_a_circle_covers_what_is_near_enough() -> None:
    hangzhou, shanghai = (30.2741, 120.1551), (31.2304, 121.4737)
    assert distance_km(hangzhou, shanghai) == pytest.approx(164, abs=2)
    assert Circle(hangzhou, 170).covers(*shanghai)
    assert not Circle(hangzhou, 160).covers(*shanghai)
    assert Circle(hangzhou, 0).covers(*hangzhou)
    assert Circle((0, 179.9), 50).covers(0, -179.9), "the 180th meridian is no wall for a circle"
    assert Circle((90, 0), 1).covers(90, 77)
    assert distance_km((0, 0), (0, 180)) == pytest.approx(math.pi * EARTH_KM)


# -- what is refused -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("points", "says"),
    [
        ((), "at least four"),
        (((0, 0), (0, 1), (0, 0)), "at least four"),
        (((0, 0), (0, 1), (1, 1), (1, 0)), "not closed"),
        (((0, 0), (0, 1), (0, 1), (0, 0)), "different points"),
        (((91, 0), (0, 1), (1, 1), (91, 0)), "latitude"),
        (((0, 181), (0, 1), (1, 1), (0, 181)), "longitude"),
        (((math.nan, 0), (0, 1), (1, 1), (math.nan, 0)), "no place on earth"),
        (((0, 179), (0, -179), (1, -179), (0, 179)), "two polygons"),
        (((0.0, 0.0), *((1.0, float(n % 90)) for n in range(MAX_POINTS)), (0.0, 0.0)), "simplify"),
    ],
)
def test_a_polygon_that_means_nothing_is_refused_with_advice(points: tuple[Point, ...], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        Polygon(points)


@pytest.mark.parametrize(("center", "radius"), [((91, 0), 1), ((0, 0), -1), ((0, 0), math.nan), ((0, 0), 30_000)])
def test_a_circle_that_means_nothing_is_refused(center: Point, radius: float) -> None:
    with pytest.raises(ValueError, match=r"latitude|radius"):
        Circle(center, radius)
