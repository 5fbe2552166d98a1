"""What can be done with a posting now: it is extended once, and only while it is public."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from banshi.foundation.errors import Conflict
from banshi.kernel.contract.values import Step
from banshi.kernel.runtime.running import Platform
from banshi.kernel.tables.cases import Case
from banshi.kinds.posting.models import PostingRecord


async def in_case(platform: Platform, case: Case, steps: Sequence[Step]) -> list[Step]:
    """The steps without an extension that comes too late, or for the second time."""
    posting = await PostingRecord.get_or_none(case_id=case.id)
    closed = posting is None or extension_refused(posting, platform.now())
    return [step for step in steps if not (closed and step.action == "extend")]


def extension_refused(posting: PostingRecord, at: datetime) -> Conflict | None:
    """Why it can't be public for as many days again."""
    if posting.expires_at is None or posting.expires_at <= at:
        return Conflict(
            {
                "zh-CN": "公示已到期，不能再延长；可以重新提交一件。",
                "en": "It has ended already: submit it again instead.",
            }
        )
    if posting.is_extended:
        return Conflict(
            {
                "zh-CN": "已经延长过一次；到期后可以重新提交一件。",
                "en": "It was extended before: submit it again once it ends.",
            }
        )
    return None
