"""How an appeal reads in the API, beside its case."""

from __future__ import annotations

from typing import Any

from banshi.kernel.cases.actors import Actor
from banshi.kernel.contract.values import Who, text_in
from banshi.kernel.runtime.running import Platform
from banshi.kernel.tables.cases import Case
from banshi.kinds.appeal.models import AppealRecord, Letter, Reply
from banshi.kinds.appeal.sorting.suggestion import suggestion


def begun(platform: Platform, case: Case, appeal: AppealRecord, language: str) -> dict[str, Any]:
    """Sort, category and whose it is, with all that may come later still empty."""
    item = platform.registry.items.of(case.item)
    known = {one.code: one.title for one in item.details.categories} if item else {}
    title = known.get(appeal.category)
    category = {"code": appeal.category, "title": text_in(title, language) if title else appeal.category}
    document: dict[str, Any] = {
        "sort": appeal.sort,
        "category": category if appeal.category else None,
        "unit": case.unit,
        "answers": [],
        "rating": None,
        "merged_into": None,
    }
    if item is None or item.details.anonymous != "never":
        document |= {"anonymous": not case.person, "messages": []}
    return document


async def shown(platform: Platform, case: Case, reader: Actor, language: str) -> dict[str, Any]:
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
            {"by": one.by, "text": one.text, "at": platform.moment(one.at), "attachments": one.files}
            for one in await Letter.filter(case_id=case.id).order_by("number")
        ]
    if reader.who(case) is Who.STAFF:
        document["suggestion"] = None if appeal.category else await suggestion(platform, case)
        document["merged"] = await _merged(case)
    return document


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
