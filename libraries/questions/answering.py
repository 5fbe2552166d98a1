"""The answers of a dialogue held against its form: one leaf at once, the whole before it is handed in."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache
from typing import Any

import orjson

from banshi import FieldProblem, Form

#: Forms that are ready in memory.
MAX_FORMS = 512


def form_of(body: Mapping[str, Any]) -> Form:
    """The form of a whole body: the answers, and what goes with them."""
    return _form(orjson.dumps(body))


@lru_cache(maxsize=MAX_FORMS)
def _form(body: bytes) -> Form:
    return Form.checked(orjson.loads(body))


def body_of(guide: Mapping[str, Any]) -> dict[str, Any]:
    """The schema of all that begins an item, as its guide has it: `answers`, and what its kind takes beside them."""
    begin = guide["begin"]["schema"]
    answers = guide["form"] or {"type": "object", "properties": {}}
    beside = {name: one for name, one in begin["properties"].items() if name in begin["required"] or _is_asked(one)}
    return {
        "type": "object",
        "required": ["answers", *begin["required"]],
        "additionalProperties": False,
        "properties": {"answers": answers, **beside},
    }


def _is_asked(beside: Mapping[str, Any]) -> bool:
    """Whether a member that may be left out is a question: lists and ids are an app's way to say what it has shown."""
    return beside.get("type") != "array" and beside.get("format") != "uuid"


def wrong_at(form: Form, answers: Any, pointer: str, language: str, verified: str, at: datetime) -> FieldProblem | None:
    """What is wrong with what stands at a place, or in it; None where it is right as far as anybody can say yet."""
    for problem in form.problems(answers, language, verified, at=at):
        if problem.pointer == pointer or problem.pointer.startswith(f"{pointer}/"):
            return problem
    return None
