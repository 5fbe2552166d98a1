"""Somebody who reads published tables and reckons: a linear program over all of them, by SciPy's HiGHS."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from scipy.optimize import linprog

#: A cell of a published data set: week, division and category.
Place = tuple[str, ...]


def cells_of(dataset: Mapping[str, Any]) -> dict[Place, int | None]:
    """The figures of a JSON-stat data set by place; None where one is hidden. What nobody knows isn't there."""
    ids = [dataset["dimension"][name]["category"]["index"] for name in dataset["id"]]
    places = [(week, division, code) for week in ids[0] for division in ids[1] for code in ids[2]]
    status = dataset["status"]
    return {place: dataset["value"][at] for at, place in enumerate(places) if status.get(str(at)) in {None, "c"}}


def sums_of(dataset: Mapping[str, Any], cells: Mapping[Place, int | None]) -> Iterator[tuple[Place, list[Place]]]:
    """What a reader knows: each sum, with the cells that make it, by the data set's own tree of codes."""
    for at, name in enumerate(dataset["id"]):
        for over, parts in dataset["dimension"][name]["category"].get("child", {}).items():
            for place in cells:
                if place[at] == over:
                    inner = [(*place[:at], part, *place[at + 1 :]) for part in parts]
                    yield place, [one for one in inner if one in cells]


def most_of(
    cells: Mapping[Place, int | None],
    sums: Sequence[tuple[Place, list[Place]]],
    least: float = 0.0,
    known: Mapping[Place, int] = MappingProxyType({}),
) -> dict[Place, float]:
    """How much each hidden cell may be for all that the sums say. The reader knows that none is below `least`, and of
    some that they aren't below what is `known` of a part of them."""
    hidden = [place for place, figure in cells.items() if figure is None]
    column = {place: at for at, place in enumerate(hidden)}
    rows, rights = [], []
    for whole, parts in sums:
        row, right = [0.0] * len(hidden), 0.0
        for place, sign in [(whole, -1.0), *((one, 1.0) for one in parts)]:
            figure = cells[place]
            if figure is None:
                row[column[place]] += sign
            else:
                right -= sign * figure
        if any(row):
            rows.append(row)
            rights.append(right)
        else:
            assert abs(right) < 1e-9, f"{whole} isn't the sum of its parts"
    found, bounds = {}, [(max(least, known.get(place, 0)), None) for place in hidden]
    for place in hidden:
        aim = [0.0] * len(hidden)
        aim[column[place]] = -1.0
        solved = linprog(aim, A_eq=rows or None, b_eq=rights or None, bounds=bounds, method="highs")
        # 3: without an end.
        assert solved.status in {0, 3}, solved.message
        found[place] = float("inf") if solved.status == 3 else -solved.fun
    return found
