"""What postings hold about a person beside their cases (conversations about what others post), and keep of a case."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from tortoise.expressions import Q

from banshi.builtin.personal_data.holdings import DataSubject, Holdings, PersonalTable, Retained, by_case, by_person
from banshi.kernel.contract.values import Texts
from banshi.kernel.runtime.running import Platform
from banshi.kernel.tables.cases import Case
from banshi.kinds.posting.models import Conversation, ConversationMessage, PostingMatch, PostingRecord
from banshi.kinds.posting.publishing.publication import folder
from banshi.kinds.sentences import say


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


REPORTED: Texts = say("It was reported, and staff have to look into that; it leaves with the posting.")
ENDED: Texts = say(
    "The other side or staff have ended it. What was written is gone, and that it ended stays with the posting."
)


async def _messages(_: Platform, whom: DataSubject) -> Sequence[Any]:
    """What both sides wrote: either has read it."""
    sides = Q(poster=whom.subject) | Q(writer=whom.subject)
    conversations = list(await Conversation.filter(sides).values_list("id", flat=True))
    return list(await ConversationMessage.filter(conversation_id__in=conversations).values_list("id", flat=True))


async def forget_person(_: Platform, whom: DataSubject) -> Iterable[Retained]:
    """Delete what the person wrote to others about their postings. Those about their own go with the posting."""
    kept: dict[str, int] = {"reported": 0, "ended": 0}
    for one in await Conversation.filter(writer=whom.subject):
        if one.reported_at is not None and one.reviewed_at is None:
            kept["reported"] += 1
            continue
        await ConversationMessage.filter(conversation_id=one.id).delete()
        if one.poster_blocks or one.closed_at is not None:
            # Whoever was told to stop would otherwise be forgotten, and begin again.
            kept["ended"] += 1
        else:
            await one.delete()
    texts = {"reported": REPORTED, "ended": ENDED}
    return [Retained("conversation", reason, texts[reason], count) for reason, count in kept.items() if count]


def _others(row: Mapping[str, Any], whom: DataSubject) -> set[str]:
    """What only the other side and staff know: who they are, whether they block, what they reported."""
    own, other = ("poster", "writer") if row["poster"] == whom.subject else ("writer", "poster")
    hidden = {"poster", "writer", "reviewer", f"{other}_blocks"}
    if row["reported_by"] == own:
        return hidden | {"other_report", "other_reported_at"}
    return hidden | {"reported_by", "report", "reported_at", "reviewed_at"}


HOLDING = Holdings(
    (
        PersonalTable(PostingRecord, by_case(PostingRecord)),
        PersonalTable(PostingMatch, by_case(PostingMatch, "lost_id", "found_id")),
        # Neither learns who the other is.
        PersonalTable(Conversation, by_person(Conversation, "poster", "writer"), hidden=_others),
        PersonalTable(ConversationMessage, _messages, hidden=("person",)),
    ),
    forget_person,
)
