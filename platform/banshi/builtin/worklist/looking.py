"""Looking for a case in the worklist: by its number, a part of the name, or a whole answer such as a plate.

Names and answers are sealed in the database, so that so many of the most urgent are opened at once, and the rest with
the next page.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any
from uuid import UUID

from banshi.builtin.worklist.waiting import Place, most_urgent
from banshi.foundation.database.store import Store
from banshi.kernel.cases.actors import Actor
from banshi.kernel.contract.values import Who
from banshi.kernel.tables.cases import KEPT, Case

#: Cases that one request opens, and signs of what is looked for: fewer would find everybody.
LOOKED_AT, FEWEST_SIGNS = 300, 2
NUMBER = re.compile(r"[0-9]{8}-[0-9A-Z]{4}-[0-9A-Z]{4}")

Found = tuple[list[Case], tuple[date, UUID] | None]


async def numbered(words: str, actor: Actor) -> list[Case] | None:
    """The case of a whole number, in whatever state, where it is the actor's to read; None for what is no number."""
    number = words.strip().upper()
    if not NUMBER.fullmatch(number):
        return None
    found: Any = await Case.get_or_none(number=number)
    is_theirs = found is not None and found.content == KEPT and actor.who(found) is Who.STAFF
    return [found] if is_theirs and found.person != actor.subject else []


async def looked_for(
    store: Store, places: Sequence[Place], words: str, *, not_of: str, after: tuple[date, UUID] | None, limit: int
) -> Found:
    """The most urgent cases of these places that have the words, and behind which place to go on; None at the end."""
    wanted = _signs(words)
    rows = await most_urgent(store, places, not_of=not_of, after=after, limit=LOOKED_AT)
    hits = [row for row in rows if len(wanted) >= FEWEST_SIGNS and _has(row, wanted)]
    last = hits[limit - 1] if len(hits) > limit else rows[-1] if len(rows) == LOOKED_AT else None
    return hits[:limit], (last.urgency, last.id) if last else None


def _has(case: Case, wanted: str) -> bool:
    is_there = wanted in _signs(case.person_name) or wanted in _signs(case.number)
    return is_there or any(wanted == _signs(text) for text in _texts(case.answers))


def _texts(answers: Any) -> list[str]:
    if isinstance(answers, Mapping):
        return [text for one in answers.values() for text in _texts(one)]
    if isinstance(answers, list):
        return [text for one in answers for text in _texts(one)]
    return [answers] if isinstance(answers, str) else []


def _signs(text: str) -> str:
    """A text without what people write in one way or the other: blanks, dots, hyphens, capitals."""
    return "".join(one for one in text.casefold() if one.isalnum())
