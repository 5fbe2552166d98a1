"""The route of series, for those who analyse a department's figures."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from banshi import Answer, Audience, Call, InvalidParameter, NotFound, Parameter, Principal, reply
from banshi.sdk.documents import TEXT, Record, array, named
from banshi.sdk.http import Routes
from insights.figures.calendar import days_beside
from insights.figures.categories import ANALYST, CATEGORIES, Category
from insights.figures.divisions import DIVISIONS
from insights.figures.series import STEPS, Series, series_of
from insights.sentences import say

ROUTES = Routes("insights")

#: Periods that are told where nobody says how many weeks, and weeks at most.
DEFAULT_WEEKS, MAX_WEEKS = 52, 520

_COUNT = {"type": ["integer", "null"], "minimum": 0}
_DAY = {"type": "string", "format": "date"}
_PERIOD = Record(
    first={**_DAY, "description": "Its Monday, or the day."},
    count={**_COUNT, "description": "null where nobody knows."},
    loss={**_COUNT, "description": "Yuan in all."},
    deaths=_COUNT,
    open={"type": "boolean", "description": "Whether it isn't closed: what comes late still changes it."},
    beside=array(TEXT),
)
_CODED = Record(code=TEXT, title=TEXT)
SERIES = Record(
    category=_CODED,
    department=TEXT,
    division=_CODED,
    grain={"enum": ["week", "day"]},
    begins={"type": ["string", "null"], "format": "date", "description": "Where the division came of a split: then."},
    periods=array(_PERIOD),
)
PARAMETERS = (
    Parameter("category", {"type": "string", "maxLength": 64}, "Only this one, by its code."),
    Parameter(
        "division", {"type": "string", "maxLength": 12}, "6, 9 or 12 digits; the whole city where it is left out."
    ),
    Parameter("grain", {"type": "string", "enum": ["week", "day"]}, "By week, or by day."),
    Parameter("weeks", {"type": "integer", "minimum": 1, "maximum": MAX_WEEKS}, "How many, up to this one."),
)


def may_analyse(principal: Principal, category: Category) -> bool:
    """Whether somebody analyses the figures of a category's department."""
    return principal.may(ANALYST, category.department, "")


@ROUTES.get(
    "/v1/insights/series",
    Audience.STAFF,
    {200: Answer("By category.", Record(items=array(SERIES))), 404: Answer("You analyse no such category.")},
    parameters=PARAMETERS,
)
async def show_series(call: Call) -> web.StreamResponse:
    """Show what was counted in a division, week by week: of the departments whose analyst the caller is."""
    platform, code = call.platform, call.query.get("category")
    own = {one.code: one for one in platform[CATEGORIES].values() if may_analyse(call.principal, one)}
    if code is not None and code not in own:
        raise NotFound
    try:
        division = platform[DIVISIONS].known(str(call.query.get("division", "")))
    except ValueError:
        raise InvalidParameter(say("There is no such division in this city."), parameter="division") from None
    asked = [own[code]] if code is not None else [*own.values()]
    weeks, grain = int(call.query.get("weeks", DEFAULT_WEEKS)), call.query.get("grain", "week")
    found = await series_of(platform, asked, weeks=weeks, grain=grain)
    return reply(
        call, {"items": [_document(call, own[one.category], one) for one in found if one.division == division]}
    )


def _document(call: Call, category: Category, one: Series) -> dict[str, Any]:
    divisions, days = call.platform[DIVISIONS], STEPS[one.grain].days
    begins = divisions.begins(one.division)
    figures = zip(one.periods, one.counts, one.losses, one.deaths, strict=True)
    return {
        "category": named(category.code, category.title, call.language),
        "department": category.department,
        "division": named(one.division, divisions.title(one.division), call.language),
        "grain": one.grain,
        "begins": begins.isoformat() if begins else None,
        "periods": [
            {
                "first": first.isoformat(),
                "count": count,
                "loss": loss,
                "deaths": deaths,
                "open": first >= one.open_from,
                "beside": days_beside(call.platform, first, call.language, days),
            }
            for first, count, loss, deaths in figures
        ],
    }
