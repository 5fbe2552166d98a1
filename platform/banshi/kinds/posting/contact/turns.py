"""How often one person may write: each message takes one of the hour's numbers, and each number is there once.

Whoever sends many at once, to any number of processes, gets no more numbers than one after the other.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from tortoise.exceptions import IntegrityError
from tortoise.queryset import QuerySet

from banshi.foundation.database.writes import Write
from banshi.foundation.errors import TooManyRequests
from banshi.kernel.http.months import midnight
from banshi.kernel.runtime.running import Platform
from banshi.kinds.posting.models import Conversation, ConversationMessage
from banshi.kinds.sentences import say

#: Messages that one person may send in an hour, and conversations that one may begin on a day.
MAX_MESSAGES_PER_HOUR, MAX_CONVERSATIONS_PER_DAY = 30, 10

#: Others of the same person may take the number meanwhile so many times.
MAX_ATTEMPTS = 2 * MAX_MESSAGES_PER_HOUR

TOO_MANY = say("You have written very often; wait a moment before you write again.")


async def take_turn(
    platform: Platform, message: ConversationMessage, begun: Conversation | None, write: Callable[[], Write]
) -> None:
    """Give the message its number, and what it begins, and commit what `write` makes then. Raises TooManyRequests."""
    message.hour, second = divmod(int(message.at.timestamp()), 3600)
    hour = ConversationMessage.filter(person=message.person, hour=message.hour)
    for attempt in range(MAX_ATTEMPTS):
        message.turn = await _free_turn(hour, MAX_MESSAGES_PER_HOUR, 3600 - second, attempt)
        if begun is not None:
            ends = midnight(platform, begun.day + timedelta(days=1))
            rest = int((ends - begun.created_at).total_seconds()) + 1
            day = Conversation.filter(writer=begun.writer, day=begun.day)
            begun.turn = await _free_turn(day, MAX_CONVERSATIONS_PER_DAY, rest, attempt)
        try:
            await platform.store.commit(write())
        except IntegrityError:
            known = begun is not None and await Conversation.exists(case_id=begun.case_id, writer=begun.writer)
            if known or attempt == MAX_ATTEMPTS - 1:
                raise
            continue
        return


async def _free_turn(taken: QuerySet[Any], most: int, rest: int, attempt: int) -> int:
    """A number that is free; raises TooManyRequests for the `rest` seconds of the hour or day where none is.

    The first one, and after another had it meanwhile any: of many at once all would want the same again.
    """
    known: set[Any] = set(await taken.values_list("turn", flat=True))
    free = [turn for turn in range(1, most + 1) if turn not in known]
    if not free:
        raise TooManyRequests(TOO_MANY, headers={"Retry-After": str(rest)})
    return random.choice(free) if attempt else free[0]  # noqa: S311 - no secret
