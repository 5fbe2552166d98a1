"""How what was found is stored: once a series and period, silenced where a dismissal says so, told as an event."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import suppress
from datetime import date
from typing import Any
from uuid import UUID, uuid5

from banshi import Platform, Stale, Update, Write
from banshi.sdk.events import Event, event_rows
from insights.figures.categories import CATEGORIES, Category
from insights.findings.models import FIGURES, Finding
from insights.settings import Urgent

#: An event for whoever listens, such as an integrator's webhook.
FOUND = "banshi.insights.found"

#: Below it a finding's id is made of its series and period, and of whether it is urgent.
NAMESPACE = UUID("6f9d5f3a-4b5e-4d6b-9c53-6c1d6c0f8f43")

#: A series, as findings and rules name it; and what a recount changes.
SERIES, COUNTED = ("category", "division", "grain"), (*FIGURES, "area", "level", "facts")

#: What nobody has decided about, and what is decided.
SHOWN, DECIDED = ("open", "silenced"), ("drafted", "dismissed")


def made(platform: Platform, category: Category, division: str, grain: str, at: date, **values: Any) -> Finding:
    """A finding that is not stored. Of one series and period it always has the same id, and another where urgent."""
    key = {"category": category.code, "division": division, "grain": grain, "at": at}
    why = ["urgent"] if values["level"] == "urgent" else []
    identity = uuid5(NAMESPACE, "/".join(map(str, (*key.values(), *why))))
    now = platform.now()
    return Finding(id=identity, **key, **values, department=category.department, state="open", found_at=now)


def covers(dismissed: Finding, later: Finding) -> bool:
    """Whether a dismissal says that this isn't told. Deaths and large losses are always told."""
    same = all(getattr(dismissed, name) == getattr(later, name) for name in SERIES)
    is_over = dismissed.until is None or later.at > dismissed.until
    is_more = dismissed.unless_over is not None and later.count > dismissed.unless_over
    return same and not is_over and not is_more and later.facts.get("urgent") not in {"deaths", "loss"}


def grown(urgent: Urgent, before: Finding, now: Finding) -> str:
    """By what it is more than what was decided about, so that it is found anew: deaths, loss, count; "" if it isn't."""
    if before.state not in DECIDED:
        return ""
    if now.level == "urgent":
        if urgent.deaths and (now.deaths or 0) > (before.deaths or 0):
            return "deaths"
        single, known = ((one.facts.get("largest_loss") or 0) for one in (now, before))
        large = (now.loss or 0) - (before.loss or 0) >= urgent.loss or (single >= urgent.loss and single > known)
        if urgent.loss and large:
            return "loss"
    return "count" if before.unless_over is not None and now.count > before.unless_over else ""


async def keep(platform: Platform, found: Sequence[Finding], looked: Iterable[Finding] = ()) -> list[Finding]:
    """Store what isn't there yet, correct the figures of what nobody has decided about; what is to be told now.

    Args:
        found: What rose, or is urgent.
        looked: What was found before of the same periods, and is withdrawn where it isn't any more.
    """
    there = await _there(platform, found)
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
    still = {one.id for one in found}
    for one in looked:
        if one.id not in still and one.state in SHOWN:
            await _write(platform, one, {"state": "withdrawn"})
    return told + [one for one in changed if await _corrected(platform, there[one.id], one)]


async def _there(platform: Platform, found: Sequence[Finding]) -> dict[UUID, Finding]:
    """What is stored of it. What grew after somebody had decided is a finding of its own, behind the decided one."""
    there, asked = dict[UUID, Finding](), list(found)
    while asked:
        rows = {one.id: one for one in await Finding.filter(id__in=[one.id for one in asked])}
        there, more = there | rows, []
        for one in asked:
            urgent = platform[CATEGORIES][one.category].thresholds.urgent
            if one.id in rows and (why := grown(urgent, rows[one.id], one)):
                one.id = uuid5(NAMESPACE, str(one.id))
                one.facts |= {"urgent": why} if one.level == "urgent" else {}
                more.append(one)
        asked = more
    return there


def _is_changed(before: Finding, now: Finding) -> bool:
    changed = before.state == "withdrawn" or any(getattr(before, name) != getattr(now, name) for name in COUNTED)
    return before.state not in DECIDED and changed


async def _corrected(platform: Platform, before: Finding, now: Finding) -> bool:
    """Correct its figures; whether no rule silences it any more, so that it is told."""
    if before.state == "open":
        now.state, now.silenced_by = "open", None
    rose = now.state == "open" != before.state
    values = {name: getattr(now, name) for name in (*COUNTED, "state", "silenced_by")}
    return await _write(platform, before, values, _event(now) if rose else None) and rose


async def _write(platform: Platform, before: Finding, values: dict[str, Any], event: Event | None = None) -> bool:
    """Whether it could be written: somebody may have decided meanwhile."""
    guard = {"id": before.id, "version": before.version, "state": before.state}
    update = Update(Finding, guard, {**values, "version": before.version + 1})
    with suppress(Stale):
        await platform.store.commit(Write([update], unless_there=event_rows(platform, event) if event else []))
        return True
    return False


def _event(one: Finding) -> Event:
    about: Any = {"source": "/v1/insights/findings", "subject": str(one.id), "department": one.department}
    data = {name: getattr(one, name) for name in ("category", "area", "level", "grain")} | {"count": one.told["count"]}
    return Event(id=f"{one.id}-found", type=FOUND, at=one.found_at, data={**data, "at": one.at.isoformat()}, **about)
