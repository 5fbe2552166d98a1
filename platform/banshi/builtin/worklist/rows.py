"""A row of the worklist: what waits, whose it is, what its reader may do with it, and who else has to.

Names are masked and answers left out, so that a page of it is no reading of anybody's: the case itself is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from banshi.foundation.texts import masked
from banshi.kernel.cases.actions import title_in, words_of
from banshi.kernel.cases.actors import Actor, by_role, is_filing
from banshi.kernel.cases.representations import case_summary, firsts_of, second_person
from banshi.kernel.contract.values import Item, Texts, text_in
from banshi.kernel.runtime.running import Platform
from banshi.kernel.tables.cases import Case, CaseEvent

#: Formats of answers that name what a case is about, and how many of their last signs a row shows.
SUBJECTS, SHOWN_SIGNS = ("cn-plate", "cn-uscc"), 4


async def rows_of(platform: Platform, cases: Sequence[Case], actor: Actor, language: str) -> list[dict[str, Any]]:
    """The documents of cases that wait for a member of staff."""
    firsts = {case.id: found for case in cases if (found := firsts_of(platform, case))}
    taken = dict[UUID, list[CaseEvent]]()
    if firsts:
        events: Any = CaseEvent.filter(case_id__in=[*firsts], action__in=sorted(set[str]().union(*firsts.values())))
        for event in await events:
            taken.setdefault(event.case_id, []).append(event)
    began: Any = CaseEvent.filter(case_id__in=[case.id for case in cases], version=1)
    filed = {event.case_id for event in (await began if cases else ()) if is_filing(event, actor.subject)}
    noted: dict[UUID, Texts] = {}
    for kind in platform.registry.kinds.values():
        if kind.notes and (of_kind := [case for case in cases if case.kind == kind.name]):
            noted |= await kind.notes(of_kind)
    rows = [_row(platform, case, actor, language, taken.get(case.id, ())) for case in cases]
    for case, row in zip(cases, rows, strict=True):
        row["note"] = text_in(noted[case.id], language) if case.id in noted else None
        # Whoever has filed one for its citizen takes no step in it.
        row["actions"] = [] if case.id in filed else row["actions"]
    return rows


def _row(platform: Platform, case: Case, actor: Actor, language: str, taken: Sequence[CaseEvent]) -> dict[str, Any]:
    item, kind = platform.registry.items.of(case.item, case.item_version), platform.registry.kinds.get(case.kind)
    _, words = words_of(kind, platform.registry.items.of(case.item))
    own = {event.action for event in taken if event.actor_id == actor.subject}
    backward = kind.backward if kind else ()
    return case_summary(platform, case, language, actor.who(case)) | {
        "applicant": {"name": masked(case.person_name) or None} if case.person else None,
        "subject": subject_of(item, case.answers) if item else None,
        "actions": [
            {
                "action": one.action,
                "label": title_in(words, one.action, language),
                "forward": one.action not in backward,
            }
            for one in by_role(platform, case, actor)
            if one.other_than not in own
        ],
        "second_person": second_person(platform, case, taken, actor.subject, language),
    }


def subject_of(item: Item, answers: Any) -> str | None:
    """The last signs of the plate or the organisation's code in the answers; None where there is none."""
    schema: Mapping[str, Any] = item.form.schema if item.form is not None else {}
    for name, node in schema.get("properties", {}).items():
        text = answers.get(name) if isinstance(answers, Mapping) else None
        if isinstance(text, str) and node.get("format") in SUBJECTS and len(text) > SHOWN_SIGNS:
            return f"*{text[-SHOWN_SIGNS:]}"
    return None
