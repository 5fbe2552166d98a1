"""How an appeal reads in the API, beside its case."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, get_args

from banshi.builtin.openapi.titles import titled
from banshi.kernel.cases.actions import title_in
from banshi.kernel.cases.actors import Actor
from banshi.kernel.contract.values import Who, text_in
from banshi.kernel.http.document_schemas import (
    ID,
    LINKS,
    MAYBE_TEXT,
    MOMENT,
    TEXT,
    Record,
    Schema,
    array,
    maybe,
    optional,
    ref,
)
from banshi.kernel.runtime.running import Platform
from banshi.kernel.tables.cases import Case
from banshi.kinds.appeal.models import AppealRecord, Letter, Reply
from banshi.kinds.appeal.rules import MAX_STARS, MIN_STARS, SORTS, Sort
from banshi.kinds.appeal.sorting.suggestion import suggestion
from banshi.kinds.sentences import word

_SUGGESTION = {
    "category": TEXT,
    "category_title": titled(word("Category"), TEXT),
    "unit": TEXT,
    "unit_title": titled(word("Unit"), TEXT),
    "sure": titled(word("How sure it is"), {"type": "number"}),
    "from": titled(word("Appeals it was learnt from"), {"type": "integer"}),
}

_WRITER = {"type": "string", "enum": [Who.CITIZEN.value, Who.STAFF.value]}
_STARS = {"type": "integer", "minimum": MIN_STARS, "maximum": MAX_STARS}
_NUMBER = titled(word("Number"), TEXT)
_REFERENCE = {"id": ID, "number": _NUMBER, "links": LINKS}
_YES: Schema = {"type": "boolean"}
_AT = titled(word("Time"), MOMENT)

#: What an appeal has beside its case.
DETAILS: Mapping[str, Schema] = {
    "sort": {"type": "string", "enum": list(get_args(Sort))},
    "sort_title": titled(word("What it is"), TEXT),
    "category": titled(word("Category"), maybe(ref("Reference"))),
    "unit": TEXT,
    "answers": titled(
        word("Answers"),
        array(Record(text=titled(word("Text"), TEXT), at=_AT, on_time=titled(word("In time"), _YES))),
    ),
    "rating": titled(
        word("Rating"),
        maybe(
            Record(rating=titled(word("Stars"), _STARS), text=titled(word("What was said of it"), MAYBE_TEXT), at=_AT)
        ),
    ),
    "merged_into": titled(
        word("Merged into"),
        maybe(
            {
                **Record(**{name: optional(schema) for name, schema in _REFERENCE.items()}),
                "description": "The appeal that is answered for both; empty for whoever may not see that one.",
            }
        ),
    ),
    "urged": titled(word("How often it was urged"), {"type": "integer", "minimum": 0}),
    "anonymous": optional(
        titled(word("Without a name"), {**_YES, "description": "Where the item takes it from people without a name."})
    ),
    "messages": optional(
        array(
            Record(
                by=_WRITER,
                by_title=titled(word("From"), TEXT),
                text=titled(word("Text"), TEXT),
                at=_AT,
                attachments=array(ID),
            ),
            title=word("Messages"),
            description="What sender and staff write to each other, where the item takes it without a name.",
        )
    ),
    "suggestion": optional(
        titled(
            word("The platform's suggestion"),
            {**maybe(Record(**_SUGGESTION)), "description": "For staff, until it is classified."},
        )
    ),
    "merged": optional(
        array(
            Record(
                **_REFERENCE,
                messages=titled(word("How many messages"), {"type": "integer"}),
                waits=titled(word("Waits for an answer"), _YES),
            ),
            title=word("Merged into this one"),
            description="For staff: what was merged into it, the oldest first.",
        )
    ),
}


def begun(platform: Platform, case: Case, appeal: AppealRecord, language: str) -> dict[str, Any]:
    """Sort, category and whose it is, with all that may come later still empty."""
    item = platform.registry.items.of(case.item)
    known = {one.code: one.title for one in item.details.categories} if item else {}
    title = known.get(appeal.category)
    category = {"code": appeal.category, "title": text_in(title, language) if title else appeal.category}
    document: dict[str, Any] = {
        "sort": appeal.sort,
        "sort_title": text_in(SORTS[appeal.sort], language) if appeal.sort in SORTS else appeal.sort,
        "category": category if appeal.category else None,
        "unit": case.unit,
        "answers": [],
        "rating": None,
        "merged_into": None,
        "urged": appeal.urged,
    }
    if item is None or item.details.anonymous != "never":
        document |= {"anonymous": not case.person, "messages": []}
    return document


async def document_for(platform: Platform, case: Case, reader: Actor, language: str) -> dict[str, Any]:
    """That, with the answers, and the rating; where it was merged, the answers of the other one."""
    appeal = await AppealRecord.get(case_id=case.id)
    document = begun(platform, case, appeal, language)
    document["answers"] = [
        {"text": reply.text, "at": platform.moment(reply.at), "on_time": reply.on_time}
        for reply in await Reply.filter(case_id=appeal.merged_into or case.id).order_by("number")
    ]
    if appeal.rating is not None:
        document["rating"] = {
            "rating": appeal.rating,
            "text": appeal.rating_text,
            "at": platform.moment(appeal.rated_at),
        }
    document["merged_into"] = await _pointer(appeal, reader)
    if "messages" in document:
        document["messages"] = [
            {
                "by": one.by,
                "by_title": title_in({}, one.by, language),
                "text": one.text,
                "at": platform.moment(one.at),
                "attachments": one.files,
            }
            for one in await Letter.filter(case_id=case.id).order_by("number")
        ]
    if reader.who(case) is Who.STAFF:
        told = None if appeal.category else await suggestion(platform, case)
        document["suggestion"] = told and {**told, **_words(platform, case, told, language)}
        document["merged"] = await _merged(case)
    return document


def _words(platform: Platform, case: Case, told: Mapping[str, Any], language: str) -> dict[str, str]:
    """What people read for the category and the unit that are suggested."""
    item, department = platform.registry.items.of(case.item), platform.registry.departments.get(case.department)
    known = {
        "category": {one.code: one.title for one in item.details.categories} if item else {},
        "unit": {one.code: one.title for one in department.units} if department else {},
    }
    return {
        f"{name}_title": text_in(titles[told[name]], language) if told[name] in titles else told[name]
        for name, titles in known.items()
    }


async def _merged(case: Case) -> list[dict[str, Any]]:
    """What was merged into it, the oldest first: where its sender and staff write to each other."""
    found = await AppealRecord.filter(merged_into=case.id).values_list("case_id", flat=True)
    if not found:
        return []
    by: dict[Any, list[str]] = {}
    for identity, side in await Letter.filter(case_id__in=list(found)).order_by("number").values_list("case_id", "by"):
        by.setdefault(identity, []).append(side)
    return [
        {
            "id": str(one.id),
            "number": one.number,
            "messages": len(by.get(one.id, ())),
            "waits": by.get(one.id, [""])[-1] == Who.CITIZEN,
            "links": {"self": f"/v1/cases/{one.id}"},
        }
        for one in await Case.filter(id__in=list(found)).order_by("created_at", "id")
    ]


async def _pointer(appeal: AppealRecord, reader: Actor) -> dict[str, Any] | None:
    """The appeal that it was merged into. Whoever may not see that one learns only that there is one."""
    if appeal.merged_into is None:
        return None
    other = await Case.get_or_none(id=appeal.merged_into)
    # One that was handed in without a name may have left meanwhile.
    if other is None or reader.who(other) is None:
        return {}
    return {"id": str(other.id), "number": other.number, "links": {"self": f"/v1/cases/{other.id}"}}
