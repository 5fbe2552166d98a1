"""A case whose citizen was asked for more: the answers handed in anew."""

from __future__ import annotations

from banshi.foundation.errors import FieldProblem, InvalidFields
from banshi.kernel.cases.lifecycle import Effects, Move
from banshi.kernel.cases.materials import MATERIALS
from banshi.kernel.cases.submission import check
from banshi.kernel.runtime.running import Platform
from banshi.kinds.sentences import say


async def corrected(platform: Platform, move: Move) -> Effects:
    """The corrected answers and the files that they name. Raises InvalidFields."""
    if move.answers is None:
        raise InvalidFields([FieldProblem("/answers", say("Send the corrected answers, all of them."), "required")])
    before = move.case.answers
    given = await check(
        platform, move.item, move.case, move.answers, move.language, principal=move.actor.principal, before=before
    )
    after = given.answers
    changed = sorted(name for name in before.keys() | after.keys() if before.get(name) != after.get(name))
    updates = [*given.updates, *await platform[MATERIALS].replaced(move.case, given.attachments)]
    return Effects(values={"answers": dict(after)}, updates=updates, details={"fields": changed})


def refuse_answers(move: Move) -> None:
    """No other step takes answers: whoever sends them means something else."""
    if move.answers is not None:
        problem = FieldProblem("/answers", say("Leave the answers out: only corrections take them."), "unexpected")
        raise InvalidFields([problem])
