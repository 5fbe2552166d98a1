"""JSON Schemas of the documents that the API answers with, by their names in the OpenAPI document.

They are closed where the kernel alone decides what is in them, so that an answer that drifts from its documentation
fails the contract tests.
"""

from __future__ import annotations

from banshi.kernel.http.document_schemas import (
    ID,
    LINKS,
    MAYBE_MOMENT,
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

#: An id in what is sent, where a reader's validator may not know the format.
EXACT_UUID: Schema = {
    **ID,
    "pattern": "^[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}$",
    "maxLength": 36,
    "x-pattern-hint": {"zh-CN": "应填UUID 编号。", "en": "Give a UUID."},
}

_ITEM_REFERENCE = Record(code=TEXT, title=TEXT)

MODE: Schema = {"enum": ["test", "team", "live"], "description": "A `test` is made up, and leaves by itself."}

_CASE_SUMMARY = {
    "id": ID,
    "number": TEXT,
    "item": _ITEM_REFERENCE,
    "department": TEXT,
    "state": TEXT,
    "mode": MODE,
    "reason": MAYBE_TEXT,
    "deadline": maybe(ref("Deadline")),
    "created_at": MOMENT,
    "updated_at": MOMENT,
    "links": LINKS,
}

_CASE_REFERENCE = Record(id=ID, number=TEXT, item={"type": "string", "description": "The item's code."})

_REUSED: Schema = array(Record(document=TEXT, consent=TEXT, case=_CASE_REFERENCE))

OFFERED_CASE = Record(id=ID, number=TEXT, item=_ITEM_REFERENCE, links=LINKS)

OFFERED_FILE = Record(id=ID, name=TEXT, media_type=TEXT, size={"type": "integer"}, links=LINKS)

_OFFER = Record(
    case=OFFERED_CASE,
    concerns=maybe(Record(title=TEXT, value=TEXT)),
    files=array(OFFERED_FILE),
    uploaded_at=MOMENT,
    until={**MOMENT, "description": "From then on it is too old."},
    consent=Record(
        id=TEXT,
        department=_ITEM_REFERENCE,
        purpose=TEXT,
        text={
            "type": "object",
            "additionalProperties": TEXT,
            "description": "What the person agrees to, by language: show it, and send `id` only after a yes.",
        },
    ),
)

MATERIAL = Record(
    title=TEXT,
    required={"type": "boolean"},
    source=TEXT,
    field={"type": "string", "description": "JSON Pointer into the answers; empty without one."},
    how={"enum": ["upload", "in-person", "not-needed"]},
    document=maybe(_ITEM_REFERENCE),
    offers=array(_OFFER, description="What the platform has already."),
)

ACTIONS: Schema = array(
    Record(
        action=TEXT,
        needs_reason={"type": "boolean"},
        leads_to=TEXT,
        takes=optional({"type": "object", "description": "JSON Schema of the `details` that go with it."}),
        body=optional(
            {
                "type": "object",
                "description": "JSON Schema of all that the action takes now: reason and details.",
            }
        ),
    )
)

SCAN = Record(at=MOMENT, department=TEXT, officer=TEXT, place=TEXT, verdict=TEXT)

HELD_PASS = Record(
    key=Record(kty=TEXT, crv=TEXT, x=TEXT, y=TEXT),
    text={
        **TEXT,
        "description": "What the phone puts its own prefix before, the time and its signature behind.",
    },
    sign_every={"type": "integer", "description": "Seconds after which it signs anew."},
    not_before=MAYBE_MOMENT,
    expires_at=MOMENT,
)

DEPARTMENT = Record(
    code=TEXT,
    title=TEXT,
    phone=TEXT,
    units=array(_ITEM_REFERENCE),
    links=LINKS,
)

ITEM_SUMMARY = Record(
    code=TEXT,
    title=TEXT,
    summary=TEXT,
    department=TEXT,
    kind=TEXT,
    mode=MODE,
    fully_online={"type": "boolean"},
    visits={"type": "integer"},
    online_depth={"type": ["object", "null"]},
    links=LINKS,
)

#: What the guide has beside the summary and the form: an item's own, in one language.
GUIDE = (
    *("audience", "legal_basis", "conditions", "materials", "process", "fee", "legal_days", "promised_days"),
    *("places", "result", "details", "version", "unit", "owner", "credential", "certificate"),
)

SCHEMAS: dict[str, Schema] = {
    "Problem": {
        "type": "object",
        "description": "RFC 9457. `code` is stable; further members depend on it.",
        "required": ["type", "title", "status", "code", "detail"],
        "properties": {
            "type": {"type": "string", "format": "uri"},
            "title": TEXT,
            "status": {"type": "integer"},
            "code": TEXT,
            "detail": TEXT,
            "problems": array(
                Record(pointer=TEXT, detail=TEXT, code=TEXT), description="Every wrong field, by JSON Pointer."
            ),
            "permitted_actions": array(TEXT),
        },
    },
    "Department": DEPARTMENT,
    "ItemSummary": ITEM_SUMMARY,
    "Item": {
        "type": "object",
        "description": "The whole guide, with the form's JSON Schema and the links to its verbs.",
        "required": ["code", "title", "summary", "department", "kind", "mode", "links", "form", *GUIDE],
        "properties": {
            "code": TEXT,
            "title": TEXT,
            "summary": TEXT,
            "department": TEXT,
            "kind": TEXT,
            "form": {"type": ["object", "null"]},
            "owner": {
                "oneOf": [{"type": "null"}, Record(field=TEXT, unless=TEXT)],
                "description": "Where it is there, handing in takes a token with a verified ID number, and the answer "
                "at `field` has to be that number, but where the file at `unless` is handed in.",
            },
            "links": LINKS,
        },
    },
    "Deadline": Record(
        working_days={"type": "integer"},
        running={"type": "boolean"},
        due_on={"type": ["string", "null"], "format": "date"},
        provisional={"type": "boolean"},
        explanation=optional(
            {
                "type": "object",
                "description": "In a whole case while the clock runs: the days that were not counted.",
            }
        ),
    ),
    "CaseSummary": Record(**_CASE_SUMMARY),
    "Case": Record(
        **_CASE_SUMMARY,
        applicant={
            "oneOf": [
                {"type": "null"},
                Record(name={**MAYBE_TEXT, "description": "As the identity provider says it."}),
            ],
            "description": "For staff: who handed it in, and whom a certificate may name. Null for everybody else.",
        },
        answers={"type": "object"},
        renews={"type": ["string", "null"], "format": "uuid"},
        timeline=array(
            Record(
                at=MOMENT,
                action=TEXT,
                state=TEXT,
                by=TEXT,
                reason=MAYBE_TEXT,
                reused=optional({**_REUSED, "description": "Documents that came from earlier cases."}),
                reused_for=optional(
                    {
                        **_REUSED,
                        "description": "For the citizen: documents that went to a later one.",
                    }
                ),
            )
        ),
        permitted_actions=ACTIONS,
        attachments=array(ref("Attachment")),
        details=optional({"type": "object", "description": "What the item's kind has beside that."}),
        enclosures=optional({"type": "object", "description": "For staff: what plugins keep with it, by their names."}),
    ),
    "Attachment": Record(
        id=ID,
        name=TEXT,
        media_type=TEXT,
        size={"type": "integer"},
        sha256=TEXT,
        created_at={**MOMENT, "description": "When it was uploaded."},
        document={
            "type": "string",
            "description": "Code of the document that it is; empty where none is named.",
        },
        reused_from=maybe(_CASE_REFERENCE),
        links=LINKS,
    ),
    "Materials": Record(
        item=_ITEM_REFERENCE,
        materials=array(MATERIAL),
    ),
    "HeldPass": HELD_PASS,
    "Verdict": Record(
        verdict={"type": "string", "description": "valid, or why not."},
        detail=TEXT,
        item=maybe(_ITEM_REFERENCE),
        claims=array(Record(name=TEXT, title=TEXT, value={}), description="Empty unless the pass is genuine."),
        issued_at=MAYBE_MOMENT,
        not_before=MAYBE_MOMENT,
        expires_at=MAYBE_MOMENT,
        reason=MAYBE_TEXT,
        seen_elsewhere={"type": "boolean"},
    ),
    "CertificateVerdict": Record(
        verdict={"type": "string", "description": "valid, or why not."},
        detail=TEXT,
        item=maybe(_ITEM_REFERENCE),
        department=maybe(_ITEM_REFERENCE),
        number={**MAYBE_TEXT, "description": "As it stands on the page."},
        title={**MAYBE_TEXT, "description": "What has to stand above the page."},
        body=array(TEXT, description="The sentences that the page has to have, as the department words them now."),
        claims=array(
            Record(name=TEXT, title=TEXT, value={}, text=TEXT),
            description="What the page has to say, value by value. Empty unless the certificate is genuine.",
        ),
        issued_at=MAYBE_MOMENT,
        not_before=MAYBE_MOMENT,
        expires_at=MAYBE_MOMENT,
    ),
    "LookUpAnswer": Record(
        register=_ITEM_REFERENCE,
        as_of={**MOMENT, "description": "The time that the data are from."},
        sample={"type": "boolean", "description": "The data are made up, for development."},
        columns=array(
            Record(
                name=TEXT,
                title=TEXT,
                type={"enum": ["text", "integer", "number", "boolean", "date", "moment"]},
                values=optional({"type": "object", "additionalProperties": TEXT, "description": "Value to text."}),
            )
        ),
        records=array({"type": "object"}, maxItems=100, description="By column."),
        found={"type": "integer"},
        more={"type": "boolean", "description": "There are more than are shown."},
    ),
    "LookUp": Record(
        id=ID,
        at=MOMENT,
        item=_ITEM_REFERENCE,
        purpose=TEXT,
        by=Record(
            who={"enum": ["oneself", "account", "staff"], "description": "account: another one of yours."},
            department=optional(_ITEM_REFERENCE),
            role=optional(TEXT),
        ),
    ),
    "Scan": SCAN,
}
