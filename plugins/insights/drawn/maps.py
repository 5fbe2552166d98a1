"""A map of divisions by how much was counted in each: told apart by pattern and words, and never by colour alone."""

from __future__ import annotations

from bisect import bisect
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import pairwise
from math import ceil, cos, radians
from pathlib import Path
from typing import Any

import orjson
from markupsafe import Markup

from banshi import Finding
from charts.bars import PATTERNS
from charts.elements import element, hatches, picture
from charts.figures import Figure, figure_text, fitted, marks
from insights.settings import MapSettings

#: Made-up shapes of the sample city's divisions: no border of anywhere.
SAMPLE = Path(__file__).with_name("sample-city.geojson")

#: Of the picture: what lies around the shapes, how high they may be, and what a line of the legend takes.
EDGE, HIGHEST, LINE = 8.0, 520.0, 32.0

#: What is drawn over each class, and at last over those of which nothing is told.
_OVER = dict(enumerate((*PATTERNS, "M2 2h2M7 7h2")))

Point = tuple[float, float]
#: A division's code → its rings, holes among them, as longitudes and latitudes.
Shapes = Mapping[str, Sequence[Sequence[Point]]]


@lru_cache(maxsize=1)
def read_shapes(file: Path, code: str) -> Shapes:
    """The shapes in a file of GeoJSON (RFC 7946), by the property that has a division's code; read once.

    Raises ValueError, with the number of the feature that can't be taken, and OSError.
    """
    shapes: dict[str, list[Sequence[Point]]] = {}
    number = 0
    try:
        for number, feature in enumerate(orjson.loads(file.read_bytes())["features"], 1):  # noqa: B007 - it is told
            found = feature["geometry"]["coordinates"]
            parts = {"Polygon": [found], "MultiPolygon": found}[feature["geometry"]["type"]]
            rings = [[(float(x), float(y)) for x, y, *_ in ring] for part in parts for ring in part]
            if not all(abs(x) <= 180 and abs(y) <= 90 for ring in rings for x, y in ring) or not all(rings):
                raise ValueError
            shapes.setdefault(str(feature["properties"][code]), []).extend(rings)
    except (LookupError, TypeError, ValueError):
        wanted = f"features that are polygons by longitude and latitude, each with the property {code!r}"
        raise ValueError(f"{file} has to be GeoJSON of {wanted}: feature {number} isn't") from None
    return shapes


def division_map(
    title: str, shapes: Shapes, figures: Mapping[str, Figure], names: Mapping[str, str], untold: str
) -> Markup:
    """The picture of figures by division, None where one isn't told. Its description has them one by one."""
    place, height = _projection([point for rings in shapes.values() for ring in rings for point in ring])
    rows = {code: (names.get(code, code), figure_text(figures.get(code), untold=untold)) for code in shapes}
    top = marks([*figures.values()])[-1]
    lows = sorted({ceil(top * at / 4) for at in range(4)})
    parts, labels = list[Markup](), list[Markup]()
    for code, rings in shapes.items():
        placed = [[place(point) for point in ring] for ring in rings]
        shape = "".join("M" + "L".join(f"{x:.1f},{y:.1f}" for x, y in ring) + "Z" for ring in placed)
        figure = figures.get(code)
        parts += _filled("path", 4 if figure is None else bisect(lows, figure) - 1, d=shape, fill_rule="evenodd")
        # In the middle of its largest part.
        x, y = ((min(one) + max(one)) / 2 for one in zip(*max(placed, key=len), strict=True))
        for at, text in enumerate(rows[code]):
            labels.append(element("text", fitted(text, 8), class_="halo", x=x, y=y + 18 * at, text_anchor="middle"))
    ends = [*(f"{low:,}–{then - 1:,}" for low, then in pairwise(lows)), f"{lows[-1]:,}–{top:,.0f}"]
    for line, (at, said) in enumerate([*enumerate(ends), (4, untold)]):
        y = height + LINE * line
        parts += _filled("rect", at, x=EDGE, y=y, width=24.0, height=24.0)
        labels.append(element("text", said, x=EDGE + 34, y=y + 18))
    about = "; ".join(map(" ".join, rows.values()))
    return picture("map", title, about, height + LINE * (len(ends) + 1), hatches("map", _OVER), *parts, *labels)


def _filled(tag: str, kind: int, **shape: object) -> tuple[Markup, Markup]:
    return element(tag, class_=f"area g{kind + 1}", **shape), element(tag, fill=f"url(#map-{kind})", **shape)


def _projection(points: Sequence[Point]) -> tuple[Callable[[Point], Point], float]:
    """Where a longitude and latitude is in the picture, and how high that is: degrees as long as in the middle."""
    (west, east), (south, north) = ((min(one), max(one)) for one in zip(*points, strict=True))
    narrow = cos(radians((south + north) / 2))
    wide, high = max((east - west) * narrow, 1e-9), max(north - south, 1e-9)
    scale = min((500 - 2 * EDGE) / wide, HIGHEST / high)
    left = (500 - wide * scale) / 2 - west * narrow * scale
    return lambda one: (left + one[0] * narrow * scale, EDGE + (north - one[1]) * scale), high * scale + 3 * EDGE


def shapes_of(registry: Any, settings: MapSettings) -> Shapes:
    """Those of the operator's file, or the sample's. Raises ValueError and OSError."""
    return read_shapes(registry.configuration.file.parent / (settings.file or SAMPLE), settings.code)


def findings(registry: Any, settings: MapSettings) -> Iterator[Finding]:
    """What is wrong with the operator's file of shapes."""
    try:
        shapes_of(registry, settings)
    except (ValueError, OSError) as error:
        yield Finding("insights", "no-map", f"mend insights.map in plugins.toml, or remove it: {error}")
