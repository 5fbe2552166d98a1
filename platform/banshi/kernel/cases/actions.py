"""What an action takes in one case: the schemas that are shown with it are the ones that judge what is sent.

A step of the state table says what it takes of every case; the kind's `in_case` says what it takes of this one. From
such a step come both what a client reads in `permitted_actions` and what its request is held against.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from functools import lru_cache
from typing import Any, Literal

import orjson

from banshi.forms import Form
from banshi.foundation.errors import FieldProblem
from banshi.foundation.texts import SHOWN, clean
from banshi.kernel.contract.message_templates import LONGEST_VALUE
from banshi.kernel.contract.values import Item, Kind, Step, Texts, text_in

#: Whether an action takes the case's answers, corrected: it needs them, a plugin's kind doesn't say, it takes none.
Answers = Literal["needed", "unsaid", "none"]

#: What is said of a member that an action takes none of.
UNEXPECTED: Mapping[str, Texts] = {
    "/answers": {
        "zh-CN": "此操作不能修改填写内容，请去掉 answers。",
        "en": "Leave the answers out: this action takes none.",
    },
    "/details": {"zh-CN": "此操作不需要 details，请去掉。", "en": "Leave the details out: this action takes none."},
}
NO_ANSWERS: Texts = {"zh-CN": "请提交更正后的全部填写内容。", "en": "Send the corrected answers, all of them."}


def reason_schema(why: Texts, language: str, longest: int = LONGEST_VALUE) -> dict[str, Any]:
    """The reason of an action; `why` says what to write, and to whom."""
    return {
        "type": "string",
        "minLength": 1,
        "maxLength": longest,
        "pattern": SHOWN,
        "x-pattern-hint": dict(why),
        "description": text_in(why, language),
    }


def answers_in(kind: Kind, step: Step) -> Answers:
    if kind.corrects is None:
        return "unsaid"
    return "needed" if step.action in kind.corrects else "none"


def body_schema(
    kind: Kind, item: Item, step: Step, language: str, *, code: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """The JSON Schema of the whole body that the action takes.

    With `code`, the schema of a tip's code, it is a tip's: whoever sends that code, and writes no reason.
    """
    answers = answers_in(kind, step)
    schema = _envelope(step, answers, language)
    properties = schema["properties"]
    if step.takes is not None:
        properties["details"] = step.takes.schema
        if step.takes.schema.get("required") or step.takes.problems({}, at=None):
            schema["required"].append("details")
    if answers != "none" and item.form is not None:
        # An `id` of its own keeps the form's references to itself right in here.
        refers = b'"$ref"' in orjson.dumps(item.form.schema)
        own = {"$id": f"urn:banshi:item:{item.code}:answers"} if refers else {}
        properties["answers"] = {**own, **item.form.described(language)}
    if code is not None:
        del properties["reason"]
        properties["code"] = code
        schema["required"].insert(0, "code")
    return schema


def action_document(
    kind: Kind, item: Item, step: Step, language: str, *, code: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """A permitted action as the API shows it."""
    return {
        "action": step.action,
        "needs_reason": step.needs_reason,
        "leads_to": step.to,
        **({"takes": step.takes.schema} if step.takes else {}),
        "body": body_schema(kind, item, step, language, code=code),
    }


def problems_of(
    kind: Kind,
    step: Step,
    *,
    reason: Texts | None,
    answers: Any,
    details: Any,
    language: str,
    at: datetime | None = None,
) -> list[FieldProblem]:
    """What is wrong with the shape of what was sent for an action, all at once; the answers are held against their form
    by the kind, with the files that they name."""
    given = {"answers": answers, "details": details}
    body: dict[str, Any] = {name: value for name, value in given.items() if value is not None}
    # As it is counted where it is written; white space in it is no words.
    if said := next(filter(None, (" ".join(clean(text).split()) for text in (reason or {}).values())), ""):
        body["reason"] = said
    envelope = _envelope(step, answers_in(kind, step), language)
    found = list(_compiled(orjson.dumps(envelope)).problems(body, language))
    if step.takes is not None and isinstance(details, dict | None):
        wrong = step.takes.problems({} if details is None else details, language, at=at)
        # One list is enough for a field that has several: the last one is the one for what else was sent.
        several = {(one.pointer, one.code in {"type", "enum"} or one.code): one for one in wrong}
        found += [replace(one, pointer=f"/details{one.pointer}") for one in several.values()]
    return [_worded(one, step) for one in found]


def _worded(problem: FieldProblem, step: Step) -> FieldProblem:
    match problem.pointer, problem.code:
        case "/reason", "required":
            return replace(problem, detail=step.reason_asks)
        case "/answers", "required":
            return replace(problem, detail=NO_ANSWERS)
        case ("/answers" | "/details") as where, "additionalProperties":
            return FieldProblem(where, UNEXPECTED[where], "unexpected")
        case _:
            return problem


def _envelope(step: Step, answers: Answers, language: str) -> dict[str, Any]:
    properties: dict[str, Any] = {"reason": reason_schema(step.reason_asks, language, step.longest_reason)}
    required = ["reason"] if step.needs_reason else []
    if answers != "none":
        properties["answers"] = {"type": "object"}
    if answers == "needed":
        required.append("answers")
    if step.takes is not None:
        properties["details"] = {"type": "object"}
    return {"type": "object", "required": required, "additionalProperties": False, "properties": properties}


@lru_cache(maxsize=256)
def _compiled(schema: bytes) -> Form:
    return Form.checked(orjson.loads(schema))
