"""Polygons and circles as CAP and GeoJSON write them: CAP puts latitude first, GeoJSON longitude."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mobile_push.cap.geo.geometry import MAX_POINTS, Circle, Point, Polygon
from mobile_push.cap.kinds import Kind, closed, digits_of, number_of

_POSITION: Mapping[str, Any] = {
    "type": "array",
    "minItems": 2,
    "maxItems": 3,
    "items": {"type": "number"},
    "description": "Longitude, then latitude (RFC 7946); a height is left out.",
}


def _point(text: str) -> Point:
    lat, comma, lon = text.partition(",")
    if not comma:
        raise ValueError(f"{text[:40]!r} is no point; write latitude,longitude without a space, such as 30.25,120.15")
    return number_of(lat), number_of(lon)


def _pair(point: Point) -> str:
    return f"{digits_of(point[0])},{digits_of(point[1])}"


def point_of(position: Any) -> Point:
    """(latitude, longitude) of a GeoJSON position. Raises ValueError."""
    if not isinstance(position, list | tuple) or len(position) not in (2, 3):
        raise ValueError("a position is [longitude, latitude]")
    for number in position:
        if isinstance(number, bool) or not isinstance(number, int | float):
            raise ValueError(f"{number!r} in a position is no number; write [longitude, latitude]")
    lon, lat = float(position[0]), float(position[1])
    if not (-180 <= lon <= 180 and -90 <= lat <= 90):
        raise ValueError(f"[{lon}, {lat}] is no place on earth; GeoJSON writes longitude first, then latitude")
    return lat, lon


def _polygon_of(rings: Any) -> Polygon:
    if not isinstance(rings, list | tuple) or not rings or not isinstance(rings[0], list | tuple):
        raise ValueError("coordinates are rings of positions, as GeoJSON (RFC 7946) has them")
    if len(rings) > 1:
        raise ValueError("the polygon has a hole, which CAP can't say; cut it into polygons that leave the hole out")
    if len(rings[0]) > MAX_POINTS:
        raise ValueError(f"a polygon of {len(rings[0])} points; simplify it to {MAX_POINTS} at most")
    return Polygon(tuple(point_of(position) for position in rings[0]))


class Polygons(Kind[Polygon]):
    """A polygon: `lat,lon lat,lon …` in XML, a GeoJSON geometry in the API."""

    #: GeoJSON's outer shape. What is inside is held against GeoJSON's own rules, which a JSON Schema can't say; the
    #: body's limit bounds it.
    schema = closed(
        type={"type": "string", "enum": ["Polygon", "MultiPolygon"]},
        coordinates={
            "type": "array",
            "items": {"type": "array", "items": {}},
            "minItems": 1,
            "description": "As RFC 7946 has them, without holes: longitude comes first.",
        },
    )

    def text(self, value: Polygon) -> str:
        return " ".join(_pair(point) for point in value.points)

    def read(self, text: str) -> Polygon:
        return Polygon(tuple(_point(one) for one in text.split()))

    def plain(self, value: Polygon) -> dict[str, Any]:
        """A polygon as GeoJSON; its direction is kept, so a map that minds the right-hand rule may turn it."""
        return {"type": "Polygon", "coordinates": [[[lon, lat] for lat, lon in value.points]]}

    def values(self, plain: Any) -> tuple[Polygon, ...]:
        """The polygons of a GeoJSON Polygon or MultiPolygon.

        Raises:
            ValueError: it is something else, has holes, is not closed, or is no place on earth.
        """
        match plain:
            case {"type": "Polygon", "coordinates": rings}:
                return (_polygon_of(rings),)
            case {"type": "MultiPolygon", "coordinates": [*several]} if several:
                return tuple(_polygon_of(rings) for rings in several)
        raise ValueError("give a GeoJSON geometry of type Polygon or MultiPolygon with its coordinates")


class Circles(Kind[Circle]):
    """A circle: `lat,lon radius` in XML, `center` and `radius_km` in the API."""

    schema = closed(
        center=_POSITION, radius_km={"type": "number", "minimum": 0, "maximum": 20015, "description": "Kilometres."}
    )

    def text(self, value: Circle) -> str:
        return f"{_pair(value.center)} {digits_of(value.radius_km)}"

    def read(self, text: str) -> Circle:
        parts = text.split()
        if len(parts) != 2:
            raise ValueError(f"{text[:40]!r} is no circle; write latitude,longitude, a space and the radius in km")
        return Circle(_point(parts[0]), number_of(parts[1]))

    def plain(self, value: Circle) -> dict[str, Any]:
        return {"center": [value.center[1], value.center[0]], "radius_km": value.radius_km}

    def values(self, plain: Any) -> tuple[Circle, ...]:
        match plain:
            case {"center": center, "radius_km": int() | float() as radius} if not isinstance(radius, bool):
                return (Circle(point_of(center), float(radius)),)
        raise ValueError("a circle is {center: [longitude, latitude], radius_km: number}")


POLYGON = Polygons()
CIRCLE = Circles()
