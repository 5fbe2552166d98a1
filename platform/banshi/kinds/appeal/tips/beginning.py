"""A tip's beginning: an appeal of somebody who doesn't say who they are."""

from __future__ import annotations

from banshi.foundation.database.writes import Write
from banshi.foundation.errors import FieldProblem, InvalidFields
from banshi.kernel.cases.actors import Actor
from banshi.kernel.cases.materials import NOTHING_KEPT
from banshi.kernel.cases.submission import check, commit, form_problems, new_case
from banshi.kernel.contract.kinds import Beginning, Begun
from banshi.kernel.contract.principals import NOBODY
from banshi.kernel.runtime.running import Platform
from banshi.kinds.appeal.intake import received
from banshi.kinds.appeal.models import TipCode
from banshi.kinds.appeal.tips.codes import hash_of, new_code
from banshi.kinds.appeal.tips.flood import FLOOD
from banshi.kinds.appeal.tips.representations import new_tip_document


async def begin_tip(platform: Platform, one: Beginning) -> Begun:
    """Store a tip. Its code is shown this once."""
    item, answers, language = one.item, one.body["answers"], one.language
    wrong = form_problems(platform, item, answers, language)
    if "reuse" in one.body:
        wrong.append(FieldProblem("/reuse", NOTHING_KEPT, "reuse"))
    if wrong:
        raise InvalidFields(wrong)
    # Only what is right counts: whoever mends a mistake is not held up by it.
    flood = platform[FLOOD]
    flood.one_tip(flood.senders.known(one.sender), item.code)
    case, event = new_case(platform, item, NOBODY, answers)
    given = await check(platform, item, case, answers, language)
    case.answers = dict(given.answers)
    code = new_code()
    rows = [case, event, *await received(platform, case, one.body)]
    rows.append(TipCode(id=hash_of(code.replace("-", "")), case_id=case.id))
    document = await new_tip_document(platform, case, Actor(unnamed=case.id), rows, given.attachments, language)
    begun = Begun(kind=platform.registry.kinds[item.kind], case=case, document=document, code=code)
    await commit(platform, Write(updates=given.updates, rows=rows), one.receipt(begun))
    return begun
