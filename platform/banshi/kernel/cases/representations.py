"""How cases and texts read in the API: rows as JSON documents, for one reader in one language."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from banshi.foundation.keys import Key
from banshi.kernel.cases.actions import action_document, title_in, words_of
from banshi.kernel.cases.clock import deadline_of
from banshi.kernel.cases.submission import item_of
from banshi.kernel.contract.kinds import Kind
from banshi.kernel.contract.routes import Link
from banshi.kernel.contract.values import Step, Who, text_in
from banshi.kernel.runtime.running import Platform
from banshi.kernel.tables.attachments import Attachment
from banshi.kernel.tables.cases import Case, CaseEvent


@dataclass(frozen=True, slots=True)
class Enclosure:
    """What a plugin keeps with cases for their staff, such as how to reach whoever a program speaks for."""

    #: What it has of a case, as JSON; None for a case of which it knows nothing.
    read: Callable[[Platform, Case], Awaitable[Mapping[str, Any] | None]]


#: Plugins that keep something with cases offer how it is read; nobody but the case's staff ever sees it.
ENCLOSURES: Key[Enclosure] = Key("enclosures")


async def enclosures_of(platform: Platform, case: Case) -> dict[str, Mapping[str, Any]]:
    """What the plugins have of a case, by their names."""
    found = {plugin: await enclosure.read(platform, case) for plugin, enclosure in platform.offered(ENCLOSURES)}
    return {plugin: told for plugin, told in found.items() if told is not None}


#: The columns of a case that its summary shows: no list opens what citizens wrote.
SUMMARY = (
    "id", "number", "item", "item_version", "kind", "department", "unit", "state", "mode", "reason",
    "created_at", "updated_at", "clock_allowed", "clock_unit", "clock_used", "clock_since", "due_on",
    "due_provisional", "urgency",
)  # fmt: skip


#: From a page of summaries to its first case.
TO_FIRST_CASE = Link("show_case", {"id": "$response.body#/items/0/id"})


def case_summary(platform: Platform, case: Case, language: str, reader: Who | None = None) -> dict[str, Any]:
    """A case as lists show it; to nobody but a `reader` who is its citizen it says that it is their turn."""
    item, kind = platform.registry.items.of(case.item), platform.registry.kinds.get(case.kind)
    department = platform.registry.departments.get(case.department)
    units = {one.code: one.title for one in department.units} if department else {}
    return {
        "id": str(case.id),
        "number": case.number,
        "item": {"code": case.item, "title": text_in(item.title, language) if item else case.item},
        "kind": case.kind,
        "kind_title": text_in(kind.title, language) if kind else case.kind,
        "department": case.department,
        "department_title": text_in(department.title, language) if department else case.department,
        "unit": case.unit,
        "unit_title": text_in(units[case.unit], language) if case.unit in units else case.unit,
        "state": case.state,
        "state_title": title_in(words_of(kind, item)[0], case.state, language),
        "your_turn": reader is Who.CITIZEN and item is not None and waits(kind, item_of(platform, case).steps, case),
        "mode": case.mode,
        "reason": text_in(case.reason, language) if case.reason else None,
        "deadline": _deadline(case),
        "created_at": platform.moment(case.created_at),
        "updated_at": platform.moment(case.updated_at),
        "links": {"self": f"/v1/cases/{case.id}"},
    }


def waits(kind: Kind | None, steps: Sequence[Step], case: Case) -> bool:
    """Whether the case waits for its citizen: by one of these steps they take it on, and don't withdraw it."""
    backward = kind.backward if kind else ()
    return any(
        step.work and step.state == case.state and Who.CITIZEN in step.who and step.action not in backward
        for step in steps
    )


def case_document(
    platform: Platform,
    case: Case,
    language: str,
    *,
    events: Sequence[CaseEvent],
    permitted: Sequence[Step],
    attachments: Sequence[Attachment] = (),
    passes: Sequence[str | None] = (),
    details: Mapping[str, Any] | None = None,
    enclosures: Mapping[str, Any] | None = None,
    reader: Who | None = None,
    account: str = "",
    code: Mapping[str, Any] | None = None,
    address: str = "",
) -> dict[str, Any]:
    """A case whole, with its timeline and what its reader may do now; `code` is that of a tip (`actions.body_schema`),
    and `address` where its actions are taken.

    What is shown to one side alone is left out unless `reader` says that it is for them. `passes` are the phones of its
    passes, the last one first: None is a pass that needs none. `account` is the reader's own, where they are staff.
    """
    document, kind = case_summary(platform, case, language), platform.registry.kinds.get(case.kind)
    states, acts = words_of(kind, platform.registry.items.of(case.item))
    # Staff decide on it, and may sign the name: they have to see whose it is.
    named = reader is Who.STAFF and case.person
    document |= {
        "applicant": {"name": case.person_name or None} if named else None,
        "answers": case.answers,
        "renews": str(case.renews) if case.renews else None,
        "timeline": [
            {
                "at": platform.moment(event.at),
                "action": event.action,
                "action_title": title_in(acts, event.action, language),
                "state": event.state,
                "state_title": title_in(states, event.state, language),
                "by": event.actor,
                "by_title": title_in({}, event.actor, language),
                "reason": text_in(event.reason, language) if event.reason else None,
                **_reuse(event, language, own=reader is Who.CITIZEN),
            }
            for event in sorted(events, key=lambda event: event.version)
        ],
        "your_turn": waits(kind, permitted, case),
        "permitted_actions": actions_of(platform, case, permitted, language, code=code, address=address),
        "attachments": [attachment_document(platform, one) for one in attachments],
    }
    if case.clock_since is not None and (deadline := deadline_of(platform, case)):
        # Why this date: the days on the way that were not counted.
        told = {**deadline.explain(language), "unit": case.clock_unit}
        document["deadline"]["explanation"] = {**told, "working_days": told["days"]}
    if details is not None:
        document["details"] = {"kind": case.kind, **details}
    if reader in (Who.CITIZEN, Who.STAFF):
        document["links"]["readings"] = f"/v1/cases/{case.id}/readings"
    if reader is Who.STAFF:
        document["version"] = case.version
        document["second_person"] = second_person(platform, case, events, account, language)
    if enclosures and reader is Who.STAFF:
        document["enclosures"] = dict(enclosures)
    if passes:
        links = pass_links(platform, case, passes[0])
        document["links"] |= {"pass": next(iter(links.values())), **links}
    return document


def firsts_of(platform: Platform, case: Case) -> frozenset[str]:
    """The actions after which, in the state that the case is in, somebody else has to take the next one."""
    item = platform.registry.items.of(case.item, case.item_version)
    steps = item.steps if item else ()
    return frozenset(step.other_than for step in steps if step.state == case.state and step.other_than)


def second_person(
    platform: Platform, case: Case, events: Sequence[CaseEvent], account: str, language: str
) -> dict[str, Any] | None:
    """Whose step has to be followed by somebody else's now, for a member of staff; None where none has."""
    firsts = firsts_of(platform, case)
    taken = [event for event in events if event.action in firsts]
    if not taken:
        return None
    first = max(taken, key=lambda event: event.version)
    item, kind = platform.registry.items.of(case.item), platform.registry.kinds.get(case.kind)
    return {
        "action": first.action,
        "action_title": title_in(words_of(kind, item)[1], first.action, language),
        "at": platform.moment(first.at),
        "account": first.actor_id,
        "own": first.actor_id == account,
    }


def pass_links(platform: Platform, case: Case, phone: str | None) -> dict[str, str]:
    """Where a case's pass is shown: `phone` is what its row says, None for a pass that needs none."""
    own, item = f"/v1/cases/{case.id}", platform.registry.items.of(case.item)
    shown = {"pass_picture": f"{own}/pass.svg"} if phone is None else {"pass_phone": f"{own}/pass/phone"}
    written = {"certificate": f"{own}/certificate.pdf"} if item and item.certificate else {}
    return {**shown, "scans": f"{own}/scans", **written}


def actions_of(
    platform: Platform,
    case: Case,
    steps: Sequence[Step],
    language: str,
    *,
    code: Mapping[str, Any] | None = None,
    address: str = "",
) -> list[dict[str, Any]]:
    """What may be done with a case now, each with the schema of what it takes."""
    if not steps:
        return []
    kind, item = platform.registry.kinds[case.kind], item_of(platform, case)
    address = address or f"/v1/cases/{case.id}/actions/"
    return [action_document(kind, item, step, language, address, code=code) for step in steps]


def attachment_document(platform: Platform, row: Attachment) -> dict[str, Any]:
    return {
        "id": str(row.id),
        "name": row.name,
        "media_type": row.media_type,
        "size": row.size,
        "sha256": row.sha256,
        "created_at": platform.moment(row.created_at),
        "state": row.state,
        "document": row.document,
        "reused_from": row.origin,
        "links": {"self": f"/v1/attachments/{row.id}"},
    }


def _reuse(event: CaseEvent, language: str, *, own: bool) -> dict[str, Any]:
    """The consents that a step had with it. Where an earlier case's files went is the citizen's own business."""
    shown = ("reused", "reused_for") if own else ("reused",)
    return {
        name: [{**one, "consent": text_in(one["consent"], language)} for one in (event.details or {})[name]]
        for name in shown
        if name in (event.details or {})
    }


def _deadline(case: Case) -> dict[str, Any] | None:
    if case.clock_allowed is None:
        return None
    return {
        "working_days": case.clock_allowed,
        "days": case.clock_allowed,
        "unit": case.clock_unit,
        "running": case.clock_since is not None,
        "due_on": case.due_on.isoformat() if case.due_on else None,
        "provisional": case.due_provisional,
    }
