"""Where an alert applies."""

from __future__ import annotations

from dataclasses import dataclass, field

from mobile_push.cap.elements import Element, element
from mobile_push.cap.errors import CapError
from mobile_push.cap.geo.divisions import check_division
from mobile_push.cap.geo.geometry import Circle, Polygon, Shape, intersects
from mobile_push.cap.kinds import NUMBER, TEXT
from mobile_push.cap.shapes import CIRCLE, POLYGON
from mobile_push.cap.values.named_value import NamedValue

#: The name of a geocode that is a division's code; also written without its space.
GB_T_2260 = "GB/T 2260"


def _is_division(name: str) -> bool:
    return name.replace(" ", "").upper() == "GB/T2260"


@dataclass(frozen=True, kw_only=True)
class Area(Element):
    """All that its polygons, circles and geocodes hold together; the text is for people."""

    description: str = field(metadata=element("areaDesc", TEXT, "The area's name for people."))
    polygons: tuple[Polygon, ...] = field(
        default=(), metadata=element("polygon", POLYGON, "GeoJSON without holes.", many=True)
    )
    circles: tuple[Circle, ...] = field(
        default=(), metadata=element("circle", CIRCLE, "A point and the kilometres around it.", many=True)
    )
    geocodes: tuple[NamedValue, ...] = field(
        default=(),
        metadata=element("geocode", NamedValue, "Codes of places; divisions under the name GB/T 2260.", many=True),
    )
    altitude: float | None = field(
        default=None, metadata=element("altitude", NUMBER, "Feet above mean sea level; with ceiling the lower end.")
    )
    ceiling: float | None = field(
        default=None, metadata=element("ceiling", NUMBER, "Feet above mean sea level; only beside altitude.")
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.ceiling is not None and self.altitude is None:
            raise CapError("a ceiling needs an altitude; add it, or take the ceiling away", "ceiling")
        for place, code in enumerate(self.geocodes):
            if _is_division(code.name):
                try:
                    check_division(code.value)
                except ValueError as error:
                    raise CapError(str(error), "geocode", place, "value") from None

    @property
    def divisions(self) -> tuple[str, ...]:
        """The GB/T 2260 codes among the geocodes."""
        return tuple(code.value for code in self.geocodes if _is_division(code.name))

    @property
    def shapes(self) -> tuple[Shape, ...]:
        return self.polygons + self.circles

    def covers(self, lat: float, lon: float) -> bool:
        """Whether a point is in one of the polygons or circles."""
        return any(shape.covers(lat, lon) for shape in self.shapes)

    def intersects(self, other: Shape) -> bool:
        """Whether a shape has a point in common with one of the polygons or circles."""
        return any(intersects(shape, other) for shape in self.shapes)
