"""What happens to a stored submission: its department's automatic check, and the step that it decides on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from banshi.cases import decide
from banshi.containment import ask
from banshi.contract import Decision
from banshi.errors import Conflict
from banshi.models import Case
from banshi.submission import item_of, submission_of

if TYPE_CHECKING:
    from banshi.runtime import Platform


async def intake(platform: Platform, case: Case) -> None:
    """Ask the handler and carry its decision out.

    Called at least once for each submission: a case that has moved on meanwhile is left as it is, since corrected
    answers come here by a promise of their own. Where the handler fails, the engine calls again later; staff can take
    the case up in the meantime.
    """
    if case.state != "submitted":
        return
    item = item_of(platform, case)
    decision = await ask(platform, item, item.handler.review, submission_of(platform, case), expect=Decision)
    try:
        await decide(platform, case.id, decision, version=case.version, read=case)
    except Conflict:
        if (await Case.get(id=case.id)).version == case.version:
            raise
