"""How what was found is stored: once a series and period, silenced where a dismissal says so, told as an event."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID, uuid5

from tortoise.expressions import F

from banshi import Platform, Write
from banshi.sdk.events import Event, event_rows
from insights.figures.categories import Category
from insights.findings.models import Finding

#: An event for whoever listens, such as an integrator's webhook.
FOUND = "banshi.insights.found"

#: Below it a finding's id is made of its series and period.
NAMESPACE = UUID("6f9d5f3a-4b5e-4d6b-9c53-6c1d6c0f8f43")

#: A series, as findings and rules name it; and what a recount changes.
SERIES, COUNTED = ("category", "division", "grain"), ("count", "loss", "deaths", "area", "level", "facts")


def made(platform: Platform, category: Category, division: str, grain: str, at: date, **values: Any) -> Finding:
    """A finding that is not stored. Of one series and period it always has the same id."""
    key = {"category": category.code, "division": division, "grain": grain, "at": at}
    identity = uuid5(NAMESPACE, "/".join(map(str, key.values())))
    now = platform.now()
    return Finding(id=identity, **key, **values, department=category.department, state="open", found_at=now)


def covers(dismissed: Finding, later: Finding) -> bool:
    """Whether a dismissal says that this isn't told. Deaths and large losses are always told."""
    same = all(getattr(dismissed, name) == getattr(later, name) for name in SERIES)
    is_over = dismissed.until is None or later.at > dismissed.until
    is_more = dismissed.unless_over is not None and later.count > dismissed.unless_over
    return same and not is_over and not is_more and later.facts.get("urgent") not in {"deaths", "loss"}


async def keep(platform: Platform, found: Sequence[Finding]) -> list[Finding]:
    """Store what isn't there yet, and correct the figures of what nobody has decided about; what is new and open."""
    there = {one.id: one for one in await Finding.filter(id__in=[one.id for one in found])}
    new = [one for one in found if one.id not in there]
    rules = await Finding.filter(state="dismissed", category__in={one.category for one in new}) if new else []
    for one in new:
        if rule := next((each for each in rules if covers(each, one)), None):
            one.state, one.silenced_by = "silenced", rule.id
    told = [one for one in new if one.state == "open"]
    if new:
        events = [row for one in told for row in event_rows(platform, _event(one))]
        await platform.store.commit(Write(unless_there=[*new, *events]))
    for one in found:
        if one.id in there and (one.count, one.loss) != (there[one.id].count, there[one.id].loss):
            values = {name: getattr(one, name) for name in COUNTED}
            await Finding.filter(id=one.id, state="open").update(**values, version=F("version") + 1)
    return told


def _event(one: Finding) -> Event:
    about: Any = {"source": "/v1/insights/findings", "subject": str(one.id), "department": one.department}
    data = {name: getattr(one, name) for name in ("category", "area", "level", "grain", "count")}
    return Event(id=f"{one.id}-found", type=FOUND, at=one.found_at, data={**data, "at": one.at.isoformat()}, **about)
