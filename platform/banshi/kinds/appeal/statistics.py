"""How well each unit answers: a league table that anybody can read, and that tells nothing of one person."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from aiohttp import web

from banshi.builtin.worklist.channels import Came, ChannelFigures
from banshi.builtin.worklist.figures import of_unit
from banshi.builtin.worklist.kept import KeptFigures
from banshi.foundation.keys import Key
from banshi.kernel.contract.items import LIVE
from banshi.kernel.contract.route_table import Routes
from banshi.kernel.contract.routes import Answer, Audience, Call
from banshi.kernel.http.document_schemas import Record, array
from banshi.kernel.http.months import BY_MONTH, MIN_SHOWN, first_day, midnight, month_parameters, months_of
from banshi.kernel.http.responses import reply
from banshi.kernel.runtime.running import Platform
from banshi.kinds.appeal.rules import MAX_STARS

ROUTES = Routes("statistics")

#: Stars from which on somebody counts as satisfied.
MIN_SATISFIED_STARS = MAX_STARS - 1

#: Months that are shown where nobody says which.
DEFAULT_MONTHS = 12

# A duplicate counts once, as the one that it was merged into. What is late and has no answer yet counts as late.
SQL = """
SELECT c.department, c.unit,
    COUNT(*) AS received,
    COUNT(r.id) AS answered,
    SUM(CASE WHEN r.on_time THEN 1 ELSE 0 END) AS on_time,
    SUM(CASE WHEN r.id IS NULL AND c.clock_since IS NOT NULL AND c.due_on < {today} THEN 1 ELSE 0 END) AS overdue,
    COUNT(a.rating) AS rated,
    SUM(a.rating) AS stars,
    SUM(CASE WHEN a.rating >= {satisfied} THEN 1 ELSE 0 END) AS satisfied
FROM appeal a
JOIN banshi_case c ON c.id = a.case_id
LEFT JOIN appeal_reply r ON r.case_id = a.case_id AND r.number = 1
WHERE a.received_at >= {begins} AND a.received_at < {ends} AND a.merged_into IS NULL
AND c.mode = '{live}'
GROUP BY c.department, c.unit
"""

# Within a day somebody of the staff has to take it on: to urge it is no such thing.
READ = """
SELECT channel, COUNT(read_at) AS answered, SUM(CASE WHEN {in_time} THEN 1 ELSE 0 END) AS in_time
FROM (
    SELECT c.channel, a.received_at,
        (SELECT MIN(e.at) FROM banshi_case_event e WHERE e.case_id = a.case_id AND e.actor = 'staff'
            AND e.action <> 'urge') AS read_at
    FROM appeal a JOIN banshi_case c ON c.id = a.case_id
    WHERE a.received_at >= {begins} AND a.received_at < {ends} AND c.mode = '{live}'
) AS appeals GROUP BY channel
"""
RATED = """
SELECT c.channel, COUNT(*) AS rated, SUM(a.rating) AS stars
FROM appeal a JOIN banshi_case c ON c.id = a.case_id
WHERE a.rated_at >= {begins} AND a.rated_at < {ends} AND c.mode = '{live}' GROUP BY c.channel
"""
#: What was written has to be taken on within a day (GB/T 33358): by dialect.
WITHIN_A_DAY = {
    "sqlite": "julianday(read_at) - julianday(received_at) <= 1",
    "postgres": "read_at - received_at <= INTERVAL '1 day'",
}

#: Department and unit → figures by name.
Figures = dict[tuple[str, str], Counter[str]]

MONTHS: Key[KeptFigures[int, Figures]] = Key("months of appeals")


def statement(platform: Platform) -> str:
    """The query with the database's own marks, in the order in which they stand: today, first and last moment."""
    today, begins, ends = platform.store.placeholders(3)
    return SQL.format(begins=begins, ends=ends, today=today, satisfied=MIN_SATISFIED_STARS, live=LIVE)


async def figures(platform: Platform, month: int) -> Figures:
    """What is counted for a month."""
    given = [platform.today(), *(midnight(platform, first_day(one)) for one in (month, month + 1))]
    rows = await platform.store.connection.execute_query_dict(statement(platform), given)
    return {
        (row.pop("department"), row.pop("unit")): Counter({name: int(count or 0) for name, count in row.items()})
        for row in map(dict, rows)
    }


_CODED = Record(code={"type": "string"}, title={"type": "string"})
_COUNT = {"type": "integer", "minimum": 0}
_PERCENT = {"type": ["integer", "null"], "minimum": 0, "maximum": 100}

TABLE = Record(
    **BY_MONTH,
    items=array(
        Record(
            department=_CODED,
            unit=_CODED,
            received=_COUNT,
            answered=_COUNT,
            overdue={**_COUNT, "description": "Not answered, although the day is past."},
            on_time_percent={**_PERCENT, "description": "Of those answered or overdue."},
            mean_rating={"type": ["number", "null"], "minimum": 1, "maximum": MAX_STARS},
            satisfied_percent={**_PERCENT, "description": f"Of those rated: {MIN_SATISFIED_STARS} stars or more."},
        )
    ),
)


@ROUTES.get(
    "/v1/statistics/appeals",
    Audience.ANYONE,
    {200: Answer("The units, the most punctual first.", TABLE)},
    from_replica=True,
    parameters=month_parameters(f"{DEFAULT_MONTHS} months"),
)
async def appeal_statistics(call: Call) -> web.StreamResponse:
    """Compare how punctually units answer, and how satisfied people are.

    Units with too few appeals in these months are left out.
    """
    platform = call.platform
    months = months_of(call, DEFAULT_MONTHS)
    sums: Figures = defaultdict(Counter)
    for month in range(months.first, months.last + 1):
        for unit, counted in (await platform[MONTHS].of(month)).items():
            sums[unit] += counted
    enough = [(unit, counted) for unit, counted in sums.items() if counted["received"] >= MIN_SHOWN]
    units = [unit_document(platform, *unit, counted, call.language) for unit, counted in enough]
    units.sort(key=lambda one: (-(one["on_time_percent"] or 0), one["department"]["code"], one["unit"]["code"]))
    return reply(call, {**months.document(), "items": units})


def unit_document(platform: Platform, code: str, unit: str, row: Mapping[str, int], language: str) -> dict[str, Any]:
    """One unit's line. A figure that comes from too few is null."""
    due, rated = row["answered"] + row["overdue"], row["rated"]
    return {
        **of_unit(platform, code, unit, language),
        "received": row["received"],
        "answered": row["answered"],
        "overdue": row["overdue"],
        "on_time_percent": round(100 * row["on_time"] / due) if due >= MIN_SHOWN else None,
        "mean_rating": round(row["stars"] / rated, 1) if rated >= MIN_SHOWN else None,
        "satisfied_percent": round(100 * row["satisfied"] / rated) if rated >= MIN_SHOWN else None,
    }


class AppealFigures(ChannelFigures):
    """How soon appeals are taken on, and how they are rated, by channel."""

    async def came(self, platform: Platform, begins: datetime, ends: datetime) -> Iterable[Came]:
        store = platform.store
        marks = dict(zip(("begins", "ends"), store.placeholders(2), strict=True))
        found = []
        for sql in (READ, RATED):
            text = sql.format(in_time=WITHIN_A_DAY[store.dialect], live=LIVE, **marks)
            found += await store.connection.execute_query_dict(text, [begins, ends])
        return [Came(what="appeal", within_s=86_400, **row) for row in map(dict, found)]
