"""How often one person may write: each message takes one of the hour's numbers, and each number is there once.

Whoever sends many at once, to any number of processes, gets no more numbers than one after the other.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, time, timedelta

from tortoise.exceptions import IntegrityError

from banshi.foundation.database.writes import Write
from banshi.foundation.errors import TooManyRequests
from banshi.kernel.runtime.running import Platform
from banshi.kinds.posting.models import Conversation, ConversationMessage

#: Messages that one person may send in an hour, and conversations that one may begin on a day.
MAX_MESSAGES_PER_HOUR, MAX_CONVERSATIONS_PER_DAY = 30, 10

#: Others of the same person may take the number meanwhile so many times.
MAX_ATTEMPTS = 2 * MAX_MESSAGES_PER_HOUR

TOO_MANY = {
    "zh-CN": "您发送得太频繁，请按 Retry-After 的时间稍后再试。",
    "en": "You have written very often; wait as long as Retry-After says.",
}


async def take_turn(
    platform: Platform, message: ConversationMessage, begun: Conversation | None, write: Callable[[], Write]
) -> None:
    """Give the message its number, and what it begins, and commit what `write` makes then. Raises TooManyRequests."""
    for attempt in range(MAX_ATTEMPTS):
        message.turn = await _next_message(message)
        if begun is not None:
            begun.turn = await _next_conversation(platform, begun)
        try:
            await platform.store.commit(write())
        except IntegrityError:
            known = begun is not None and await Conversation.exists(case_id=begun.case_id, writer=begun.writer)
            if known or attempt == MAX_ATTEMPTS - 1:
                raise
            continue
        return


async def _next_message(message: ConversationMessage) -> int:
    message.hour = int(message.at.timestamp()) // 3600
    last = await ConversationMessage.filter(person=message.person, hour=message.hour).order_by("-turn").first()
    turn = last.turn + 1 if last else 1
    if turn > MAX_MESSAGES_PER_HOUR:
        raise TooManyRequests(TOO_MANY, headers={"Retry-After": str(3600 - int(message.at.timestamp()) % 3600)})
    return turn


async def _next_conversation(platform: Platform, begun: Conversation) -> int:
    last = await Conversation.filter(writer=begun.writer, day=begun.day).order_by("-turn").first()
    turn = last.turn + 1 if last else 1
    if turn > MAX_CONVERSATIONS_PER_DAY:
        midnight = datetime.combine(begun.day + timedelta(days=1), time.min, platform.settings.timezone)
        rest = int((midnight - begun.created_at).total_seconds()) + 1
        raise TooManyRequests(TOO_MANY, headers={"Retry-After": str(rest)})
    return turn
