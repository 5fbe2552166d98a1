"""A case in other hands: what was filed for somebody becomes the account's that has shown whose it is."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tortoise.models import Model

from banshi.builtin.personal_data.holdings import HOLDINGS
from banshi.foundation.database.writes import Update, Write
from banshi.kernel.cases.submission import commit
from banshi.kernel.contract.principals import Principal
from banshi.kernel.contract.values import Who
from banshi.kernel.outbox.events import step_rows
from banshi.kernel.runtime.running import Platform
from banshi.kernel.tables.attachments import Attachment
from banshi.kernel.tables.cases import Case, CaseEvent


def _beside(platform: Platform, case: Case, person: str) -> Iterator[Update]:
    """The one row that a kind has beside a case, where it says whose the case is."""
    tables = (table for _, held in platform.registry.offered(HOLDINGS) for table in held.tables)
    for fields, model in ((table.model._meta.fields_map, table.model) for table in tables):
        if "person" in fields and "case_id" in fields and fields["case_id"].unique:
            yield Update(model, {"case_id": case.id}, {"person": person}, rows=None)


async def hand_over(platform: Platform, case: Case, to: Principal, receipt: Sequence[Model | Update] = ()) -> None:
    """Make the case that person's, from now on. Raises Stale where it has moved on.

    What else was whoever's it was stays with them. Inbox messages and texts were told to somebody who had proved
    nothing, and say what the case's timeline says: an account is told of its own. A place that is held for a form
    (`Hold`) is used up by the booking, or lapses in minutes. A conversation about a posting goes by the case, and has
    its poster in that; one that they began about another's posting is about no case of theirs.
    """
    at, version = platform.now(), case.version + 1
    event = CaseEvent(
        case_id=case.id,
        version=version,
        at=at,
        action="bind",
        state_before=case.state,
        state=case.state,
        actor=(Who.STAFF if to.agent else Who.CITIZEN).value,
        actor_id=to.agent or to.subject,
    )
    values = {"person": to.subject, "person_name": case.person_name or to.name, "version": version, "updated_at": at}
    event.of_case = case, values
    guard = Update(Case, {"id": case.id, "version": case.version}, values)
    files = Update(Attachment, {"case_id": case.id}, {"person": to.subject}, rows=None)
    updates = [guard, files, *_beside(platform, case, to.subject)]
    await commit(platform, Write(updates=updates, rows=[event, *step_rows(platform, case, event)]), receipt)
