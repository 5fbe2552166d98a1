"""The routes of the worklist, and of figures about the work."""

from __future__ import annotations

import uuid
from collections import Counter
from datetime import date, timedelta
from typing import Any

from aiohttp import web

from banshi.builtin.identity.access import ACCESS
from banshi.builtin.worklist import figures
from banshi.builtin.worklist.waiting import WORK, most_urgent, places_of
from banshi.kernel.cases import actors
from banshi.kernel.cases.representations import TO_FIRST_CASE, case_summary
from banshi.kernel.contract.route_table import Routes
from banshi.kernel.contract.routes import Answer, Audience, Call, Parameter
from banshi.kernel.contract.values import text_in
from banshi.kernel.http.document_schemas import TEXT, Record, array, ref
from banshi.kernel.http.months import MIN_SHOWN
from banshi.kernel.http.responses import PAGE_PARAMETERS, Page, from_cursor, limit_of, page_answer, reply

ROUTES = Routes("staff")

#: Weeks that are told where nobody says how many, and at most.
DEFAULT_WEEKS, MAX_WEEKS = 12, 53

_COUNT = {"type": ["integer", "null"], "minimum": 0}
_WORK: dict[str, Any] = {
    "received": {**_COUNT, "description": "Handed in then."},
    "decided": {**_COUNT, "description": "Of those, decided by now."},
    "overdue": {**_COUNT, "description": "Of those, not decided, although the day is past."},
    "on_time_percent": {
        "type": ["integer", "null"],
        "minimum": 0,
        "maximum": 100,
        "description": "Of those decided or overdue that have a time limit.",
    },
    "mean_days": {"type": ["number", "null"], "description": "Used until the decision, counted as the limit is."},
}
_CODED = Record(code=TEXT, title=TEXT)
LINE = Record(
    department=_CODED,
    unit=_CODED,
    waiting={**_COUNT, "description": "For staff, now."},
    late={**_COUNT, "description": "Of those, past their day."},
    over_week={**_COUNT, "description": f"Of those, handed in more than {figures.LONG_DAYS} days ago."},
    over_month={**_COUNT, "description": f"Of those, handed in more than {figures.VERY_LONG_DAYS} days ago."},
    **_WORK,
    weeks=array(Record(week={"type": "string", "format": "date", "description": "Its Monday."}, **_WORK)),
)
FEWEST = {
    "type": "integer",
    "description": "A figure from 1 up to less than these is null; so is what comes from fewer.",
}
WEEKS = Parameter("weeks", {"type": "integer", "minimum": 1, "maximum": MAX_WEEKS}, "How many, up to this one.")


@ROUTES.get(
    "/v1/worklist", Audience.STAFF, {200: page_answer(ref("CaseSummary"), TO_FIRST_CASE)}, parameters=PAGE_PARAMETERS
)
async def worklist(call: Call) -> web.StreamResponse:
    """List the cases on which the caller may act, the most urgent first."""
    store, limit = call.platform.store, limit_of(call)
    places = places_of(call.platform[WORK].get(), call.principal.roles)
    rows = await most_urgent(
        store, places, not_of=call.principal.subject, after=from_cursor(call, _place), limit=limit + 1
    )
    shown = rows[:limit]
    next_after = f"{shown[-1].urgency}/{shown[-1].id}" if len(rows) > limit else None
    # A row names nobody. What its citizen was told last may.
    await actors.record_reading(actors.Actor(call.principal), [case for case in shown if case.reason])
    documents = [case_summary(call.platform, case, call.language) for case in shown]
    return reply(call, Page(documents, next_after).document())


@ROUTES.get(
    "/v1/statistics/cases",
    Audience.STAFF,
    {200: Answer("By unit; the oldest week first.", Record(fewest=FEWEST, items=array(LINE)))},
    parameters=[WEEKS],
)
async def case_statistics(call: Call) -> web.StreamResponse:
    """Show how much waits, for how long, and how punctually cases are decided, by unit and week.

    The units are those whose cases the caller's roles read. Test cases don't count.
    """
    platform = call.platform
    roles = platform[ACCESS].reading_roles(call.principal)
    last, count = figures.monday(platform.today()), int(call.query.get("weeks", DEFAULT_WEEKS))
    mondays = [last - timedelta(weeks=ago) for ago in reversed(range(count))]
    weeks = {week: await figures.came_in(platform, week) for week in mondays}
    waiting = await figures.waiting(platform, sorted({role.department for role in roles}))
    units = {*waiting, *(unit for counted in weeks.values() for unit in counted)}
    own = sorted(one for one in units if any((role.department, role.unit or one[1]) == one for role in roles))
    lines = [
        _line(call, *one, waiting.get(one, Counter()), {week: weeks[week][one] for week in mondays}) for one in own
    ]
    return reply(call, {"fewest": MIN_SHOWN, "items": lines})


def _line(call: Call, code: str, unit: str, waiting: Counter[str], weeks: dict[date, Counter[str]]) -> dict[str, Any]:
    department = call.platform.registry.departments.get(code)
    titles = {one.code: text_in(one.title, call.language) for one in department.units} if department else {}
    return {
        "department": {"code": code, "title": text_in(department.title, call.language) if department else code},
        "unit": {"code": unit, "title": titles.get(unit, unit)},
        **{name: figures.shown(waiting[name]) for name in ("waiting", "late", "over_week", "over_month")},
        **figures.of_work(sum(weeks.values(), Counter())),
        "weeks": [{"week": week.isoformat(), **figures.of_work(counted)} for week, counted in weeks.items()],
    }


def _place(cursor: str) -> tuple[date, uuid.UUID]:
    due, _, identity = cursor.partition("/")
    return date.fromisoformat(due), uuid.UUID(identity)
