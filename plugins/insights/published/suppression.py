"""Which figures of a week are hidden: those from 1 to 4, and as many beside them as keep these from being found.

The table has divisions and their sum on one side, categories, their groups and all of them on the other. Each figure is
an arc of a network in which as much flows into a node as out of it: from the start to a division, to its groups, to
their categories, to the city's categories, to the city's groups, to the city's sum, and back to the start. What anybody
can find out of a hidden figure from those that are shown is then a flow: it may be as much as can go around through
hidden arcs (L. H. Cox, "Network models for complementary cell suppression", JASA 90, 1995). So no solver is needed,
and what is found is what a linear program over the table finds.

Zeros are shown: a place where nothing happened says nothing of anybody. Whoever knows that knows of what is hidden that
it is 1 at least, and is reckoned with.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from heapq import heappop, heappush
from types import MappingProxyType

#: Division and category; "" is the sum over all of them, a group's code the sum over the group.
Cell = tuple[str, str]

#: From which node to which a cell's figure flows: nodes are named by the cell whose parts they add up.
Arc = tuple[Cell, Cell]
#: By node, whereto one gets through which cell: 1 along its flow, -1 against it.
Steps = Mapping[Cell, list[tuple[Cell, Cell, int]]]
Way = list[tuple[Cell, int]]

_START: Cell = ("start", "")


def with_sums(leaves: Mapping[Cell, int], groups: Mapping[str, str]) -> dict[Cell, int]:
    """The figures by division and category, and all their sums.

    Args:
        groups: Category → its group, "" where it has none; no code is both.
    """
    found: dict[Cell, int] = defaultdict(int)
    for (division, category), count in leaves.items():
        for code in {category, groups[category], ""}:
            found[division, code] += count
            found["", code] += count
    return dict(found)


def hidden(
    figures: Mapping[Cell, int],
    groups: Mapping[str, str],
    least: int,
    told: Collection[Cell] = (),
    known: Mapping[Cell, int] = MappingProxyType({}),
) -> set[Cell] | None:
    """The cells that can't be shown. Of none of them the sums say that it is below `least`. None where that can't be
    reached, since too much was told elsewhere: nothing of the table can be shown.

    A figure may be one more where others around it make up for it, and each of these less, down to 1. As long as it
    can't be `least` in this way, the shown figures are hidden that are the least on a way around.

    Args:
        figures: Those of the table, with all sums.
        groups: Category → its group.
        told: What was told elsewhere, such as in a warning: it makes up for nothing, since everybody knows it.
        known: Of cells, how many were told elsewhere of a part of it, a street or a day: it isn't less than that.
    """
    found = {cell for cell, count in figures.items() if 0 < count < least}
    floor = {cell: max(1, known.get(cell, 0)) for cell in figures}
    arcs = {cell: _arc(cell, groups) for cell, count in figures.items() if count and cell not in told}
    steps: defaultdict[Cell, list[tuple[Cell, Cell, int]]] = defaultdict(list)
    for cell, (tail, head) in arcs.items():
        steps[tail].append((head, cell, 1))
        steps[head].append((tail, cell, -1))
    for cell in sorted(found):
        now = dict(figures)
        while (more := least - now[cell]) > 0:
            if cell not in arcs or not (way := _way(cell, *arcs[cell], steps, now, found, floor)):
                return None
            step = min([more, *(now[one] - floor[one] for one, sign in way if sign < 0)])
            for one, sign in [(cell, 1), *way]:
                now[one] += sign * step
            found |= {one for one, _ in way}
    return found


def _arc(cell: Cell, groups: Mapping[str, str]) -> Arc:
    division, code = cell
    outer = None if not code else groups.get(code, "")
    beyond = _START if outer is None else (division, outer)
    if not division:
        return cell, beyond
    return beyond, ("", code) if code in groups else cell


def _way(
    cell: Cell,
    goal: Cell,
    begin: Cell,
    steps: Steps,
    now: Mapping[Cell, int],
    free: Collection[Cell],
    floor: Mapping[Cell, int],
) -> Way:
    """The cells that make up for one more of a cell, each with 1 or -1: those of the way that hides the least."""
    queue: list[tuple[int, Cell, Way]] = [(0, begin, [])]
    done = set[Cell]()
    while queue:
        cost, node, way = heappop(queue)
        if node == goal:
            return way
        if node in done:
            continue
        done.add(node)
        for then, one, sign in steps[node]:
            if then not in done and one != cell and (sign > 0 or now[one] > floor[one]):
                heappush(queue, (cost + (0 if one in free else now[one]), then, [*way, (one, sign)]))
    return []
