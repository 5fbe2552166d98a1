"""Who looked whom up: written before an answer is given, shown to the person, forgotten after a time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID

from tortoise.expressions import Subquery
from tortoise.functions import Count
from tortoise.models import Model
from uuid_utils.compat import uuid7

from banshi.builtin.leading.rounds import hourly
from banshi.foundation.database.bulk import ROWS_PER_STATEMENT
from banshi.foundation.database.writes import Update
from banshi.foundation.keys import Key
from banshi.kernel.contract.principals import Principal
from banshi.kernel.contract.routes import Call
from banshi.kernel.contract.values import Item, text_in
from banshi.kernel.http.pages import page_of
from banshi.kernel.http.responses import Page
from banshi.kernel.runtime.running import Platform
from banshi.kinds.query.models import Allowance, Batch, LookUp, LookUpPerson, Record, RegisterPointer
from banshi.kinds.query.registers.opened import REGISTERS
from banshi.kinds.query.rules import REGISTRAR
from banshi.kinds.query.throttle import HOUR_MS

#: After so long, an import that has not ended has been killed.
ABANDONED_AFTER = timedelta(days=1)


def new_look_up(platform: Platform, item: Item, principal: Principal, *, staff: bool, purpose: str) -> LookUp:
    """That somebody asks, not yet written."""
    return LookUp(
        id=uuid7(),
        item=item.code,
        department=item.department,
        register=item.details.register,
        asker=principal.subject,
        staff=staff,
        purpose=purpose,
        channel=principal.channel,
        at=platform.now(),
    )


async def begun(since: datetime) -> Mapping[str, int]:
    """How many people have asked each item since then."""
    rows = LookUp.filter(at__gte=since, staff=False).annotate(n=Count("asker", distinct=True)).group_by("item")
    return dict(await rows.values_list("item", "n"))


def found_by(look_up: LookUp, found: int, people: Sequence[str]) -> tuple[Update, list[Model]]:
    """That it was answered, and whom the answer is about: written together, or there is no answer."""
    rows: list[Model] = [LookUpPerson(id=uuid7(), look_up_id=look_up.id, about=about) for about in people if about]
    return Update(LookUp, {"id": look_up.id}, {"found": found}), rows


async def page_about(call: Call, resident_id: str) -> Page:
    """The look-ups in which a citizen's records were shown, the newest first."""
    about = call.platform[REGISTERS].pseudonyms.person(resident_id)
    rows, after = await page_of(call, LookUpPerson.filter(about=about).select_related("look_up"), {"-id": UUID})
    return Page([document(call, row.look_up) for row in rows], after)


def document(call: Call, look_up: LookUp) -> dict[str, Any]:
    """One look-up as the person whom it is about sees it: a department and a role, and nobody's name."""
    platform, language = call.platform, call.language
    item = platform.registry.items.of(look_up.item)
    department = platform.registry.departments.get(look_up.department)
    by: dict[str, Any] = {"who": "oneself" if look_up.asker == call.principal.subject else "account"}
    by |= {"channel": look_up.channel} if look_up.channel else {}
    if look_up.staff:
        title = text_in(department.title, language) if department else look_up.department
        by = {"who": "staff", "department": {"code": look_up.department, "title": title}, "role": REGISTRAR}
    return {
        "id": str(look_up.id),
        "at": platform.moment(look_up.at),
        "item": {"code": look_up.item, "title": text_in(item.title, language) if item else look_up.item},
        "purpose": look_up.purpose,
        "by": by,
    }


async def tidy(platform: Platform) -> None:
    """One round: what is older than it is kept, and what imports that were killed have left."""
    before = platform.now() - timedelta(days=platform.settings.look_up_days)
    while ids := await LookUp.filter(at__lt=before).limit(ROWS_PER_STATEMENT).values_list("id", flat=True):
        await LookUpPerson.filter(look_up_id__in=list(ids)).delete()
        await LookUp.filter(id__in=list(ids)).delete()
    # An hour that is over is begun anew anyway.
    over = int(platform.now().timestamp() * 1000) - 2 * HOUR_MS
    while hours := await Allowance.filter(since__lt=over).limit(ROWS_PER_STATEMENT).values_list("id", flat=True):
        await Allowance.filter(id__in=list(hours), since__lt=over).delete()
    current = [pointer.batch for pointer in await RegisterPointer.all()]
    for batch in await Batch.filter(started_at__lt=platform.now() - ABANDONED_AFTER):
        if batch.id not in current:
            await forget_batch(batch.id)


async def forget_batch(batch: int) -> None:
    """Delete an import that nobody asks, in small steps."""
    step = Subquery(Record.filter(batch=batch).limit(ROWS_PER_STATEMENT * 10).values("id"))
    while await Record.filter(id__in=step).delete():
        pass
    await Batch.filter(id=batch).delete()


TIDYING: Key[None] = Key("tidying of look-ups")

#: Tidies up at start and every hour.
open_tidying = partial(hourly, "banshi-look-ups", tidy, "could not tidy up look-ups")
