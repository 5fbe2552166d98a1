"""Lines and points by the cells of a grid in which they are: what is in a box is found without looking at all."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterable, Iterator, Sequence
from itertools import product
from math import cos, inf, radians
from typing import Generic, TypeVar

from lines.geometry import DEGREE_M, Box, box_of, cells, in_box, is_near, metres, overlap, parts

K = TypeVar("K", bound=Hashable)

#: Of what has no place.
NOWHERE: Box = (inf, inf, -inf, -inf)


class Grid(Generic[K]):
    """Lines and points by their keys."""

    def __init__(self) -> None:
        self._lines: dict[K, tuple[Sequence[complex], Box]] = {}
        self._cells: defaultdict[tuple[int, int], set[K]] = defaultdict(set)

    def put(self, key: K, line: Sequence[complex]) -> None:
        """Have it there, in place of what was there before; without a position it is nowhere."""
        self.drop(key)
        self._lines[key] = line, box_of(line) if line else NOWHERE
        for cell in _cells_of(line):
            self._cells[cell].add(key)

    def drop(self, key: K) -> None:
        """Have it there no more."""
        for cell in _cells_of(self._lines.pop(key, ((), NOWHERE))[0]):
            self._cells[cell].discard(key)

    def in_box(self, box: Box) -> list[K]:
        """Those whose place is in the box, or touches it."""
        return [key for key, line in self._near(box) if in_box(line, box)]

    def along(self, way: Sequence[complex], width: float) -> Iterable[K]:
        """Those that are no more than so many metres beside a way."""
        _, south, _, north = box_of(way)
        latitude, found = (south + north) / 2, dict[K, None]()
        y = width / DEGREE_M
        for part in parts(way):
            a, b = metres(part, latitude)
            for key, line in self._near(box_of(part, y / cos(radians(latitude)), y)):
                if key not in found and is_near(metres(line, latitude), (a, b), width):
                    found[key] = None
        return found

    def _near(self, box: Box) -> Iterator[tuple[K, Sequence[complex]]]:
        """Those whose box overlaps this one; of one with more cells than there are lines, all are looked at."""
        columns, rows = cells(box)
        keys: Iterable[K] = self._lines
        if len(columns) * len(rows) < len(self._lines):
            keys = {key for cell in product(columns, rows) for key in self._cells.get(cell, ())}
        for key in keys:
            line, around = self._lines[key]
            if overlap(around, box):
                yield key, line


def _cells_of(line: Sequence[complex]) -> set[tuple[int, int]]:
    return {cell for part in parts(line) for cell in product(*cells(box_of(part)))}
