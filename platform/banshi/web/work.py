"""What waits for staff: whose work an item's cases are in which state, and the most urgent of them.

However many cases wait, a page looks at no more than a page for each item and state: each has its own place in the
index, in the order of the list, and PostgreSQL takes the first few of each. SQLite goes through all that wait; a town
that it serves is small enough.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING, Any
from uuid import UUID

from banshi import bulk
from banshi.contract import Key, Who
from banshi.latest import Latest
from banshi.models import Case
from banshi.personal.fields import as_stored

if TYPE_CHECKING:
    from collections.abc import Iterable

    from banshi.registry import Registry
    from banshi.routes import Role
    from banshi.store import Store

#: By department and role: unit, the states in which cases wait for that role, and the items' codes. Where cases travel,
#: department and unit are empty: the case's own say whose work it is.
Work = dict[tuple[str, str], list[tuple[str, list[str], list[str]]]]
WORK: Key[Latest[Work]] = Key("work by role")

#: Cases that wait: department, state, item's code, and the unit whose they have to be or "" for any.
Place = tuple[str, str, str, str]

#: Before the first case of a worklist.
FIRST = (date.min, UUID(int=0))

#: The first few of each place, and of them the first few: as far as no place may have more of which we don't know.
EACH = (
    "WITH e AS (SELECT c.id, c.urgency, c.nth FROM ({places}) AS s({names}) CROSS JOIN LATERAL ("
    "SELECT id, urgency, ROW_NUMBER() OVER (ORDER BY urgency, id) AS nth FROM ("
    "SELECT id, urgency FROM banshi_case WHERE {wanted} ORDER BY urgency, id LIMIT {few}) f) c), "
    "known AS (SELECT urgency, id FROM e WHERE nth = {few} ORDER BY urgency, id LIMIT 1) "
    "SELECT e.id FROM e LEFT JOIN known ON true "
    "WHERE known.id IS NULL OR (e.urgency, e.id) <= (known.urgency, known.id) ORDER BY e.urgency, e.id LIMIT {most}"
)
#: All of every place, and of them the first few: SQLite knows no LATERAL.
ALL = (
    "WITH s({names}) AS ({places}) SELECT banshi_case.id AS id FROM s CROSS JOIN banshi_case WHERE {wanted} "
    "ORDER BY urgency, id LIMIT {most}"
)
NAMES = "its_department, its_state, its_item, its_unit"
WANTED = (
    "department = s.its_department AND state = s.its_state AND item = s.its_item "
    "AND (s.its_unit = '' OR unit = s.its_unit) AND person <> {whose} AND (urgency, id) > ({urgency}, {after})"
)


def work_in(registry: Registry) -> Work:
    """The whole index of work, made once for a catalogue.

    A request then looks up its caller's roles, however many items there are.
    """
    found: dict[tuple[str, str], dict[tuple[str, frozenset[str]], list[str]]] = {}
    for item in registry.items.with_cases():
        kind = registry.kinds[item.kind]
        department, unit = ("", "") if kind.travels else (item.department, item.unit)
        steps = kind.steps(item.details)
        waiting = [step for step in steps if step.work and Who.STAFF in step.who]
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
    """The most urgent cases of these places behind a place in the list, but for somebody's own."""
    if not places:
        return []
    # Most pages have some of each place; where one has most of it, each is asked for a whole page.
    few = min(limit, 2 * limit // len(places) + 3)
    ids = await _ids(store, places, not_of, after or FIRST, few, limit)
    if len(ids) < limit and few < limit and store.dialect != "sqlite":
        ids = await _ids(store, places, not_of, after or FIRST, limit, limit)
    cases = await bulk.fetch(store.connection, Case, ids)
    return [cases[one] for one in ids if one in cases]


async def _ids(
    store: Store, places: Sequence[Place], not_of: str, after: tuple[date, UUID], few: int, limit: int
) -> list[UUID]:
    """The first of all in order, of those that the first few of each place are enough to be sure of."""
    sqlite = store.dialect == "sqlite"
    listed, given = store.table(*(("varchar", column) for column in zip(*places, strict=True)))
    values: list[Any] = [
        as_stored(Case, "person", not_of),
        after[0].isoformat() if sqlite else after[0],
        str(after[1]),
        limit,
    ]
    values += [] if sqlite else [few]
    marks = iter(store.placeholders(len(given) + len(values))[len(given) :])
    wanted = WANTED.format(whose=next(marks), urgency=next(marks), after=next(marks))
    most, each = next(marks), next(marks, "")
    sql = (ALL if sqlite else EACH).format(places=listed, names=NAMES, wanted=wanted, most=most, few=each)
    rows = await store.connection.execute_query_dict(sql, [*given, *values])
    return [UUID(str(row["id"])) for row in rows]
