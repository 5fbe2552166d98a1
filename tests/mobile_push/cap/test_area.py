"""Whom an alert is for: points, shapes and divisions of its areas."""

from __future__ import annotations

from mobile_push.cap import GB_T_2260, Area, NamedValue
from mobile_push.cap.geo.geometry import Circle, Polygon

SQUARE = Polygon(((30, 120), (30, 121), (31, 121), (31, 120), (30, 120)))
LAKE = Area(description="西湖", polygons=(SQUARE,), circles=(Circle((35, 120), 10),))


def test_an_area_is_all_that_its_shapes_hold_together() -> None:
    assert LAKE.covers(30.5, 120.5)
    assert LAKE.covers(35.05, 120)
    assert not LAKE.covers(33, 120.5)
    assert not Area(description="somewhere").covers(30.5, 120.5)


def test_an_area_meets_what_one_of_its_shapes_meets() -> None:
    assert LAKE.intersects(Circle((29.95, 120.5), 10))
    assert LAKE.intersects(Polygon(((34, 119), (35, 120), (36, 119), (34, 119))))
    assert not LAKE.intersects(Circle((33, 120.5), 10))


def test_divisions_are_the_geocodes_of_that_name_however_it_is_spaced() -> None:
    area = Area(
        description="杭州市",
        geocodes=(
            NamedValue(name=GB_T_2260, value="330100"),
            NamedValue(name="gb/t2260", value="330200000000"),
            NamedValue(name="SAME", value="006113"),
        ),
    )
    assert area.divisions == ("330100", "330200000000")
