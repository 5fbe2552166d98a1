"""A case in other hands: what was filed for somebody becomes the account's that has shown whose it is."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from tortoise.models import Model

from banshi.foundation.database.writes import Update, Write
from banshi.foundation.keys import Key
from banshi.kernel.cases.submission import commit
from banshi.kernel.contract.principals import Principal
from banshi.kernel.contract.values import Who
from banshi.kernel.outbox.events import step_rows
from banshi.kernel.runtime.running import Platform
from banshi.kernel.tables.attachments import Attachment
from banshi.kernel.tables.cases import Case, CaseEvent

#: Plugins with rows of their own about a case's person offer what changes them: `(case, subject) -> updates`.
HANDED_OVER: Key[Callable[[Case, str], Sequence[Update]]] = Key("handed over")


async def hand_over(platform: Platform, case: Case, to: Principal, receipt: Sequence[Model | Update] = ()) -> None:
    """Make the case that person's, from now on. Raises Stale where it has moved on."""
    at, version = platform.now(), case.version + 1
    event = CaseEvent(
        case_id=case.id,
        version=version,
        at=at,
        action="bind",
        state_before=case.state,
        state=case.state,
        actor=Who.CITIZEN.value,
        actor_id=to.subject,
    )
    values = {"person": to.subject, "person_name": to.name or case.person_name, "version": version, "updated_at": at}
    event.of_case = case, values
    guard = Update(Case, {"id": case.id, "version": case.version}, values)
    files = Update(Attachment, {"case_id": case.id}, {"person": to.subject}, rows=None)
    others = [one for _, changes in platform.offered(HANDED_OVER) for one in changes(case, to.subject)]
    rows = [event, *step_rows(platform, case, event)]
    await commit(platform, Write(updates=[guard, files, *others], rows=rows), receipt)
