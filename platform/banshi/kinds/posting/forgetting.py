"""What postings keep of a case, when it leaves or what is personal in it does."""

from __future__ import annotations

import asyncio

from tortoise.expressions import Q

from banshi.kernel.runtime.running import Platform
from banshi.kernel.tables.cases import Case
from banshi.kinds.posting.models import Conversation, ConversationMessage, PostingMatch, PostingRecord
from banshi.kinds.posting.publishing.publication import folder


async def forget(platform: Platform, case: Case) -> None:
    """Delete what was to be published of a case, its cleaned photos, and what was written about it."""
    await _forget_what_hangs_on(platform, case)
    await PostingRecord.filter(case_id=case.id).delete()


async def anonymise(platform: Platform, case: Case) -> None:
    """Take out all words and photos. Sort, category, days and the division stay."""
    await _forget_what_hangs_on(platform, case)
    words = dict.fromkeys(("title", "text", "place", "brand", "terms"), "")
    await PostingRecord.filter(case_id=case.id).update(**words, facts={}, photos=[])


async def _forget_what_hangs_on(platform: Platform, case: Case) -> None:
    posting = await PostingRecord.get_or_none(case_id=case.id)
    for photo in posting.photos if posting else ():
        await asyncio.to_thread((folder(platform) / photo["file"]).unlink, missing_ok=True)
    await PostingMatch.filter(Q(lost_id=case.id) | Q(found_id=case.id)).delete()
    conversations = await Conversation.filter(case_id=case.id).values_list("id", flat=True)
    await ConversationMessage.filter(conversation_id__in=list(conversations)).delete()
    await Conversation.filter(case_id=case.id).delete()
