"""Where Chinese maps show a place is where two libraries that aren't ours do, there and back, and nowhere else."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest

from banshi.testing import Door
from lines.geometry import geometry_of, metres, positions
from tests.road.city import listed, open_city, published
from wire.places import to_gcj02, to_wgs84

geocoordinates = pytest.importorskip("geocoordinates_ffi", reason="geocoordinates-rs is not installed")

#: What prcoords-typed 2.1.0, which needs Python 3.14, adds to latitude and longitude, in millionths of a degree.
PRCOORDS = Path(__file__).parent / "gcj02.txt"


def in_china() -> Iterator[tuple[tuple[float, float], tuple[float, float]]]:
    """The places of the file, in its order, each with where geocoordinates-rs shifts it: latitude and longitude.

    It knows China's outline, and leaves alone what is outside.
    """
    drawn = random.Random(44)
    while True:
        latitude, longitude = round(drawn.uniform(18.2, 53.5), 6), round(drawn.uniform(73.7, 135.0), 6)
        there = geocoordinates.wgs84_to_gcj02(geocoordinates.Wgs84(lat=latitude, lon=longitude))
        if (there.lat, there.lon) != (latitude, longitude):
            yield (latitude, longitude), (there.lat, there.lon)


def apart(one: tuple[float, float], other: tuple[float, float]) -> float:
    """Metres between two places near each other."""
    a, b = metres([complex(one[1], one[0]), complex(other[1], other[0])], one[0])
    return abs(a - b)


def test_ten_thousand_places_are_within_a_metre_of_two_other_libraries_both_ways() -> None:
    lines = PRCOORDS.read_text(encoding="utf-8").splitlines()
    assert len(lines) == 10_000
    for line, (place, there) in zip(lines, in_china(), strict=False):
        shifted = (place[0] + int(line.split()[0]) / 1e6, place[1] + int(line.split()[1]) / 1e6)
        for theirs in (shifted, there):
            assert apart(to_gcj02(*place), theirs) < 1
            assert apart(to_wgs84(*theirs), place) < 1
        back = geocoordinates.gcj02_to_wgs84_refined(geocoordinates.Gcj02(lat=place[0], lon=place[1]))
        assert apart(to_wgs84(*place), (back.lat, back.lon)) < 1


@pytest.mark.parametrize("place", [(48.858, 2.294), (-33.857, 151.215), (40.689, -74.044), (0.0, 104.0), (31.0, 139.7)])
def test_places_elsewhere_are_left_alone(place: tuple[float, float]) -> None:
    assert to_gcj02(*place) == to_wgs84(*place) == place


@pytest.fixture
async def city(tmp_path: Path) -> AsyncIterator[Door]:
    async with open_city(tmp_path) as door:
        yield door


async def test_a_map_gets_both_places_and_the_standard_one_stays(city: Door) -> None:
    await published(city)
    await published(city, road="示例路", geometry={"type": "Point", "coordinates": [104.7, 31.4]})
    await published(city, road="县道", geometry=None)
    plain, shifted = await listed(city), await listed(city, "gcj02=true")
    assert [{**one, "gcj02": None} for one in shifted] == [{**one, "gcj02": None} for one in plain]
    for one in shifted[:2]:
        there = [to_gcj02(place.imag, place.real) for place in positions(one["geometry"])]
        assert one["gcj02"] == geometry_of(one["geometry"]["type"], [complex(lon, lat) for lat, lon in there])
    assert "gcj02" not in shifted[2]
    assert (await listed(city, "box=104.69,31.39,104.71,31.41"))[0]["properties"]["road"] == "示例路"


async def test_a_detour_has_its_place_in_both_too_also_where_the_event_has_none(city: Door) -> None:
    way: dict[str, Any] = {"type": "LineString", "coordinates": [[104.73, 31.46], [104.75, 31.47]]}
    record = await published(city, geometry=None, detour_line=way)
    there = [to_gcj02(lat, lon) for lon, lat in way["coordinates"]]
    shifted = geometry_of("LineString", [complex(lon, lat) for lat, lon in there])
    (one,) = await listed(city, "gcj02=true")
    assert one == (await city.anyone.get(f"/v1/road/events/{record['id']}?gcj02=true")).ok()
    assert (one["gcj02_detour_line"], one["properties"]["detour_line"]) == (shifted, way)
    assert "gcj02" not in one
    assert await listed(city) == [record["event"]]
