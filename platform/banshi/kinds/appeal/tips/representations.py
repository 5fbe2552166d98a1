"""How a tip reads for whoever has its code, and the schemas of what goes in and out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tortoise.models import Model

from banshi.builtin.openapi.schemas.cases import UNNAMED_CASE, UNNAMED_FILE
from banshi.kernel.cases import actors
from banshi.kernel.cases.representations import case_document
from banshi.kernel.contract.routes import Call
from banshi.kernel.http.document_schemas import Record, optional
from banshi.kernel.runtime.running import Platform
from banshi.kernel.tables.attachments import Attachment
from banshi.kernel.tables.cases import Case, CaseEvent
from banshi.kinds.appeal.models import AppealRecord
from banshi.kinds.appeal.representations import begun, document_for
from banshi.kinds.appeal.tips.codes import MAX_TYPED_SIGNS
from banshi.kinds.sentences import say, word

#: What is of no use to somebody who has a code and nothing else.
HIDDEN = ("id", "links", "renews")

CODE = {
    "type": "string",
    "minLength": 1,
    "maxLength": MAX_TYPED_SIGNS,
    "title": word("Code"),
    "description": say("The code that was shown once; small letters, blanks and dashes don't matter."),
}


READING = Record(code=CODE).form()
ACTING = Record(
    code=CODE,
    answers=optional({"type": "object", "description": "For `supplement`: all answers, corrected."}),
    details=optional({"type": "object", "description": "For an action that `takes` some, by that schema."}),
).form()

TIP = UNNAMED_CASE
NEW_TIP = Record(code={"type": "string", "description": "Shown this once, and never again."}, tip=TIP)
PICTURE = UNNAMED_FILE


async def tip_document(call: Call, case: Case, actor: actors.Actor) -> dict[str, Any]:
    """The tip with its timeline, its messages and answers, and what may be done now."""
    platform = call.platform
    events = await CaseEvent.filter(case_id=case.id)
    files = await Attachment.filter(case_id=case.id).order_by("created_at")
    details = await document_for(platform, case, actor, call.language)
    return await _document(platform, case, actor, events, files, details, call.language)


async def new_tip_document(
    platform: Platform,
    case: Case,
    actor: actors.Actor,
    rows: Sequence[Model],
    files: Sequence[Attachment],
    language: str,
) -> dict[str, Any]:
    """The tip whose `rows` are about to be stored: nothing that fails here leaves one whose code nobody has seen."""
    (appeal,) = (row for row in rows if isinstance(row, AppealRecord))
    events = [row for row in rows if isinstance(row, CaseEvent)]
    files = sorted(files, key=lambda file: file.created_at)
    return await _document(platform, case, actor, events, files, begun(platform, case, appeal, language), language)


async def _document(
    platform: Platform,
    case: Case,
    actor: actors.Actor,
    events: Sequence[CaseEvent],
    files: Sequence[Attachment],
    details: dict[str, Any],
    language: str,
) -> dict[str, Any]:
    document = case_document(
        platform,
        case,
        language,
        events=events,
        permitted=await actors.permitted(platform, case, actor),
        attachments=files,
        details=details,
        code=READING.schema["properties"]["code"],
        address="/v1/tips/actions/",
    )
    for name in HIDDEN:
        del document[name]
    for file in document["attachments"]:
        del file["links"]
    return document
