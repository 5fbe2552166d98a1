"""Placeholders of a phrase, such as `{citizen}`: filled at the moment in which it is said."""

from __future__ import annotations

import re

from banshi import Case, FieldProblem, InvalidFields, Platform, Principal, Texts
from desk.party import party_of
from desk.places import Desk
from desk.sentences import say
from desk.tables.models import DeskEvent, Enquiry

#: What they are called.
PLACEHOLDERS = ("citizen", "officer", "desk", "case")

_PLACEHOLDER = re.compile("{(" + "|".join(PLACEHOLDERS) + ")}")


async def filled(platform: Platform, texts: Texts, row: Enquiry, desk: Desk, officer: Principal) -> Texts:
    """The texts with what stands for them. Raises InvalidFields where no case was made of the conversation."""
    wanted = {name for text in texts.values() for name in _PLACEHOLDER.findall(text)}
    values: dict[str, Texts] = {"desk": desk.title}
    if "citizen" in wanted:
        citizen = await party_of(platform, row.kind).who(row.subject)
        values["citizen"] = dict.fromkeys(texts, citizen.name) if citizen and citizen.name else say("citizen")
    if "officer" in wanted:
        # What an account is called is nobody's business outside.
        values["officer"] = dict.fromkeys(texts, officer.name) if officer.name else desk.title
    if "case" in wanted:
        filed = await DeskEvent.filter(enquiry_id=row.id, what="filed").order_by("-id").first()
        case = await Case.get_or_none(id=filed.cases[0]) if filed else None
        if case is None:
            told = say("No case was made of this conversation: leave its number out.")
            raise InvalidFields([FieldProblem("/text", told)])
        values["case"] = dict.fromkeys(texts, case.number)

    def fill(tag: str, text: str) -> str:
        return _PLACEHOLDER.sub(lambda found: values[found[1]][tag], text)

    return {tag: fill(tag, text) for tag, text in texts.items()}
