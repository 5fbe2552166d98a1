"""What becomes of an officer's answer is told to the desk, in the write that notes it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tortoise.expressions import Q
from tortoise.models import Model

from banshi import LANGUAGES, Platform, Update
from conversations.sentences import say
from conversations.tables.models import Said
from desk import DESK, TAKEN

#: What a desk calls the kind of its party that a conversation is.
KIND = "conversation"

#: In the key of a part of a message that was too long, between the ids of the first part and of itself.
PART = "-part-"

#: The code of what an operator has given up.
GIVEN_UP = "given-up"

#: The code of a file for which no window was open.
UNREACHABLE = "unreachable"

#: The code of what its officer has ended before it was on its way.
WITHDRAWN = "withdrawn"

#: By our own code, why something isn't said.
WHY = {
    "unbound": say("They are known there as somebody else by now, or as nobody."),
    UNREACHABLE: say("They couldn't be written to any more, and a file doesn't wait: send it once they have written."),
    WITHDRAWN: say("Its officer has ended it before it was on its way."),
    GIVEN_UP: say("All that waited was given up by an operator."),
}


def why_of(code: str, why: Mapping[str, str]) -> Mapping[str, str]:
    """Why it didn't reach them, by language; empty where nobody says."""
    return why or WHY.get(code, dict.fromkeys(LANGUAGES, code) if code else {})


async def became(
    platform: Platform, said: Said, changed: Mapping[str, Any], before: Sequence[Said] = ()
) -> Sequence[Model | Update]:
    """What the desk writes where a change has a state that is news of an answer.

    Args:
        before: Others that have become the same in this write.
    """
    if said.by != "officer" or (state := changed.get("state", "waiting")) == "waiting":
        return ()
    why = why_of(changed.get("code", ""), changed.get("why", {})) if state in ("refused", "failed") else {}
    # What goes in parts is an answer once all of them were taken.
    first = said.key.partition(PART)[0] if PART in said.key else str(said.id)
    parts = Said.filter(Q(id=first) | Q(key__startswith=first + PART), conversation_id=said.conversation_id)
    is_whole = not await parts.exclude(id__in=[said.id, *(one.id for one in before)]).exclude(state__in=TAKEN).exists()
    return await platform[DESK].became(KIND, said.conversation_id, said.id, said.at, state, why, is_whole=is_whole)
