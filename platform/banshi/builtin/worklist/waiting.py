"""What waits for staff: whose work an item's cases are in which state, and the most urgent of them.

However many cases wait, a page looks at a few for each item and state, which have their own place in the index, in the
order of the list; where one place has most of a page, it looks at as many there. SQLite goes through all that wait; a
town that it serves is small enough.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any
from uuid import UUID

from banshi.foundation.database import bulk
from banshi.foundation.database.store import Store
from banshi.foundation.encryption.fields import as_stored
from banshi.foundation.keys import Key
from banshi.kernel.cases.representations import SUMMARY
from banshi.kernel.contract.principals import Role
from banshi.kernel.contract.values import Who
from banshi.kernel.loading.cached import PerRevision
from banshi.kernel.loading.registry import Registry
from banshi.kernel.tables.cases import Case

#: By department and role: unit, the states in which cases wait for that role, and the items' codes. Where cases travel,
#: department and unit are empty: the case's own say whose work it is.
Work = dict[tuple[str, str], list[tuple[str, list[str], list[str]]]]
WORK: Key[PerRevision[Work]] = Key("work by role")

#: Cases that wait: department, state, item's code, and the unit whose they have to be or "" for any.
Place = tuple[str, str, str, str]

#: What a row of the list is made of.
ROW = (*SUMMARY, "content", "person", "person_name", "answers")
COLUMNS = ", ".join(f"banshi_case.{Case._meta.fields_db_projection[name]}" for name in ROW)

#: Before the first case of a worklist.
FIRST = (date.min, UUID(int=0))

NAMES = "its_department, its_state, its_item, its_unit"
PLACE = (
    "department = {of}.its_department AND state = {of}.its_state AND item = {of}.its_item "
    "AND ({of}.its_unit = '' OR unit = {of}.its_unit) AND person <> {whose}"
)
#: The first few of each place. Where one has more, those too that stand before the last that the others would do for.
EACH = Path(__file__).with_name("most_urgent.sql").read_text("ascii")
#: All of every place, and of them the first few: SQLite knows no LATERAL.
ALL = (
    "WITH s({names}) AS ({places}) SELECT {columns} FROM s CROSS JOIN banshi_case "
    "WHERE {of_s} AND (urgency, id) > ({urgency}, {after}) ORDER BY urgency, id LIMIT {most}"
)
#: How many wait in each place, by their last day.
COUNTED = (
    "WITH s({names}) AS ({places}) SELECT s.its_state AS state, s.its_item AS item, COUNT(*) AS count, "
    "SUM(CASE WHEN urgency < {today} THEN 1 ELSE 0 END) AS overdue, "
    "SUM(CASE WHEN urgency = {today} THEN 1 ELSE 0 END) AS due_today "
    "FROM s CROSS JOIN banshi_case WHERE {of_s} GROUP BY s.its_state, s.its_item ORDER BY s.its_state, s.its_item"
)


def work_in(registry: Registry) -> Work:
    """The whole index of work, made once for a catalogue.

    A request then looks up its caller's roles, however many items there are.
    """
    found: dict[tuple[str, str], dict[tuple[str, frozenset[str]], list[str]]] = {}
    for item in registry.items.with_cases():
        kind = registry.kinds[item.kind]
        department, unit = ("", "") if kind.travels else (item.department, item.unit)
        waiting = [step for step in item.steps if step.work and Who.STAFF in step.who]
        for role in {step.role for step in waiting}:
            states = frozenset(step.state for step in waiting if step.role == role)
            units = found.setdefault((department, role), {})
            units.setdefault((unit, states), []).append(item.code)
    return {
        key: [(unit, sorted(states), codes) for (unit, states), codes in units.items()] for key, units in found.items()
    }


def places_of(work: Work, roles: Iterable[Role]) -> list[Place]:
    """Where somebody with these roles has work, each place once."""
    found: set[Place] = set()
    for role in roles:
        for unit, states, codes in work.get((role.department, role.name), ()):
            if role.unit in (None, unit):
                found |= {(role.department, state, code, "") for state in states for code in codes}
        for _, states, codes in work.get(("", role.name), ()):
            found |= {(role.department, state, code, role.unit or "") for state in states for code in codes}
    # Whoever has a place whole has no part of it besides.
    return sorted(place for place in found if not place[3] or (*place[:3], "") not in found)


async def most_urgent(
    store: Store, places: Sequence[Place], *, not_of: str, after: tuple[date, UUID] | None, limit: int
) -> list[Case]:
    """The most urgent cases of these places behind a place in the list, as a summary shows them; never one's own."""
    if not places:
        return []
    after = after or FIRST
    listed, given = store.table(*(("varchar", column) for column in zip(*places, strict=True)))
    values: list[Any] = [as_stored(Case, "person", not_of), after[0], str(after[1]), limit]
    # A page has some of most places; whoever has more than its share is asked once more.
    values += [] if store.dialect == "sqlite" else [min(limit, 2 * limit // len(places) + 2)]
    rows = await store.connection.execute_query_dict(_worded(store.dialect, listed, len(given)), [*given, *values])
    return bulk.made(Case, rows)


@lru_cache(maxsize=8)
def _worded(dialect: str, listed: str, given: int) -> str:
    """The statement, behind whose marks for the places there are those for everything else."""
    whose, urgency, identity, most, few = bulk.placeholders(dialect, given + 5)[given:]
    return (ALL if dialect == "sqlite" else EACH).format(
        names=NAMES,
        places=listed,
        columns=COLUMNS,
        of_s=PLACE.format(of="s", whose=whose),
        of_e=PLACE.format(of="e", whose=whose),
        urgency=urgency,
        after=identity,
        most=most,
        few=few,
    )


async def counts(store: Store, places: Sequence[Place], *, not_of: str, today: date) -> list[dict[str, Any]]:
    """How many cases wait in these places, by state and item: all of them, those too late, and those of today."""
    if not places:
        return []
    listed, given = store.table(*(("varchar", column) for column in zip(*places, strict=True)))
    whose, day = store.placeholders(len(given) + 2)[len(given) :]
    words = {"names": NAMES, "places": listed, "of_s": PLACE.format(of="s", whose=whose), "today": day}
    values = [*given, as_stored(Case, "person", not_of), today]
    return list(await store.connection.execute_query_dict(COUNTED.format(**words), values))
