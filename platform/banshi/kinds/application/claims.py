"""What a credential says of an approved case, claim by claim: from the answers, the decision and the department."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from banshi.forms.pointers import found_at
from banshi.foundation.errors import Conflict, FieldProblem, InvalidFields
from banshi.foundation.texts import clean, masked
from banshi.kernel.cases.lifecycle import Move
from banshi.kernel.cases.verified_person import holder_of
from banshi.kernel.contract.items import DECISION, HOLDER, LONGEST_DECISION
from banshi.kernel.contract.values import LANGUAGES, Claim
from banshi.kinds.sentences import say


#: What an approval's reason says where it stands in the certificate.
class HolderUnknown(Conflict, code="holder-unknown", says=say):
    """The certificate would name nobody: whoever handed in the case has no verified name. Refuse it, and say so."""


FOUND = say("Write what was found, in at most {most} characters: the certificate says it.", most=LONGEST_DECISION)


def claims_of(move: Move, own: Mapping[str, Any]) -> dict[str, Any]:
    """The claims by name; `own` are the department's, which come before the answers.

    Raises InvalidFields where the decision has to be written and isn't, or is too long to be signed; HolderUnknown
    where the holder is named, and nobody knows the name.
    """
    claims: dict[str, Any] = {}
    for claim in move.item.credential.claims if move.item.credential else ():
        value = own[claim.name] if claim.name in own else _value(move, claim)
        if value is not None:
            claims[claim.name] = masked(value) if claim.masked else value
    return claims


def _value(move: Move, claim: Claim) -> Any:
    if claim.source == HOLDER:
        name = holder_of(move.case.person_name)
        if not name and not claim.masked:
            # Handed in before names were asked for: staff would sign that somebody unnamed has no record.
            raise HolderUnknown
        return name or None
    if claim.source == DECISION:
        return _decision(move)
    return found_at(move.case.answers, claim.source)


def _decision(move: Move) -> str:
    """What was written when it was approved, in the default language where there are several."""
    texts = move.reason or {}
    text = next(filter(None, (" ".join(clean(texts.get(one, "")).split()) for one in LANGUAGES)), "")
    if not text:
        raise InvalidFields([FieldProblem("/reason", FOUND, "required")])
    if len(text) > LONGEST_DECISION:
        raise InvalidFields([FieldProblem("/reason", FOUND, "maxLength")])
    return text


def day_at(answers: Any, pointer: str) -> date | None:
    """The day at a JSON Pointer, or None."""
    value = found_at(answers, pointer)
    return date.fromisoformat(value) if isinstance(value, str) else None
