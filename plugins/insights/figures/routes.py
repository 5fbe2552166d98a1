"""The route of series, for those who analyse a department's figures."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from banshi import Answer, Audience, Call, InvalidParameter, NotFound, Parameter, reply
from banshi.sdk.documents import MAYBE_TEXT, TEXT, Record, array, named
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
_PERIOD = Record(
    first={"type": "string", "format": "date", "description": "Its Monday, or the day."},
    count={**_COUNT, "description": "null where nobody knows."},
    loss={**_COUNT, "description": "Yuan in all."},
    open={"type": "boolean", "description": "Whether it isn't closed: what comes late still changes it."},
    beside=array(TEXT),
)
_CODED = Record(code=TEXT, title=TEXT)
SERIES = Record(
    category=_CODED,
    division=_CODED,
    grain=TEXT,
    begins={**MAYBE_TEXT, "description": "The day on which the division came of a split."},
    periods=array(_PERIOD),
)
PARAMETERS = (
    Parameter("category", {"type": "string", "maxLength": 64}, "Only this one, by its code."),
    Parameter("division", {"type": "string", "maxLength": 12}, "Its digits; the whole city where it is left out."),
    Parameter("grain", {"type": "string", "enum": [*STEPS]}, "By week, or by day."),
    Parameter("weeks", {"type": "integer", "minimum": 1, "maximum": MAX_WEEKS}, "How many, up to this one."),
)


@ROUTES.get(
    "/v1/insights/series",
    Audience.STAFF,
    {200: Answer("By category.", Record(items=array(SERIES))), 404: Answer("You analyse no such category.")},
    parameters=PARAMETERS,
)
async def show_series(call: Call) -> web.StreamResponse:
    """Show what was counted in a division, week by week: of the departments whose analyst the caller is."""
    platform, code = call.platform, call.query.get("category")
    known = platform[CATEGORIES].values()
    own = {one.code: one for one in known if call.principal.may(ANALYST, one.department, "")}
    if code is not None and code not in own:
        raise NotFound
    try:
        division = platform[DIVISIONS].known(str(call.query.get("division", "")))
    except ValueError:
        raise InvalidParameter(say("There is no such division in this city."), parameter="division") from None
    asked = [own[code]] if code is not None else [*own.values()]
    weeks, grain = int(call.query.get("weeks", DEFAULT_WEEKS)), call.query.get("grain", "week")
    found = await series_of(platform, asked, weeks=weeks, grain=grain, division=division)
    return reply(call, {"items": [_document(call, own[one.category], one) for one in found]})


def _document(call: Call, category: Category, one: Series) -> dict[str, Any]:
    divisions, days = call.platform[DIVISIONS], STEPS[one.grain].days
    return {
        "category": named(category.code, category.title, call.language),
        "division": named(one.division, divisions.title(one.division), call.language),
        "grain": one.grain,
        "begins": str(divisions.begins(one.division) or "") or None,
        "periods": [
            {
                "first": first.isoformat(),
                "count": count,
                "loss": loss,
                "open": first >= one.open_from,
                "beside": days_beside(call.platform, first, call.language, days),
            }
            for first, count, loss in zip(one.periods, one.counts, one.losses, strict=True)
        ],
    }
