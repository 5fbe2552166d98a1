"""How a tip reads for whoever has its code, and the schemas of what goes in and out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tortoise.models import Model

from banshi.builtin.openapi.schemas import SCHEMAS
from banshi.kernel.cases import actors
from banshi.kernel.cases.representations import case_document
from banshi.kernel.contract.routes import Call
from banshi.kernel.http.document_schemas import Record, array, optional
from banshi.kernel.tables.attachments import Attachment
from banshi.kernel.tables.cases import Case, CaseEvent
from banshi.kinds.appeal.models import AppealRecord
from banshi.kinds.appeal.representations import begun, shown
from banshi.kinds.appeal.tips.codes import MAX_TYPED_SIGNS

#: What is of no use to somebody who has a code and nothing else.
HIDDEN = ("id", "links", "renews")

CODE = {
    "type": "string",
    "minLength": 1,
    "maxLength": MAX_TYPED_SIGNS,
    "description": "The code that was shown once; small letters, blanks and dashes don't matter.",
}


READING = Record(code=CODE).form()
ACTING = Record(
    code=CODE,
    answers=optional({"type": "object", "description": "For `supplement`: all answers, corrected."}),
    details=optional({"type": "object", "description": "For an action that `takes` some, by that schema."}),
).form()

_FILE = {name: schema for name, schema in SCHEMAS["Attachment"]["properties"].items() if name != "links"}
# Enclosures are for staff, who read the case itself.
_LEFT_OUT = {*HIDDEN, "enclosures"}
# A tip has `details`, whatever other cases have.
_CASE = {name: dict(schema) for name, schema in SCHEMAS["Case"]["properties"].items() if name not in _LEFT_OUT}
TIP = Record(**_CASE | {"attachments": array(Record(**_FILE))})
NEW_TIP = Record(code={"type": "string", "description": "Shown this once, and never again."}, tip=TIP)
PICTURE = Record(**_FILE)


async def tip_document(call: Call, case: Case, actor: actors.Actor) -> dict[str, Any]:
    """The tip with its timeline, its messages and answers, and what may be done now."""
    platform = call.platform
    events = await CaseEvent.filter(case_id=case.id)
    files = await Attachment.filter(case_id=case.id).order_by("created_at")
    return await _document(call, case, actor, events, files, await shown(platform, case, actor, call.language))


async def new_tip_document(
    call: Call, case: Case, actor: actors.Actor, rows: Sequence[Model], files: Sequence[Attachment]
) -> dict[str, Any]:
    """The tip whose `rows` are about to be stored: nothing that fails here leaves one whose code nobody has seen."""
    (appeal,) = (row for row in rows if isinstance(row, AppealRecord))
    events = [row for row in rows if isinstance(row, CaseEvent)]
    files = sorted(files, key=lambda file: file.created_at)
    return await _document(call, case, actor, events, files, begun(call.platform, case, appeal, call.language))


async def _document(
    call: Call,
    case: Case,
    actor: actors.Actor,
    events: Sequence[CaseEvent],
    files: Sequence[Attachment],
    details: dict[str, Any],
) -> dict[str, Any]:
    document = case_document(
        call.platform,
        case,
        call.language,
        events=events,
        permitted=await actors.permitted(call.platform, case, actor),
        attachments=files,
        details=details,
        code=CODE,
    )
    for name in HIDDEN:
        del document[name]
    for file in document["attachments"]:
        del file["links"]
    return document
