"""Placeholders of a phrase, such as `{citizen}`: filled at the moment in which it is said."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import partial

from banshi import Case, FieldProblem, InvalidFields, Platform, Principal, Texts
from desk.party import party_of
from desk.places import Desk
from desk.sentences import say
from desk.tables.models import DeskEvent, DeskPhrase, Enquiry

#: What they are called.
PLACEHOLDERS = ("citizen", "officer", "desk", "case")

#: What somebody is called who isn't known.
NAMELESS = "citizen"

_PLACEHOLDER = re.compile("{(" + "|".join(PLACEHOLDERS) + ")}")


async def phrase(row: Enquiry, code: str) -> Texts:
    """The last version of a phrase of its desk. Raises InvalidFields."""
    last = await DeskPhrase.filter(desk=row.desk, code=code).order_by("-version").first()
    if last is None or not last.texts:
        raise InvalidFields([FieldProblem("/phrase", say("This desk has no such phrase."))])
    return dict(last.texts)


async def filled(platform: Platform, texts: Texts, row: Enquiry, desk: Desk, officer: Principal) -> Texts:
    """The texts with what stands for them. Raises InvalidFields where no case was made of the conversation."""
    citizen = await party_of(platform, row.kind).who(row.subject)
    # What an account is called is nobody's business outside.
    named = {"citizen": (citizen and citizen.name, say(NAMELESS)), "officer": (officer.name, desk.title)}
    values = {key: dict.fromkeys(texts, name) if name else other for key, (name, other) in named.items()}
    values["desk"] = desk.title
    if any("{case}" in text for text in texts.values()):
        filed = await DeskEvent.filter(enquiry_id=row.id, what="filed").order_by("-id").first()
        case = await Case.get_or_none(id=filed.cases[0]) if filed else None
        if case is None:
            told = say("No case was made of this conversation: leave its number out.")
            raise InvalidFields([FieldProblem("/text", told)])
        values["case"] = dict.fromkeys(texts, case.number)
    return {tag: _PLACEHOLDER.sub(partial(_value, values, tag), text) for tag, text in texts.items()}


def _value(values: Mapping[str, Texts], tag: str, found: re.Match[str]) -> str:
    return values[found[1]][tag]
