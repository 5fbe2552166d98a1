"""What can be done with a posting now: it is extended once, and only while it is public."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from banshi.kernel.contract.values import Step
from banshi.kernel.runtime.running import Platform
from banshi.kernel.tables.cases import Case
from banshi.kinds.posting.models import PostingRecord
from banshi.kinds.posting.publishing.problems import ExtendedBefore, ExtensionTooLate
from banshi.kinds.refusals import NotPossibleNow


async def in_case(platform: Platform, case: Case, steps: Sequence[Step]) -> list[Step]:
    """The steps without an extension that comes too late, or for the second time."""
    posting = await PostingRecord.get_or_none(case_id=case.id)
    closed = posting is None or extension_refused(posting, platform.now())
    return [step for step in steps if not (closed and step.action == "extend")]


def extension_refused(posting: PostingRecord, at: datetime) -> NotPossibleNow | None:
    """Why it can't be public for as many days again."""
    if posting.expires_at is None or posting.expires_at <= at:
        return ExtensionTooLate()
    return ExtendedBefore() if posting.is_extended else None
