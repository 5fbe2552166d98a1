"""How what was found is stored: once a series and period, silenced where a dismissal says so, told as an event."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from datetime import date
from typing import Any
from uuid import UUID, uuid5

from banshi import Platform, Stale, Update, Write
from banshi.sdk.events import Event, event_rows
from insights.figures.categories import Category
from insights.findings.models import FIGURES, Finding

#: An event for whoever listens, such as an integrator's webhook.
FOUND = "banshi.insights.found"

#: Below it a finding's id is made of its series and period, and of why it is urgent.
NAMESPACE = UUID("6f9d5f3a-4b5e-4d6b-9c53-6c1d6c0f8f43")

#: A series, as findings and rules name it; and what a recount changes.
SERIES, COUNTED = ("category", "division", "grain"), (*FIGURES, "area", "level", "facts")


def made(platform: Platform, category: Category, division: str, grain: str, at: date, **values: Any) -> Finding:
    """A finding that is not stored. Of one series, period and urgent reason it always has the same id."""
    key = {"category": category.code, "division": division, "grain": grain, "at": at}
    why = [one for one in (values["facts"].get("urgent"),) if one]
    identity = uuid5(NAMESPACE, "/".join(map(str, (*key.values(), *why))))
    now = platform.now()
    return Finding(id=identity, **key, **values, department=category.department, state="open", found_at=now)


def covers(dismissed: Finding, later: Finding) -> bool:
    """Whether a dismissal says that this isn't told. Deaths and large losses are always told."""
    same = all(getattr(dismissed, name) == getattr(later, name) for name in SERIES)
    is_over = dismissed.until is None or later.at > dismissed.until
    is_more = dismissed.unless_over is not None and later.count > dismissed.unless_over
    return same and not is_over and not is_more and later.facts.get("urgent") not in {"deaths", "loss"}


async def keep(platform: Platform, found: Sequence[Finding]) -> list[Finding]:
    """Store what isn't there yet, and correct the figures of what nobody has decided about; what is to be told now."""
    there = {one.id: one for one in await Finding.filter(id__in=[one.id for one in found])}
    new = [one for one in found if one.id not in there]
    changed = [one for one in found if one.id in there and _is_changed(there[one.id], one)]
    about = {one.category for one in (*new, *changed)}
    rules = await Finding.filter(state="dismissed", category__in=about) if about else []
    for one in (*new, *changed):
        if rule := next((each for each in rules if covers(each, one)), None):
            one.state, one.silenced_by = "silenced", rule.id
    told = [one for one in new if one.state == "open"]
    if new:
        events = [row for one in told for row in event_rows(platform, _event(one))]
        await platform.store.commit(Write(unless_there=[*new, *events]))
    return told + [one for one in changed if await _corrected(platform, there[one.id], one)]


def _is_changed(before: Finding, now: Finding) -> bool:
    undecided = before.state in {"open", "silenced"}
    return undecided and any(getattr(before, name) != getattr(now, name) for name in COUNTED)


async def _corrected(platform: Platform, before: Finding, now: Finding) -> bool:
    """Correct its figures; whether no rule silences it any more, so that it is told."""
    if before.state == "open":
        now.state, now.silenced_by = "open", None
    rose = now.state != before.state
    values = {name: getattr(now, name) for name in (*COUNTED, "state", "silenced_by")}
    guard = {"id": now.id, "version": before.version, "state": before.state}
    update = Update(Finding, guard, {**values, "version": before.version + 1})
    with suppress(Stale):  # somebody has decided meanwhile
        await platform.store.commit(Write([update], event_rows(platform, _event(now)) if rose else []))
        return rose
    return False


def _event(one: Finding) -> Event:
    about: Any = {"source": "/v1/insights/findings", "subject": str(one.id), "department": one.department}
    data = {name: getattr(one, name) for name in ("category", "area", "level", "grain")} | {"count": one.told["count"]}
    return Event(id=f"{one.id}-found", type=FOUND, at=one.found_at, data={**data, "at": one.at.isoformat()}, **about)
