"""Findings as staff read them: in the list, and whole with the suggested text, the warning, and the series after it."""

from __future__ import annotations

from datetime import date
from typing import Any

from banshi import Call
from banshi.sdk.documents import ID, LINKS, MAYBE_MOMENT, MAYBE_TEXT, MOMENT, TEXT, Record, array, named
from insights.figures.calendar import WEEK, days_beside, monday
from insights.figures.categories import CATEGORIES
from insights.figures.divisions import DIVISIONS
from insights.figures.series import one_series
from insights.findings.deciding import permitted
from insights.findings.drafting import warning, wording
from insights.findings.drafting.numbers import numbers_in, unfounded
from insights.findings.models import Finding, FindingStep
from insights.findings.reading import ACTIONS, LEVELS, STATES, WENT_OUT, state_of, warning_of
from insights.settings import SETTINGS

#: Weeks or days behind a finding that are shown.
PERIODS_AFTER = 12

DAY = {"type": "string", "format": "date"}
COUNT: Any = {"type": ["integer", "null"], "minimum": 0}
FIGURE, NUMBER, MAYBE = {"type": ["number", "null"]}, {"type": "integer"}, {"type": ["object", "null"]}
_CODED: Any = Record(code=TEXT, title=TEXT)
_NUMBERS = ("expected", "upper", "p", "chance_per_year", "before", "last_year", "percent", "largest_loss")

SUMMARY = Record(
    id=ID,
    **dict.fromkeys(("category", "department"), _CODED),
    division={**_CODED, "description": "Where it was counted; the whole city has no code."},
    area={**_CODED, "description": "As which it is told: what lies over it, where fewer than 5 were counted."},
    level={"type": "string", "enum": list(LEVELS)},
    grain={"type": "string", "enum": ["week", "day"]},
    at={**DAY, "description": "The week's Monday, or the day."},
    count=NUMBER,
    loss={**COUNT, "description": "Yuan; null where nobody has told."},
    deaths=COUNT,
    upper={**FIGURE, "description": "The bound that it is above; null of what is urgent by its own rule."},
    state={"type": "string", "enum": list(STATES), "description": "Of a draft what became of its warning."},
    version=NUMBER,
    found_at=MOMENT,
)
_PLACE = Record(division={**_CODED, "type": ["object", "null"]}, **dict.fromkeys(("count", "loss"), COUNT))
_WHY = Record(
    **dict.fromkeys(("urgent", "method", "since"), MAYBE_TEXT),
    **dict.fromkeys(_NUMBERS, FIGURE),
    at_most={**COUNT, "description": "With so many it would not have been told."},
    beside=array(TEXT, description="Holidays and make-up days of the week."),
    places=array(_PLACE, description="Right below it; the last, without a division, of where few are."),
    points=array(Record(at=DAY, count=COUNT, **dict.fromkeys(("expected", "upper"), FIGURE))),
)
_AFTER = Record(
    weeks=array(Record(at=DAY, count=COUNT, closed={"type": "boolean"})),
    fell={
        "type": ["boolean", "null"],
        "description": "Whether the last that is closed is back below the bound: of those after its warning, if sent.",
    },
)
_WARNING = Record(
    id=ID,
    **dict.fromkeys(("kind", "state", "author", "approver"), TEXT),
    **dict.fromkeys(("title", "body"), LINKS),
    published_at=MAYBE_MOMENT,
    unfounded=array(TEXT, description="Numbers in its text that the finding doesn't have."),
    too_long=array(TEXT, description="Pointers to what is longer than a lock screen shows."),
)
_ENTRY = Record(version=NUMBER, at=MOMENT, **dict.fromkeys(("action", "state", "actor", "reason"), TEXT))
_RULE = Record(until=DAY, unless_over=COUNT)
WHOLE = Record(
    **SUMMARY["properties"],
    why=_WHY,
    after=_AFTER,
    suggestion={**Record(title=LINKS, body=LINKS), **MAYBE},
    most_chars={"type": "object", "description": "Characters that a lock screen shows: title and body, by language."},
    warning={**_WARNING, **MAYBE},
    rule={**_RULE, **MAYBE},
    permitted_actions=array({"type": "string", "enum": list(ACTIONS)}),
    history=array(_ENTRY),
)


def summary(call: Call, one: Finding, state: str = "") -> dict[str, Any]:
    """A finding in a list. `state` is what became of its warning."""
    platform, category = call.platform, call.platform[CATEGORIES].get(one.category)
    department, upper = platform.registry.departments.get(one.department), one.facts.get("upper")
    coded = {
        "category": named(one.category, category.title if category else None, call.language),
        "department": named(one.department, department.title if department else None, call.language),
        **{name: _place(call, getattr(one, name)) for name in ("division", "area")},
    }
    return SUMMARY.of(platform, one, **coded, upper=upper, state=state or one.state)


def _place(call: Call, division: str | None) -> dict[str, str] | None:
    return None if division is None else named(division, call.platform[DIVISIONS].title(division), call.language)


async def whole(call: Call, one: Finding) -> dict[str, Any]:
    """All of a finding."""
    platform, category = call.platform, call.platform[CATEGORIES].get(one.category)
    steps = await FindingStep.filter(finding_id=one.id).order_by("version")
    rule = await Finding.get_or_none(id=one.silenced_by or one.id, state="dismissed")
    days = 7 if one.grain == "week" else 1
    facts = {"beside": days_beside(platform, one.at, call.language, days), "points": []}
    facts |= {name: one.facts[name] for name in _WHY["properties"] if name in one.facts}
    warned = await _warning(call, one)
    is_told = warned is not None and warned["state"] in WENT_OUT
    places = [{**each, "division": _place(call, each["division"])} for each in one.facts.get("places", ())]
    return {
        **summary(call, one, state_of(one, warned)),
        "why": {**dict.fromkeys(_WHY["properties"]), **facts, "places": places},
        "after": await _after(call, one, (warned or {}).get("published_at")),
        "most_chars": platform[SETTINGS].most_chars,
        "suggestion": wording.suggestion(platform, category, one) if category and one.state == "open" else None,
        "warning": warned,
        "rule": _RULE.of(platform, rule) if rule else None,
        "permitted_actions": [] if is_told else permitted(call, one),
        "history": [_ENTRY.of(platform, each) for each in steps],
    }


async def _after(call: Call, one: Finding, warned: str | None) -> dict[str, Any]:
    """The weeks or days behind it, and whether it fell: those say so that are closed, and behind its warning."""
    ago, most = (monday(call.platform.today()) - monday(one.at)) // WEEK, one.facts.get("at_most")
    grain: Any = "week" if one.level == "urgent" else one.grain
    # From its own week on: a series in which nothing was counted since is none.
    series = await one_series(call.platform, one.category, one.division, ago, grain)
    figures, until = (zip(series.periods, series.counts, strict=True), series.open_from) if series else ((), one.at)
    later = [(at, count) for at, count in figures if at > one.at][:PERIODS_AFTER]
    since = date.fromisoformat(warned[:10]) if warned else one.at
    known = [count for at, count in later if since < at < until and count is not None]
    weeks = [{"at": at.isoformat(), "count": count, "closed": at < until} for at, count in later]
    return {"weeks": weeks, "fell": known[-1] <= most if known and most is not None else None}


async def _warning(call: Call, one: Finding) -> dict[str, Any] | None:
    record, category = await warning_of(call.platform, one, call.language), call.platform[CATEGORIES].get(one.category)
    if record is None or category is None:
        return None
    advice = await warning.advice_of(call.platform, category)
    texts = {name: record[name] for name in ("title", "body")}
    suggested = wording.suggestion(call.platform, category, one)
    page = wording.page(call.platform, one, advice)
    known = [*wording.known_numbers(one, [page, *suggested.values()])]
    own = [float(value * unit) for text in page.values() for _, value, unit in numbers_in(text)]
    odd = [*unfounded(texts, known), *unfounded({"content": record["content"] or {}}, known + own)]
    too_long = [at for at, _ in wording.too_long(call.platform[SETTINGS].most_chars, texts)]
    shown = {name: record[name] for name in _WARNING["properties"] if name in record}
    return {**shown, "unfounded": [*dict.fromkeys(odd)], "too_long": too_long}
