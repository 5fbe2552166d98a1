"""The route of figures about the work, by unit and week."""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta
from typing import Any

from aiohttp import web

from banshi.builtin.worklist import figures
from banshi.builtin.worklist.channels import shown_figure
from banshi.kernel.contract.route_table import Routes
from banshi.kernel.contract.routes import Answer, Audience, Call, Parameter
from banshi.kernel.http.document_schemas import TEXT, Record, array
from banshi.kernel.http.months import MIN_SHOWN
from banshi.kernel.http.responses import reply

ROUTES = Routes("statistics")

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
    "/v1/statistics/cases",
    Audience.STAFF,
    {200: Answer("By unit; the oldest week first.", Record(fewest=FEWEST, items=array(LINE)))},
    parameters=[WEEKS],
)
async def case_statistics(call: Call) -> web.StreamResponse:
    """Show how much waits, for how long, and how punctually cases are decided, by unit and week.

    The units are those whose cases the caller's roles read. Test cases don't count.
    """
    platform, access = call.platform, call.principal.access
    roles = access.reading_roles(call.principal) if access else ()
    count, last = int(call.query.get("weeks", DEFAULT_WEEKS)), platform.today()
    last -= timedelta(days=last.weekday())
    mondays = [last - timedelta(weeks=ago) for ago in reversed(range(count))]
    weeks = {week: await platform[figures.WEEKS].of(week) for week in mondays}
    waiting = await figures.waiting(platform, sorted({role.department for role in roles}))
    units = {*waiting, *(unit for counted in weeks.values() for unit in counted)}
    own = sorted(one for one in units if any((role.department, role.unit or one[1]) == one for role in roles))
    lines = [
        _line(call, *one, waiting.get(one, Counter()), {week: weeks[week][one] for week in mondays}) for one in own
    ]
    return reply(call, {"fewest": MIN_SHOWN, "items": lines})


def _line(call: Call, code: str, unit: str, waiting: Counter[str], weeks: dict[date, Counter[str]]) -> dict[str, Any]:
    return {
        **figures.of_unit(call.platform, code, unit, call.language),
        **{name: shown_figure(waiting[name]) for name in ("waiting", "late", "over_week", "over_month")},
        **figures.of_work(sum(weeks.values(), Counter())),
        "weeks": [{"week": week.isoformat(), **figures.of_work(counted)} for week, counted in weeks.items()],
    }
