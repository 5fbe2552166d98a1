"""JSON Schemas of the documents that the API answers with, by their names in the OpenAPI document.

They are closed where the kernel alone decides what is in them, so that an answer that drifts from its documentation
fails the contract tests.
"""

from __future__ import annotations

from banshi.builtin.openapi.schemas.cases import CASE_SCHEMAS
from banshi.builtin.openapi.schemas.items import ITEM_SCHEMAS
from banshi.builtin.openapi.schemas.passes import PASS_SCHEMAS
from banshi.kernel.http.document_schemas import TEXT, Record, Schema, array

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
            "reason": {**TEXT, "description": "Why, for whoever develops what people use."},
        },
    },
    **ITEM_SCHEMAS,
    **CASE_SCHEMAS,
    **PASS_SCHEMAS,
}
