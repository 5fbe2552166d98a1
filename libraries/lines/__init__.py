"""Points and lines on a map, without a database that knows of places: what is in a box, what is beside a way.

in_box(positions({"type": "Point", "coordinates": [104.7, 31.4]}), (104, 31, 105, 32))
"""

from lines.geometry import (
    CELL,
    DEGREE_M,
    MAX_DEGREES,
    Box,
    around,
    box_of,
    cells,
    geometry_of,
    in_box,
    is_near,
    length_of,
    metres,
    moved,
    overlap,
    parts,
    positions,
    self_crossing,
)
from lines.grid import Grid
from lines.wrong import wrong_with

__all__ = [
    "CELL",
    "DEGREE_M",
    "MAX_DEGREES",
    "Box",
    "Grid",
    "around",
    "box_of",
    "cells",
    "geometry_of",
    "in_box",
    "is_near",
    "length_of",
    "metres",
    "moved",
    "overlap",
    "parts",
    "positions",
    "self_crossing",
    "wrong_with",
]
