"""What somebody at the desk, or the desk itself, says to a citizen unasked."""

from __future__ import annotations

from collections.abc import Mapping

from banshi import Platform, text_in
from conversations.contents import Reply
from conversations.outbound.saying import promise
from conversations.sentences import say
from conversations.tables.models import ChannelConversation, ContactLink, Enquiry, Said

RATE = say("This conversation is over. How was it? Send a number from 1 (bad) to 5 (very good).")


async def tell(
    platform: Platform,
    row: Enquiry,
    title: Mapping[str, str] | str,
    text: Mapping[str, str] | str,
    *,
    officer: str = "",
) -> Said:
    """The row of a message, in their language; `title` stands before what an officer says."""
    conversation = await ChannelConversation.get(id=row.conversation_id)
    link = await ContactLink.filter(conversation_id=row.conversation_id, ended_at=None).first()
    spoken = [one if isinstance(one, str) else text_in(one, conversation.language) for one in (title, text)]
    return promise(
        platform,
        conversation,
        Reply(text=": ".join(filter(None, spoken))),
        by="officer" if officer else "engine",
        officer=officer,
        person=link.person if link else "",
    )
