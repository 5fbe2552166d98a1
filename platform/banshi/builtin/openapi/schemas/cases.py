"""Documents of cases: for the person, for staff, for one who has a code alone; their steps and their files."""

from __future__ import annotations

from banshi.builtin.openapi.schemas.items import KIND, MODE, REFERENCE
from banshi.builtin.sentences import say
from banshi.kernel.cases.clock import CALENDAR_DAY, WORKING_DAY
from banshi.kernel.contract.values import Who
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
from banshi.kernel.tables.attachments import HELD, REFUSED, STORED

#: An id in what is sent, where a reader's validator may not know the format.
EXACT_UUID: Schema = {
    **ID,
    "pattern": "^[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}$",
    "maxLength": 36,
    "x-pattern-hint": say("Give the id that the platform has given."),
}

_CASE_SUMMARY = {
    "id": ID,
    "number": TEXT,
    "item": REFERENCE,
    "kind": KIND,
    "kind_title": TEXT,
    "department": TEXT,
    "department_title": TEXT,
    "unit": TEXT,
    "unit_title": TEXT,
    "state": ref("CaseState"),
    "state_title": {**TEXT, "description": "What people read for the state."},
    "your_turn": {
        "type": "boolean",
        "description": "For its citizen: it waits for what they alone can do, as one of its actions; false for staff.",
    },
    "mode": MODE,
    "reason": MAYBE_TEXT,
    "deadline": maybe(ref("Deadline")),
    "created_at": MOMENT,
    "updated_at": MOMENT,
    "links": LINKS,
}

_CASE_REFERENCE = Record(id=ID, number=TEXT, item={"type": "string", "description": "The item's code."})

_REUSED: Schema = array(Record(document=TEXT, consent=TEXT, case=_CASE_REFERENCE))

ACTIONS: Schema = array(ref("PermittedAction"))

PERMITTED_ACTION = Record(
    action=ref("CaseAction"),
    label={**TEXT, "description": "What people read for the action."},
    needs_reason={"type": "boolean"},
    leads_to=ref("CaseState"),
    leads_to_title={**TEXT, "description": "What people read for that state."},
    forward={"type": "boolean", "description": "It is the way on, and neither withdraws nor refuses."},
    link={**TEXT, "description": "Where it is taken, by POST."},
    takes=optional({"type": "object", "description": "JSON Schema of the `details` that go with it."}),
    body=optional(
        {"type": "object", "description": "JSON Schema of all that the action takes now: reason and details."}
    ),
)

DAY: Schema = {"type": "string", "format": "date"}
DAY_UNIT: Schema = {"type": "string", "enum": [WORKING_DAY, CALENDAR_DAY], "description": "Which days count."}
OLD_DAYS: Schema = {
    "type": "integer",
    "deprecated": True,
    "description": "The old name of `days`, whatever their unit. It goes with the next version.",
}

CASE_SCHEMAS: dict[str, Schema] = {
    "PermittedAction": PERMITTED_ACTION,
    "Deadline": Record(
        working_days=OLD_DAYS,
        days={"type": "integer", "description": "That the department has in all."},
        unit=DAY_UNIT,
        running={"type": "boolean"},
        due_on={"type": ["string", "null"], "format": "date"},
        provisional={"type": "boolean"},
        explanation=optional(
            {
                "description": "In a whole case while the clock runs: the days that were not counted.",
                **Record(
                    due_on=DAY,
                    provisional={"type": "boolean"},
                    days={"type": "integer", "description": "Of its unit, from `counted_from` on."},
                    unit=DAY_UNIT,
                    working_days=OLD_DAYS,
                    counted_from=DAY,
                    skipped=array(Record(date=DAY, why=TEXT)),
                ),
            }
        ),
    ),
    "Applicant": Record(name={**MAYBE_TEXT, "description": "As the identity provider says it."}),
    "TimelineEntry": Record(
        at=MOMENT,
        action={**TEXT, "description": "An action, or what else was noted, such as `submit`."},
        action_title=TEXT,
        state=ref("CaseState"),
        state_title=TEXT,
        by={"type": "string", "enum": [one.value for one in Who]},
        by_title=TEXT,
        reason=MAYBE_TEXT,
        reused=optional({**_REUSED, "description": "Documents that came from earlier cases."}),
        reused_for=optional({**_REUSED, "description": "For the citizen: documents that went to a later one."}),
    ),
    "CaseSummary": Record(**_CASE_SUMMARY),
    "Case": Record(
        **_CASE_SUMMARY,
        applicant={
            **maybe(ref("Applicant")),
            "description": "For staff: who handed it in, and whom a certificate may name. Null for everybody else.",
        },
        answers={"type": "object"},
        renews={"type": ["string", "null"], "format": "uuid"},
        timeline=array(ref("TimelineEntry")),
        permitted_actions=ACTIONS,
        attachments=array(ref("Attachment")),
        details=optional(ref("CaseDetails")),
        version=optional({"type": "integer", "description": "For staff: what they read, to send with an action."}),
        second_person=optional(
            {**maybe(ref("FirstPerson")), "description": "For staff: the step after which somebody else decides."}
        ),
        enclosures=optional({"type": "object", "description": "For staff: what plugins keep with it, by their names."}),
    ),
    "WorklistCase": Record(
        **_CASE_SUMMARY,
        applicant={
            **maybe(ref("Applicant")),
            "description": "Who handed it in, masked: the case itself has the whole name. Null for nobody's.",
        },
        subject={
            **MAYBE_TEXT,
            "description": "The plate or the organisation that it is about, by its last four signs; null for others.",
        },
        actions=array(
            Record(action=ref("CaseAction"), label=TEXT, forward={"type": "boolean"}),
            description="What the caller may do by the state table; none where it is a colleague's turn.",
        ),
        second_person=maybe(ref("FirstPerson")),
        note={**MAYBE_TEXT, "description": "What else there is to say of it, such as that it was urged."},
    ),
    "FirstPerson": Record(
        action=ref("CaseAction"),
        action_title=TEXT,
        at=MOMENT,
        account={**TEXT, "description": "Of whoever took it, as the identity provider names them."},
        own={"type": "boolean", "description": "It was the caller: somebody else goes on with it."},
    ),
    "WorklistCounts": Record(
        total={"type": "integer"},
        overdue={"type": "integer", "description": "Whose last day is over."},
        due_today={"type": "integer"},
        states=array(Record(state=ref("CaseState"), state_title=TEXT, count={"type": "integer"})),
        items=array(Record(item=REFERENCE, count={"type": "integer"})),
    ),
    "ActionPreview": Record(
        action=ref("CaseAction"),
        state=ref("CaseState"),
        state_title={**TEXT, "description": "Of the case after the action."},
        deadline=maybe(ref("Deadline")),
        message={
            **maybe(Record(title=TEXT, body=TEXT)),
            "description": "As its citizen would read it in the caller's language; null where nobody is told anything.",
        },
    ),
    "Begun": Record(
        kind=KIND,
        kind_title=TEXT,
        case={
            "oneOf": [{"type": "null"}, ref("Case"), ref("UnnamedCase")],
            "description": "Null where a register answers, and there is nothing to go on with.",
        },
        records=maybe(ref("LookUpAnswer")),
        code={**MAYBE_TEXT, "description": "What an unnamed sender comes back with: shown this once, and never again."},
    ),
    "Attachment": Record(
        id=ID,
        name=TEXT,
        media_type=TEXT,
        size={"type": "integer"},
        sha256=TEXT,
        created_at={**MOMENT, "description": "When it was uploaded."},
        state={
            "type": "string",
            "enum": [STORED, HELD, REFUSED],
            "description": "Held: it can be named, and read once it was examined. Refused: it was harmful and is gone.",
        },
        document={"type": "string", "description": "Code of the document that it is; empty where none is named."},
        reused_from=maybe(_CASE_REFERENCE),
        item=optional({**REFERENCE, "description": "Of an upload that named one."}),
        field=optional(
            {
                **Record(pointer=TEXT, title=TEXT, shows=MAYBE_TEXT, accepts=array(TEXT)),
                "description": "Where the id goes in that item's answers, and what the file has to show there.",
            }
        ),
        links=LINKS,
    ),
}

_FILE: dict[str, Schema] = CASE_SCHEMAS["Attachment"]["properties"]
_CASE: dict[str, Schema] = CASE_SCHEMAS["Case"]["properties"]

#: What is of no use to somebody who has a code and nothing else; enclosures are for staff, who read the case itself.
_OF_A_NAME = frozenset({"id", "links", "renews", "enclosures", "second_person", "version"})

UNNAMED_FILE = Record(**{name: schema for name, schema in _FILE.items() if name != "links"})
UNNAMED_CASE = Record(
    **{name: dict(schema) for name, schema in _CASE.items() if name not in _OF_A_NAME}
    | {"attachments": array(UNNAMED_FILE)}
)
CASE_SCHEMAS["UnnamedCase"] = UNNAMED_CASE
