"""Cases that have been over for long lose what is personal: which these are, and since when.

How long is said by outcome: by the item, else for its kind, else for all (`settings.Retention`). A case counts from its
last step, as its audit has it too, and one whose pass is still good waits for the pass.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import structlog

from banshi.builtin.personal_data.anonymising import anonymise
from banshi.foundation.logs import place_of
from banshi.foundation.time.periods import Period
from banshi.kernel.contract.items import TEST
from banshi.kernel.contract.kinds import Kind
from banshi.kernel.contract.values import Item
from banshi.kernel.http.pages import pages
from banshi.kernel.loading.settings import Retention
from banshi.kernel.runtime.running import Platform
from banshi.kernel.tables.cases import GOING, KEPT, Case, CaseEvent
from banshi.kernel.tables.passes import Pass

log = structlog.get_logger("banshi.retention")

#: Cases that are looked at in one step.
CASES_AT_ONCE = 100

#: What a period is called that is for all outcomes that none is said for.
DEFAULT = "default"


async def anonymise_old_cases(platform: Platform) -> int:
    """One round; how many lost what was personal. One that can't keeps no other, and is tried again in the next."""
    done = 0
    async for case in _due(platform):
        try:
            done += await anonymise(platform, case)
        except Exception as error:
            about = {"case": str(case.id), "error": type(error).__name__, "where": place_of(error)}
            log.error("a case could not be anonymised; it is tried again", **about)
    if done:
        log.info("cases were anonymised", cases=done)
    return done


def outcomes_of(kind: Kind, item: Item | None) -> Mapping[str, str]:
    """The states in which a case of the kind is over, each with what its outcome is called."""
    if kind.outcomes or item is None:
        return kind.outcomes
    ends = {step.to for step in item.steps} - {step.state for step in item.steps}
    return {state: state for state in sorted(ends)}


def period_of(rules: Retention, kind: str, item: Item | None, outcome: str) -> Period:
    """How long a case with that outcome is kept. `item` is None where its plugin is gone."""
    of_item, of_kind = item.retention if item else {}, rules.kinds.get(kind, {})
    for said in (of_item, of_kind, rules.outcomes):
        for name in (outcome, DEFAULT):
            if name in said:
                return said[name]
    return rules.default


@dataclass(frozen=True, slots=True)
class End:
    """From when on a case may lose what is personal: by itself, and where its person asks for it."""

    by_itself: datetime
    on_request: datetime


async def ends_of(platform: Platform, cases: Sequence[Case]) -> dict[UUID, End | None]:
    """When these cases end, by their ids: two questions, however many they are.

    None while one isn't over, or where its audit doesn't say that it is: somebody else has moved it.
    """
    ids = [case.id for case in cases]
    steps: dict[UUID, list[CaseEvent]] = defaultdict(list)
    entries: Sequence[Any] = await CaseEvent.filter(case_id__in=ids).order_by("version")
    for step in entries:
        steps[step.case_id].append(step)
    good: dict[UUID, datetime] = {}
    passes: Sequence[Any] = await Pass.filter(case_id__in=ids, revoked_at=None)
    for one in passes:
        good[one.case_id] = max(one.expires_at, good.get(one.case_id, one.expires_at))
    return {case.id: _end(platform, case, steps[case.id], good.get(case.id)) for case in cases}


def _end(platform: Platform, case: Case, steps: Sequence[CaseEvent], good: datetime | None) -> End | None:
    # As the case was read: somebody may move it in this moment.
    steps = [step for step in steps if step.version <= case.version]
    came = next((one for one in reversed(steps) if one.state == case.state != one.state_before), None)
    outcome = _outcome(platform, case, came)
    if outcome is None or not steps or steps[-1].state != case.state:
        return None
    since = max(case.updated_at, came.at) if came else case.updated_at
    item = platform.registry.items.of(case.item)
    until = period_of(platform.settings.retention, case.kind, item, outcome).after(since)
    least = platform.settings.retention.least
    said = least.get(outcome, least.get(DEFAULT))
    earliest = min(until, said.after(since)) if said else until
    return End(max(until, good), max(earliest, good)) if good else End(until, earliest)


def _outcome(platform: Platform, case: Case, came: CaseEvent | None) -> str | None:
    """What the outcome of a case is called that came into its state by that step; None while it isn't over."""
    item, kind = platform.registry.items.of(case.item), platform.registry.kinds.get(case.kind)
    outcomes = outcomes_of(kind, item) if kind else {}
    outcome = outcomes.get(case.state)
    if outcome == "":
        return (outcomes.get(came.state_before) if came else None) or case.state
    return outcome


async def _due(platform: Platform) -> AsyncIterator[Case]:
    """What an earlier round had begun, then what is over for long enough, item by item."""
    async for going in pages(Case.filter(content=GOING), "id", size=CASES_AT_ONCE):
        ends = await ends_of(platform, going)
        for case in going:
            # Its person may have asked for it, who may earlier than others.
            end = ends[case.id]
            if end is not None and end.on_request <= platform.now():
                yield case
            else:
                _leave(case, end.on_request if end else None)
    # By the cases themselves, since an item may be gone: one look into the index for each.
    live, code = Case.filter(content=KEPT), ""
    while first := await live.filter(item__gt=code).order_by("item").first():
        code = first.item
        async for case in _due_of_item(platform, first):
            yield case


def _leave(case: Case, until: datetime | None) -> None:
    """Say that a case isn't touched which its row has as due: nobody but the platform may mark it or move it."""
    told = f"it is kept until {until.isoformat()}" if until else "its newest entry does not say that it is over"
    log.error("a case is not as its audit has it; it is left alone", case=str(case.id), why=told)


async def _due_of_item(platform: Platform, one: Case) -> AsyncIterator[Case]:
    """The cases of the item that `one` is of which are over for long enough."""
    registry, now = platform.registry, platform.now()
    item, kind = registry.items.of(one.item), registry.kinds.get(one.kind)
    outcomes = outcomes_of(kind, item) if kind else {}
    for state, outcome in outcomes.items():
        # What it was before it was filed is known case by case: here the shortest counts.
        named = [outcome] if outcome else [*outcomes.values(), state]
        before = max(period_of(platform.settings.retention, one.kind, item, name).before(now) for name in named if name)
        old = Case.filter(content=KEPT, item=one.item, state=state, updated_at__lt=before).exclude(mode=TEST)
        # Those without a name have a leaving of their own.
        async for found in pages(old.exclude(person=""), "updated_at", "id", size=CASES_AT_ONCE):
            ends = await ends_of(platform, found)
            for case in found:
                end = ends[case.id]
                if end is None:
                    _leave(case, None)
                elif end.by_itself <= now:
                    yield case
