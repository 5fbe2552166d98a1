"""Lines found by where they are: in a box, or beside a way, among some ten thousand in memory."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import product
from math import cos, radians
from typing import Generic, TypeVar

from lines.geometry import DEGREE_M, Box, box_of, cells, in_box, is_near, metres, overlap, parts

K = TypeVar("K")


@dataclass(slots=True)
class Grid(Generic[K]):
    """Lines and points by the cells of a grid in which they are; each has a key."""

    _lines: dict[K, Sequence[complex]] = field(default_factory=dict)
    _boxes: dict[K, Box] = field(default_factory=dict)
    _cells: defaultdict[tuple[int, int], set[K]] = field(default_factory=lambda: defaultdict(set))

    def put(self, key: K, line: Sequence[complex]) -> None:
        """Keep a line in place of the one with that key; without a position it is nowhere."""
        for cell in _cells_of(self._lines.pop(key, ())):
            self._cells[cell].discard(key)
        self._boxes.pop(key, None)
        if line:
            self._lines[key], self._boxes[key] = line, box_of(line)
        for cell in _cells_of(line):
            self._cells[cell].add(key)

    def in_box(self, box: Box) -> list[K]:
        """Those that are in the box, or touch it."""
        return [one for one in self._near(box) if in_box(self._lines[one], box)]

    def along(self, line: Sequence[complex], width: float) -> list[K]:
        """Those that are no more than so many metres beside a line."""
        _, south, _, north = box_of(line)
        latitude, found = (south + north) / 2, dict[K, None]()
        y = width / DEGREE_M
        for part in parts(line):
            a, b = metres(part, latitude)
            for one in self._near(box_of(part, y / cos(radians(latitude)), y)):
                if one not in found and is_near(metres(self._lines[one], latitude), (a, b), width):
                    found[one] = None
        return list(found)

    def _near(self, box: Box) -> Iterator[K]:
        """Those whose box overlaps this one; of one with more cells than there are lines, all are looked at."""
        columns, rows = cells(box)
        keys: Iterable[K] = self._boxes
        if len(columns) * len(rows) < len(self._boxes):
            keys = {one for cell in product(columns, rows) for one in self._cells.get(cell, ())}
        return (one for one in keys if overlap(self._boxes[one], box))


def _cells_of(line: Sequence[complex]) -> set[tuple[int, int]]:
    return {cell for part in parts(line) for cell in product(*cells(box_of(part)))}
