"""What is wrong with a place that somebody has sent."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import Any

from banshi import FieldProblem
from lines.geometry import MAX_DEGREES, Box, geometry_of, in_box, length_of, positions, self_crossing
from lines.sentences import say


def wrong_with(geometry: Mapping[str, Any], city: Box, pointer: str) -> Iterator[FieldProblem]:
    """The first thing that is wrong with a geometry that fits its schema."""
    line, at = positions(geometry), f"{pointer}/coordinates"
    outside = next((one for one in line if not in_box([one], city)), None)
    if outside is not None and all(in_box([complex(one.imag, one.real)], city) for one in line):
        detail = say("Latitude and longitude are exchanged: write the longitude first, such as 104.73, then 31.47.")
        yield FieldProblem(at, detail, "exchanged")
    elif any(abs(a.real - b.real) > 180 for a, b in pairwise(line)):
        yield FieldProblem(at, say("The line crosses the 180th meridian; divide it there."), "antimeridian")
    elif outside is not None:
        corners = [f"{x}, {y}" for x, y in (city[:2], city[2:])]
        place = {"place": f"{outside.real}, {outside.imag}", "from_": corners[0], "to": corners[1]}
        detail = say("{place} lies outside the city, {from_} to {to}; correct the position, or leave it out.", **place)
        yield FieldProblem(at, detail, "outside")
    elif length_of(line) > MAX_DEGREES:
        detail = say("The line is longer than a road of the city; divide it, or leave points out.")
        yield FieldProblem(at, detail, "too-long")
    elif geometry["type"] == "LineString":
        line = positions(geometry_of("LineString", line))
        if len(line) < 2:
            yield FieldProblem(at, say("All points of the line are one; give a point, or a second place."), "too-short")
        elif crossing := self_crossing(line):
            detail = say("The line crosses itself after its point {number}; divide it there.", number=str(crossing))
            yield FieldProblem(at, detail, "crosses-itself")
