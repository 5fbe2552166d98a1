"""What a step of an application writes beside its state: corrected answers, a pass or certificate, a revocation."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from banshi.builtin.catalogue.remedies import REMEDY, remedy_of, remedy_text
from banshi.builtin.certificates.page import days
from banshi.builtin.passes import ledger
from banshi.foundation.errors import Conflict, Problem
from banshi.kernel.cases.clock import clock_values
from banshi.kernel.cases.lifecycle import Effects, Move
from banshi.kernel.cases.submission import submission_of
from banshi.kernel.contract.items import TEST
from banshi.kernel.contract.message_templates import Value
from banshi.kernel.contract.values import Item, Step, Submission
from banshi.kernel.outbox import outbox
from banshi.kernel.runtime.containment import ask, awaited, blamed
from banshi.kernel.runtime.running import Platform
from banshi.kernel.tables.cases import Case
from banshi.kernel.tables.passes import Pass
from banshi.kinds.application.claims import claims_of, day_at
from banshi.kinds.application.deemed import answered_by, deemed_since
from banshi.kinds.application.mistakes import own_claims, wrong_claims
from banshi.kinds.application.permits import CAUSES, RECEIVED
from banshi.kinds.corrections import corrected
from banshi.kinds.refusals import NotPossibleNow
from banshi.kinds.sentences import say

#: What can't be done any more with what counts as accepted.
TOO_LATE = frozenset({"return", "decline"})


class AcceptedByTime(NotPossibleNow):
    """The five working days are over: the application counts as accepted. Accept it, then decide."""


class NotOverdue(NotPossibleNow):
    """There is still time to say what is missing."""


#: What begins the time to decide, and all that a permit takes in another way.
ACCEPTING = frozenset({"accept", "deem-accepted"})
PERMITS_OWN = TOO_LATE | ACCEPTING | {"suspend"}

#: The three ends of an approval: it was unlawful, its basis has changed, it is over (行政许可法 69, 8, 70).
ENDS = frozenset({"revoke", "take-back", "cancel"})


async def effects(platform: Platform, move: Move) -> Effects:
    """The effects of a step. Whatever may fail (form, handler, signing key) fails here, before any write."""
    action = move.step.action
    if action == "supplement":
        made = await corrected(platform, move)
        # The automatic check runs again on the corrected case.
        if move.step.to == RECEIVED:
            made.rows.append(outbox.intake_row(move.case.id, move.case.version + 1))
        if move.item.details.permit:
            made.mentions = answered_by(platform, move.at)
        return made
    if refused := hindrance(platform, move.case, move.item, move.step):
        raise refused
    if action == "approve" and move.item.credential is not None:
        issued = await _pass(platform, move)
        first, last = days(issued, platform.settings.timezone)
        mentions: dict[str, Value] = {"valid_from": first, "valid_until": last}
        if move.item.certificate is not None:
            mentions = {"certified_until": last}
        return Effects(rows=[issued], details={"pass": issued.number}, mentions=mentions | told_remedy(platform, move))
    if move.item.details.permit and action in PERMITS_OWN:
        return await _of_a_permit(platform, move)
    ended = [ledger.revocation(move.case, move.at, move.reason)] if action in ENDS else []
    return Effects(updates=[*ended], mentions=told_remedy(platform, move))


async def _of_a_permit(platform: Platform, move: Move) -> Effects:
    """Of the steps that a permit takes in another way: its clock, and what stops it."""
    if move.step.action == "suspend":
        cause, expected = move.given["cause"], move.given["days"]
        mentions: dict[str, Value] = {"cause": CAUSES[cause], "expected_days": str(expected)}
        return Effects(details={"cause": cause, "days": expected}, mentions=mentions)
    since = await deemed_since(platform, move.case, move.item)
    if move.step.action in TOO_LATE and since is not None:
        raise AcceptedByTime()
    if move.step.action == "deem-accepted" and since is None:
        raise NotOverdue()
    counted = clock_values(platform, move.case, move.step.clock, since) if move.step.action in ACCEPTING else {}
    return Effects(values=counted, mentions=told_remedy(platform, move))


def told_remedy(platform: Platform, move: Move) -> dict[str, Value]:
    """Whom the citizen turns to who doesn't accept the step, where it is one like that and the department says it."""
    remedy = remedy_of(platform.registry, move.item, move.case.department)
    return {REMEDY: remedy_text(remedy)} if remedy and REMEDY in move.step.mentions else {}


def hindrance(platform: Platform, case: Case, item: Item, step: Step) -> Problem | None:
    """Why a case can't be approved now: its pass would be over before it is signed."""
    if step.action != "approve" or item.credential is None or case.mode == TEST:
        return None
    try:
        return ledger.over(platform, _validity(platform, item, case.answers))
    except (ValueError, OverflowError):  # taken before forms limited their days: the year 9999 has no end
        return Conflict(ledger.OVER)


def _validity(platform: Platform, item: Item, answers: Mapping[str, Any]) -> ledger.Validity:
    """From when until when its pass would be valid. Raises ValueError and OverflowError for days that are none."""
    assert item.credential is not None  # noqa: S101 - the caller asked
    first, last = (day_at(answers, one) for one in (item.credential.valid_from, item.credential.valid_until))
    return ledger.validity(platform, item, first, last)


async def _pass(platform: Platform, move: Move) -> Pass:
    item, answers = move.item, move.case.answers
    rules = item.credential
    assert rules is not None  # noqa: S101 - the caller asked

    async def claims(submission: Submission) -> dict[str, Any]:
        return own_claims(await awaited(item.handler.claims, submission))

    if move.is_tried:
        return ledger.unsigned(platform, move.case, item, _validity(platform, item, answers))
    own = await ask(platform, item, claims, submission_of(platform, move.case), expect=dict)
    values = claims_of(move, own)
    try:
        return await ledger.issue(platform, move.case, item, values, _validity(platform, item, answers))
    except (ValueError, TypeError, OverflowError):
        # The handler gave a claim that a pass can't carry; the approval waits until the department has mended it.
        told = say("The department's service gave something that a pass can't carry; nothing was decided.")
        raise blamed(platform, item, "claims", wrong_claims(own), told) from None
