"""Which figures of one week's table are hidden: those from 1 to 4, and as many beside them as keep them from being found.

The table has divisions and their sum on one side, categories, their groups and all of them on the other. Each figure is
an arc of a network in which as much flows into a node as out of it: from everywhere to a division, to its groups, to its
categories, to the city's categories, to the city's groups, to the city's sum, and back. What somebody can find out about
a hidden figure from those that are shown is then a flow: it may be as large as what can go around through hidden arcs
(L. H. Cox, "Network models for complementary cell suppression", JASA 90, 1995). So no solver is needed, and what is
found is what a linear program over the table finds.

Zeros are shown: a place where nothing happened says nothing of anybody. Whoever knows that knows that what is hidden is
1 at least, and is reckoned with.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from heapq import heappop, heappush

#: Division and category; "" is the sum over all of them, a group's code the sum over the group.
Cell = tuple[str, str]
Node = tuple[str, str]
#: From which node to which each cell's figure flows.
Arcs = Mapping[Cell, tuple[Node, Node]]

_START: Node = ("start", "")


def with_sums(leaves: Mapping[Cell, int], groups: Mapping[str, str]) -> dict[Cell, int]:
    """The figures by division and category together with all their sums.

    Args:
        groups: Category → its group, "" where it has none; no code is both.
    """
    found: dict[Cell, int] = defaultdict(int)
    for (division, category), count in leaves.items():
        for code in {category, groups[category], ""}:
            found[division, code] += count
            found["", code] += count
    return dict(found)


def hidden(figures: Mapping[Cell, int], groups: Mapping[str, str], least: int, told: Collection[Cell] = ()) -> set[Cell]:
    """The cells that can't be shown.

    Of none of them anybody can find out by the sums that it is below `least`.

    Args:
        figures: Those of the table, with all sums.
        groups: Category → its group.
        told: What was told elsewhere already, such as in a warning, so that hiding it is of no use.
    """
    arcs = {cell: _arc(cell, groups) for cell, count in figures.items() if count}
    found = {cell for cell in arcs if figures[cell] < least}
    for cell in sorted(found):
        found |= _cover(cell, figures, arcs, found, least, told)
    return found


def _arc(cell: Cell, groups: Mapping[str, str]) -> tuple[Node, Node]:
    division, code = cell
    outer = groups[code] if code in groups else "" if code else None
    if not division:
        return cell, _START if outer is None else ("", outer)
    return _START if outer is None else (division, outer), cell if code not in groups else ("", code)


def _cover(
    cell: Cell, figures: Mapping[Cell, int], arcs: Arcs, found: Collection[Cell], least: int, told: Collection[Cell]
) -> set[Cell]:
    """What has to be hidden, too, so that this cell may be `least` for all that anybody can know.

    It can be one more where others around it make up for it; each may be more by any number, and less down to 1.
    """
    more, around = least - figures[cell], set[Cell]()
    changed: dict[Cell, int] = defaultdict(int)
    while more > 0:
        way = _way(cell, figures, arcs, {*found, *around}, told, changed)
        if not way:  # the rest was told elsewhere
            break
        step = min([more, *(figures[one] + changed[one] - 1 for one, sign in way if sign < 0)])
        for one, sign in way:
            changed[one] += sign * step
            around.add(one)
        more -= step
    return around


def _way(
    cell: Cell, figures: Mapping[Cell, int], arcs: Arcs, free: Collection[Cell], told: Collection[Cell],
    changed: Mapping[Cell, int],
) -> list[tuple[Cell, int]]:  # fmt: skip
    """The cells that make up for one more of a cell, with 1 or -1: those around which hide the fewest that are shown."""
    goal, begin = arcs[cell]
    steps: dict[Node, list[tuple[Node, Cell, int]]] = defaultdict(list)
    for one, (tail, head) in arcs.items():
        if one != cell and one not in told:
            steps[tail].append((head, one, 1))
            if figures[one] + changed.get(one, 0) > 1:
                steps[head].append((tail, one, -1))
    came: dict[Node, tuple[Node, Cell, int]] = {}
    queue, done = [(0, begin)], set[Node]()
    costs = {begin: 0}
    while queue:
        cost, node = heappop(queue)
        if node == goal:
            return [*_back(came, begin, goal)]
        if node in done:
            continue
        done.add(node)
        for then, one, sign in steps[node]:
            total = cost + (0 if one in free else figures[one])
            if total < costs.get(then, total + 1):
                costs[then], came[then] = total, (node, one, sign)
                heappush(queue, (total, then))
    return []


def _back(came: Mapping[Node, tuple[Node, Cell, int]], begin: Node, goal: Node) -> Iterator[tuple[Cell, int]]:
    while goal != begin:
        goal, cell, sign = came[goal]
        yield cell, sign
