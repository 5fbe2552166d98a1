"""JSON Schemas of the documents that the API answers with, by their names in the OpenAPI document.

They are closed where the kernel alone decides what is in them, so that an answer that drifts from its documentation
fails the contract tests.
"""

from __future__ import annotations

from banshi.kernel.http.document_schemas import (
    LINKS,
    MAYBE_MOMENT,
    MAYBE_TEXT,
    MOMENT,
    TEXT,
    UUID,
    Schema,
    maybe,
    record,
    ref,
)

_ITEM_REFERENCE = record({"code": TEXT, "title": TEXT})

MODE: Schema = {"enum": ["test", "team", "live"], "description": "A `test` is made up, and leaves by itself."}

_CASE_SUMMARY = {
    "id": UUID,
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

_CASE_REFERENCE = record({"id": UUID, "number": TEXT, "item": {"type": "string", "description": "The item's code."}})

_REUSED: Schema = {"type": "array", "items": record({"document": TEXT, "consent": TEXT, "case": _CASE_REFERENCE})}

_OFFER = record(
    {
        "case": record({"id": UUID, "number": TEXT, "item": _ITEM_REFERENCE, "links": LINKS}),
        "concerns": maybe(record({"title": TEXT, "value": TEXT})),
        "files": {
            "type": "array",
            "items": record(
                {"id": UUID, "name": TEXT, "media_type": TEXT, "size": {"type": "integer"}, "links": LINKS}
            ),
        },
        "uploaded_at": MOMENT,
        "until": {**MOMENT, "description": "From then on it is too old."},
        "consent": record(
            {
                "id": TEXT,
                "department": _ITEM_REFERENCE,
                "purpose": TEXT,
                "text": {
                    "type": "object",
                    "additionalProperties": TEXT,
                    "description": "What the person agrees to, by language: show it, and send `id` only after a yes.",
                },
            }
        ),
    }
)

ACTIONS: Schema = {
    "type": "array",
    "items": record(
        {
            "action": TEXT,
            "needs_reason": {"type": "boolean"},
            "leads_to": TEXT,
            "takes": {"type": "object", "description": "JSON Schema of the `details` that go with it."},
            "body": {
                "type": "object",
                "description": "JSON Schema of all that the action takes now: reason and details.",
            },
        },
        optional=("takes", "body"),
    ),
}

#: What the guide has beside the summary.
_GUIDE = (
    *("audience", "legal_basis", "conditions", "materials", "process", "fee", "legal_days", "promised_days"),
    *("places", "result", "form", "details", "version", "unit", "owner", "credential", "certificate"),
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
            "problems": {
                "type": "array",
                "items": record({"pointer": TEXT, "detail": TEXT, "code": TEXT}),
                "description": "Every wrong field, by JSON Pointer.",
            },
            "permitted_actions": {"type": "array", "items": TEXT},
        },
    },
    "Department": record(
        {
            "code": TEXT,
            "title": TEXT,
            "phone": TEXT,
            "units": {"type": "array", "items": _ITEM_REFERENCE},
            "links": LINKS,
        }
    ),
    "ItemSummary": record(
        {
            "code": TEXT,
            "title": TEXT,
            "summary": TEXT,
            "department": TEXT,
            "kind": TEXT,
            "mode": MODE,
            "fully_online": {"type": "boolean"},
            "visits": {"type": "integer"},
            "online_depth": {"type": ["object", "null"]},
            "links": LINKS,
        }
    ),
    "Item": {
        "type": "object",
        "description": "The whole guide, with the form's JSON Schema and the links to its verbs.",
        "required": ["code", "title", "summary", "department", "kind", "mode", "links", *_GUIDE],
        "properties": {
            "code": TEXT,
            "title": TEXT,
            "summary": TEXT,
            "department": TEXT,
            "kind": TEXT,
            "form": {"type": ["object", "null"]},
            "owner": {
                "oneOf": [{"type": "null"}, record({"field": TEXT, "unless": TEXT})],
                "description": "Where it is there, handing in takes a token with a verified ID number, and the answer "
                "at `field` has to be that number, but where the file at `unless` is handed in.",
            },
            "links": LINKS,
        },
    },
    "Deadline": record(
        {
            "working_days": {"type": "integer"},
            "running": {"type": "boolean"},
            "due_on": {"type": ["string", "null"], "format": "date"},
            "provisional": {"type": "boolean"},
            "explanation": {
                "type": "object",
                "description": "In a whole case while the clock runs: the days that were not counted.",
            },
        },
        optional=("explanation",),
    ),
    "CaseSummary": record(_CASE_SUMMARY),
    "Case": record(
        {
            **_CASE_SUMMARY,
            "applicant": {
                "oneOf": [
                    {"type": "null"},
                    record({"name": {**MAYBE_TEXT, "description": "As the identity provider says it."}}),
                ],
                "description": "For staff: who handed it in, and whom a certificate may name. Null for everybody else.",
            },
            "answers": {"type": "object"},
            "renews": {"type": ["string", "null"], "format": "uuid"},
            "timeline": {
                "type": "array",
                "items": record(
                    {
                        "at": MOMENT,
                        "action": TEXT,
                        "state": TEXT,
                        "by": TEXT,
                        "reason": MAYBE_TEXT,
                        "reused": {**_REUSED, "description": "Documents that came from earlier cases."},
                        "reused_for": {
                            **_REUSED,
                            "description": "For the citizen: documents that went to a later one.",
                        },
                    },
                    optional=("reused", "reused_for"),
                ),
            },
            "permitted_actions": ACTIONS,
            "attachments": {"type": "array", "items": ref("Attachment")},
            "details": {"type": "object", "description": "What the item's kind has beside that."},
            "enclosures": {"type": "object", "description": "For staff: what plugins keep with it, by their names."},
        },
        optional=("details", "enclosures"),
    ),
    "Attachment": record(
        {
            "id": UUID,
            "name": TEXT,
            "media_type": TEXT,
            "size": {"type": "integer"},
            "sha256": TEXT,
            "created_at": {**MOMENT, "description": "When it was uploaded."},
            "document": {
                "type": "string",
                "description": "Code of the document that it is; empty where none is named.",
            },
            "reused_from": maybe(_CASE_REFERENCE),
            "links": LINKS,
        }
    ),
    "Materials": record(
        {
            "item": _ITEM_REFERENCE,
            "materials": {
                "type": "array",
                "items": record(
                    {
                        "title": TEXT,
                        "required": {"type": "boolean"},
                        "source": TEXT,
                        "field": {"type": "string", "description": "JSON Pointer into the answers; empty without one."},
                        "how": {"enum": ["upload", "in-person", "not-needed"]},
                        "document": maybe(_ITEM_REFERENCE),
                        "offers": {"type": "array", "items": _OFFER, "description": "What the platform has already."},
                    }
                ),
            },
        }
    ),
    "HeldPass": record(
        {
            "key": record({"kty": TEXT, "crv": TEXT, "x": TEXT, "y": TEXT}),
            "text": {
                **TEXT,
                "description": "What the phone puts its own prefix before, the time and its signature behind.",
            },
            "sign_every": {"type": "integer", "description": "Seconds after which it signs anew."},
            "not_before": MAYBE_MOMENT,
            "expires_at": MOMENT,
        }
    ),
    "Verdict": record(
        {
            "verdict": {"type": "string", "description": "valid, or why not."},
            "detail": TEXT,
            "item": maybe(_ITEM_REFERENCE),
            "claims": {
                "type": "array",
                "items": record({"name": TEXT, "title": TEXT, "value": {}}),
                "description": "Empty unless the pass is genuine.",
            },
            "issued_at": MAYBE_MOMENT,
            "not_before": MAYBE_MOMENT,
            "expires_at": MAYBE_MOMENT,
            "reason": MAYBE_TEXT,
            "seen_elsewhere": {"type": "boolean"},
        }
    ),
    "CertificateVerdict": record(
        {
            "verdict": {"type": "string", "description": "valid, or why not."},
            "detail": TEXT,
            "item": maybe(_ITEM_REFERENCE),
            "department": maybe(_ITEM_REFERENCE),
            "number": {**MAYBE_TEXT, "description": "As it stands on the page."},
            "title": {**MAYBE_TEXT, "description": "What has to stand above the page."},
            "body": {
                "type": "array",
                "items": TEXT,
                "description": "The sentences that the page has to have, as the department words them now.",
            },
            "claims": {
                "type": "array",
                "items": record({"name": TEXT, "title": TEXT, "value": {}, "text": TEXT}),
                "description": "What the page has to say, value by value. Empty unless the certificate is genuine.",
            },
            "issued_at": MAYBE_MOMENT,
            "not_before": MAYBE_MOMENT,
            "expires_at": MAYBE_MOMENT,
        }
    ),
    "LookUpAnswer": record(
        {
            "register": _ITEM_REFERENCE,
            "as_of": {**MOMENT, "description": "The time that the data are from."},
            "sample": {"type": "boolean", "description": "The data are made up, for development."},
            "columns": {
                "type": "array",
                "items": record(
                    {
                        "name": TEXT,
                        "title": TEXT,
                        "type": {"enum": ["text", "integer", "number", "boolean", "date", "moment"]},
                        "values": {"type": "object", "additionalProperties": TEXT, "description": "Value to text."},
                    },
                    optional=("values",),
                ),
            },
            "records": {"type": "array", "maxItems": 100, "items": {"type": "object"}, "description": "By column."},
            "found": {"type": "integer"},
            "more": {"type": "boolean", "description": "There are more than are shown."},
        }
    ),
    "LookUp": record(
        {
            "id": UUID,
            "at": MOMENT,
            "item": _ITEM_REFERENCE,
            "purpose": TEXT,
            "by": record(
                {
                    "who": {"enum": ["oneself", "account", "staff"], "description": "account: another one of yours."},
                    "department": _ITEM_REFERENCE,
                    "role": TEXT,
                },
                optional=("department", "role"),
            ),
        }
    ),
    "Scan": record({"at": MOMENT, "department": TEXT, "officer": TEXT, "place": TEXT, "verdict": TEXT}),
}
