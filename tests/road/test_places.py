"""What is found in a box and along a way is what shapely finds, which isn't ours; and Chinese maps show it right."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import LineString, MultiPoint, Point
from shapely.geometry.base import BaseGeometry

from lines import geometry as places
from lines.grid import Grid
from tests.tries import tries

#: On a grid without rounding, so that lines touch, overlap and go through each other's ends as roads do.
_STEPS = st.integers(0, 40).map(lambda n: n / 64)
POSITIONS = st.builds(lambda x, y: complex(104 + x, 31 + y), _STEPS, _STEPS)
LINES = st.lists(POSITIONS, min_size=1, max_size=6, unique=True)


def shape(line: Sequence[complex]) -> BaseGeometry:
    points = [(one.real, one.imag) for one in line]
    return LineString(points) if len(points) > 1 else Point(points[0])


def grid_of(lines: Sequence[Sequence[complex]]) -> Grid[int]:
    """A grid with these lines, each by its number; each was elsewhere before."""
    grid = Grid[int]()
    for number, line in enumerate(lines):
        grid.put(number, [one + 1 for one in line])
        grid.put(number, line)
    return grid


@given(st.lists(LINES, min_size=1, max_size=8), POSITIONS, POSITIONS)
def test_a_box_has_what_lies_in_it_or_touches_it(lines: list[list[complex]], a: complex, b: complex) -> None:
    asked = places.box_of([a, b])
    found = {*grid_of(lines).in_box(asked)}
    # A box without an area is a line or a point; as a polygon it would be none.
    area = MultiPoint([(one.real, one.imag) for one in (a, b)]).envelope
    assert found == {n for n, line in enumerate(lines) if shape(line).intersects(area)}


@given(st.lists(LINES, min_size=1, max_size=8), LINES, st.integers(1, 5_000))
def test_a_way_has_what_is_no_farther_beside_it_than_is_asked(
    lines: list[list[complex]], way: list[complex], width: int
) -> None:
    found = {*grid_of(lines).along(way, width)}
    _, south, _, north = places.box_of(way)
    metres = [shape(places.metres(line, (south + north) / 2)) for line in [way, *lines]]
    apart = [metres[0].distance(one) for one in metres[1:]]
    assert found >= {n for n, far in enumerate(apart) if far < width - 1e-3}
    assert found <= {n for n, far in enumerate(apart) if far < width + 1e-3}


@given(st.lists(POSITIONS, min_size=2, max_size=12))
@settings(max_examples=tries(80, 200))
def test_a_line_is_refused_where_it_is_not_simple(line: list[complex]) -> None:
    kept = places.positions(places.geometry_of("LineString", line))
    if len(kept) > 1:
        assert bool(places.self_crossing(kept)) == (not shape(kept).is_simple)
