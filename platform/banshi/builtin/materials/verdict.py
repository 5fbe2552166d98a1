"""What a step of a case says of its files: right, so that they may be handed in again, or perhaps wrong."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from banshi.foundation.database.writes import Update
from banshi.kernel.contract.values import MaterialsEffect
from banshi.kernel.tables.attachments import Attachment
from banshi.kernel.tables.cases import Case


async def judged(effect: MaterialsEffect, case: Case, at: datetime, *, by_staff: bool) -> list[Update]:
    """The updates of the case's files that go with a step.

    Only a person's look at a file makes it right, or perhaps wrong: what the platform approves or revokes by itself,
    such as all passes to a zone that closes, says nothing of the files. Nobody says which file a refusal was about, so
    the same bytes are right in no case of that person any more.
    """
    if not by_staff:
        return []
    if effect is MaterialsEffect.ACCEPT:
        named = {"case_id": case.id, "document__not": ""}
        return [Update(Attachment, named, {"accepted_at": at}, rows=None)]
    if effect is MaterialsEffect.REJECT:
        return _nowhere(case, await Attachment.filter(case_id=case.id))
    return []


async def replaced(case: Case, kept: Iterable[Attachment]) -> list[Update]:
    """The updates of the files that a correction left out: no document of the case any more, and right nowhere."""
    named = {row.id for row in kept}
    dropped = [row for row in await Attachment.filter(case_id=case.id) if row.id not in named]
    if not dropped:
        return []
    where = {"case_id": case.id, "id__in": [row.id for row in dropped]}
    return [Update(Attachment, where, {"document": "", "concerns": ""}, rows=None), *_nowhere(case, dropped)]


def _nowhere(case: Case, files: Sequence[Attachment]) -> list[Update]:
    if not files:
        return []
    hashes = sorted({file.sha256 for file in files})
    same = {"person": case.person, "sha256__in": hashes, "accepted_at__isnull": False}
    return [Update(Attachment, same, {"accepted_at": None}, rows=None)]
