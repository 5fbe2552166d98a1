"""What postings hold about a person beside their cases: conversations about what others have posted."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from tortoise.expressions import Q

from banshi.builtin.personal_data.holdings import DataSubject, Holdings, PersonalTable, Retained, by_case, by_person
from banshi.kernel.contract.values import Texts
from banshi.kernel.runtime.running import Platform
from banshi.kinds.posting.models import Conversation, ConversationMessage, PostingMatch, PostingRecord

REPORTED: Texts = {
    "zh-CN": "有人举报了这段对话，待工作人员处理；它随公告一起清除。",
    "en": "It was reported, and staff have to look into that; it leaves with the posting.",
}
ENDED: Texts = {
    "zh-CN": "对方或者工作人员结束了这段对话，内容已清除；只保留不得再次联系的记录，它随公告一起清除。",
    "en": "The other side or staff have ended it. What was written is gone, and that it ended stays with the posting.",
}


async def _messages(_: Platform, whom: DataSubject) -> Sequence[Any]:
    """What both sides wrote: either has read it."""
    sides = Q(poster=whom.subject) | Q(writer=whom.subject)
    conversations = list(await Conversation.filter(sides).values_list("id", flat=True))
    return list(await ConversationMessage.filter(conversation_id__in=conversations).values_list("id", flat=True))


async def forget(_: Platform, whom: DataSubject) -> Iterable[Retained]:
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
    forget,
)
