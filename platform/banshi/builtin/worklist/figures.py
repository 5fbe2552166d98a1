"""How the work goes, in numbers: what waits now, and what became of what came in, by unit and week; nobody's own."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from banshi.builtin.worklist.channels import shown_figure
from banshi.builtin.worklist.kept import KeptFigures
from banshi.foundation.keys import Key
from banshi.kernel.contract.items import LIVE
from banshi.kernel.contract.values import ClockEffect, Step, Who
from banshi.kernel.http.document_schemas import named
from banshi.kernel.http.months import MIN_SHOWN, midnight
from banshi.kernel.runtime.running import Platform

#: What waits for more than so many days is counted beside all that waits.
LONG_DAYS, VERY_LONG_DAYS = 7, 28

WAITING = """
WITH s(its_department, its_state, its_item) AS ({places})
SELECT department, unit, COUNT(*) AS waiting,
    SUM(CASE WHEN clock_since IS NOT NULL AND due_on < {today} THEN 1 ELSE 0 END) AS late,
    SUM(CASE WHEN created_at < {week} THEN 1 ELSE 0 END) AS over_week,
    SUM(CASE WHEN created_at < {month} THEN 1 ELSE 0 END) AS over_month
FROM s CROSS JOIN banshi_case
WHERE department = s.its_department AND state = s.its_state AND item = s.its_item AND mode = '{live}'
GROUP BY department, unit
"""
# A decided case's clock stands, and has what was used of the days that it was allowed.
CAME_IN = """
SELECT department, unit, item, state, COUNT(*) AS received,
    COUNT(clock_allowed) AS timed,
    SUM(CASE WHEN clock_used <= clock_allowed THEN 1 ELSE 0 END) AS on_time,
    SUM(CASE WHEN clock_allowed IS NULL THEN 0 ELSE clock_used END) AS days,
    SUM(CASE WHEN clock_since IS NOT NULL AND due_on < {today} THEN 1 ELSE 0 END) AS overdue
FROM banshi_case
WHERE mode = '{live}' AND created_at >= {begins} AND created_at < {ends}
GROUP BY department, unit, item, state
"""

#: Department and unit → figures by name.
Figures = dict[tuple[str, str], Counter[str]]


#: By their Mondays.
WEEKS: Key[KeptFigures[date, Figures]] = Key("weeks of cases")


def decided_in(steps: Iterable[Step]) -> frozenset[str]:
    """The states of a state table in which the office has done what it promised days for: its clock has ended, and no
    citizen has ended it."""
    steps = [*steps]
    ends = [step for step in steps if step.clock is ClockEffect.END]
    found = {step.to for step in ends if step.who != {Who.CITIZEN}}
    others = {step.to for step in ends} - found
    while (
        more := {step.to for step in steps if step.state in found and step.clock is ClockEffect.KEEP} - found - others
    ):
        found |= more
    return frozenset(found)


async def waiting(platform: Platform, departments: Sequence[str]) -> Figures:
    """What waits for the staff of these departments now."""
    places = [*_places(platform, departments)]
    if not places:
        return {}
    listed, given = platform.store.table(*(("varchar", column) for column in zip(*places, strict=True)))
    today, week, month = platform.store.placeholders(len(given) + 3)[len(given) :]
    sql = WAITING.format(places=listed, today=today, week=week, month=month, live=LIVE)
    day = platform.today()
    since = [midnight(platform, day - timedelta(days=days)) for days in (LONG_DAYS, VERY_LONG_DAYS)]
    rows = await platform.store.connection.execute_query_dict(sql, [*given, day, *since])
    return {(row["department"], row["unit"]): _counted(row, ("waiting", "late", "over_week", "over_month"))
            for row in map(dict, rows)}  # fmt: skip


def _places(platform: Platform, departments: Sequence[str]) -> Iterable[tuple[str, str, str]]:
    """Department, state and item of whatever may wait there, each once."""
    registry = platform.registry
    for item in registry.items.with_cases():
        states = {step.state for step in item.steps if step.work and Who.STAFF in step.who}
        own = departments if registry.kinds[item.kind].travels else [item.department]
        yield from ((one, state, item.code) for one in own if one in departments for state in sorted(states))


async def came_in(platform: Platform, week: date) -> Figures:
    """What came in in the week from a Monday on, and what became of it."""
    today, begins, ends = platform.store.placeholders(3)
    sql = CAME_IN.format(today=today, begins=begins, ends=ends, live=LIVE)
    span = [midnight(platform, day) for day in (week, week + timedelta(days=7))]
    counted: Figures = defaultdict(Counter)
    for row in await platform.store.connection.execute_query_dict(sql, [platform.today(), *span]):
        counted[row["department"], row["unit"]] += _became(platform, row)
    return counted


def _became(platform: Platform, row: Mapping[str, Any]) -> Counter[str]:
    """The figures of an item's cases in one state."""
    item = platform.registry.items.of(row["item"])
    if item is None or row["state"] not in decided_in(item.steps):
        return _counted(row, ("received", "overdue"))
    return _counted(row, ("received", "timed", "on_time", "days")) + Counter(decided=row["received"])


def _counted(row: Mapping[str, Any], names: Sequence[str]) -> Counter[str]:
    return Counter({name: int(row[name] or 0) for name in names})


def of_unit(platform: Platform, code: str, unit: str, language: str) -> dict[str, Any]:
    """Whose figures they are, as people read it."""
    department = platform.registry.departments.get(code)
    titles = {one.code: one.title for one in department.units} if department else {}
    whole = named(code, department.title if department else None, language)
    return {"department": whole, "unit": named(unit, titles.get(unit), language)}


def of_work(counted: Counter[str]) -> dict[str, Any]:
    """What came in, and how punctually it was decided."""
    due = counted["timed"] + counted["overdue"]
    return {
        **{name: shown_figure(counted[name]) for name in ("received", "decided", "overdue")},
        "on_time_percent": round(100 * counted["on_time"] / due) if due >= MIN_SHOWN else None,
        "mean_days": round(counted["days"] / counted["timed"], 1) if counted["timed"] >= MIN_SHOWN else None,
    }
