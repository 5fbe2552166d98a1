"""Whom an alert is for: points, shapes and divisions of its areas."""

from __future__ import annotations

from mobile_push.cap.geo.geometry import Circle, Polygon
from mobile_push.cap.values import Area, NamedValue

SQUARE = Polygon(((30, 120), (30, 121), (31, 121), (31, 120), (30, 120)))
LAKE = Area(description="西湖", polygons=(SQUARE,), circles=(Circle((35, 120), 10),))


def test_an_area_is_all_that_its_shapes_hold_together() -> None:
    assert LAKE.shapes == (SQUARE, Circle((35, 120), 10))
    assert Area(description="somewhere").shapes == ()


def test_divisions_are_the_geocodes_of_that_name_however_it_is_spaced() -> None:
    area = Area(
        description="杭州市",
        geocodes=(
            NamedValue(name="GB/T 2260", value="330100"),
            NamedValue(name="gb/t2260", value="330200000000"),
            NamedValue(name="SAME", value="006113"),
        ),
    )
    assert area.divisions == ("330100", "330200000000")
