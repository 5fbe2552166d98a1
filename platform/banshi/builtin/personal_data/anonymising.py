"""Taking what is personal out of a case that is over. Item, unit, states, times and ratings stay, for statistics.

First the case is marked, so that nobody moves it any more. Then goes whatever plugins, files and stored answers have of
it, and in one transaction, last, the case itself. Whoever is killed in between leaves a marked case, which the next
round takes up: nothing that has gone is needed for that.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from banshi.builtin.audit.leaving import blanking
from banshi.builtin.personal_data.forgetting import Forget, forget_around
from banshi.foundation.database.writes import Stale, Update, Write
from banshi.foundation.keys import Key
from banshi.kernel.contract.values import Who
from banshi.kernel.outbox import outbox
from banshi.kernel.outbox.events import LISTENERS
from banshi.kernel.runtime.running import Platform
from banshi.kernel.tables.cases import GOING, GONE, KEPT, Case, CaseEvent
from banshi.kernel.tables.passes import Pass

#: Plugins that keep something of cases offer here how what is personal in it goes, and what statistics count stays.
ANONYMISE_CASE: Key[Forget] = Key("anonymise a case")

#: What the last entry in such a case's audit is called.
ACTION = "anonymise"


async def anonymise(platform: Platform, case: Case) -> bool:
    """Take out of a case all that leads to a person; False where it has moved on, or can't yet and is tried again."""
    if case.content == KEPT and not await _mark(platform, case):
        return False
    events = await CaseEvent.filter(case_id=case.id)
    # What happened is still told to whoever listens; it names nobody.
    told = [f"{plugin}:{case.id}:{one.version}" for plugin, _ in platform.registry.offered(LISTENERS) for one in events]
    if await outbox.still_due(platform.store, told):
        return False
    if not await forget_around(platform, case, events, ANONYMISE_CASE):
        return False
    try:
        await platform.store.commit(_empty(platform, case, events))
    except Stale:
        return False  # another process was faster, or has sealed an entry of the audit meanwhile
    return True


async def _mark(platform: Platform, case: Case) -> bool:
    """Whether the case is ours now: it was as it was read."""
    marked = {"content": GOING, "version": case.version + 1}
    try:
        guard = {"id": case.id, "version": case.version, "content": KEPT}
        await platform.store.commit(Write(updates=[Update(Case, guard, marked)]))
    except Stale:
        return False
    case.update_from_dict(marked)
    return True


def _empty(platform: Platform, case: Case, events: Sequence[CaseEvent]) -> Write:
    """The case and its audit without whose they were, and the entry that says so."""
    values: dict[str, Any] = {
        "person": "",
        "person_name": "",
        "answers": {},
        "reason": None,
        "renews": None,
        "content": GONE,
    }
    entry = CaseEvent(
        case_id=case.id,
        version=case.version,
        at=platform.now(),
        action=ACTION,
        state_before=case.state,
        state=case.state,
        actor=Who.SYSTEM.value,
    )
    of_case = {"case_id": case.id}
    updates = [
        Update(Case, {"id": case.id, "content": GOING}, values),
        *(blanking(platform, event, _without_person(event)) for event in events),
        # Its number stays a place of the status list.
        Update(Pass, of_case, {"text": "", "phone": None, "revoked_reason": None}, rows=None),
        Update(Case, {"person": case.person, "renews": case.id}, {"renews": None}, rows=None),
    ]
    return Write(updates=updates, rows=[entry])


def _without_person(event: CaseEvent) -> dict[str, Any]:
    """What stays of an entry: which member of staff did what, and nothing of the citizen."""
    gone = {"reason": None, "details": None}
    return {**gone, "actor_id": ""} if event.actor == Who.CITIZEN.value else gone
